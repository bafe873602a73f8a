"""Keep fresh copies of the library's files at WeCom, so that a send never waits for an upload."""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.db.models import Q
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.schedule import periodic
from guideapp.materials.models import Material, MaterialFile
from guideapp.wecom.media import ensure_uploaded, fresh_media_id
from guideapp.wecom.models import MediaAsset

AHEAD = timedelta(hours=12)  # WeCom keeps an upload for 3 days, we count on 2.5
_FILES_A_RUN = 500


def media_id_of(file: MaterialFile) -> str | None:
    """WeCom's id of the file, good for a message sent now; None when it must be uploaded first."""
    return fresh_media_id(file.kind, file.sha256)


def enqueue_upload(file: MaterialFile) -> None:
    """Have the file uploaded soon; asking twice is one job."""
    enqueue_once(upload_original, file.pk, dedupe_key=f"material_file:{file.pk}:upload")


@task(queue_name="normal")
def upload_original(file_id: int) -> str:
    """Upload one file to WeCom unless a copy is fresh; returns the media id."""
    file = MaterialFile.objects.get(pk=file_id)
    return ensure_uploaded(file.kind, file.sha256, file.name, lambda: read_file(file))


def read_file(file: MaterialFile) -> bytes:
    """The bytes of an upload."""
    with default_storage.open(file.path) as stored:
        return bytes(stored.read())


@periodic("*/30 * * * *", name="materials.refresh_uploads")
@task(queue_name="bulk")
def refresh_uploads() -> int:
    """Enqueue the upload of every live material's file whose copy at WeCom runs out soon."""
    at = now()
    lasting = MediaAsset.objects.fresh(at=at + AHEAD).values("sha256")
    usable = Q(materials__valid_until=None) | Q(materials__valid_until__gt=at)
    due = (
        MaterialFile.objects.filter(usable, materials__status=Material.Status.LIVE)
        .exclude(sha256__in=lasting)
        .distinct()
        .order_by("pk")[:_FILES_A_RUN]
    )
    files = [file for file in due if file.content_type in SENDABLE]
    for file in files:
        enqueue_upload(file)
    return len(files)


# What WeCom takes as a temporary upload of ours: pictures as JPEG and PNG, MP4, documents.
SENDABLE = frozenset(
    {
        "image/jpeg",
        "image/png",
        "video/mp4",
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
