"""Fresh copies at WeCom: uploaded before anybody needs them, over the wire."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import Job
from guideapp.materials.models import Material
from guideapp.materials.services import media_id_of, publish, store_content
from guideapp.materials.services.media import refresh_uploads
from guideapp.wecom.models import MediaAsset
from tests.factories import make_guide, make_material
from tests.materials.test_uploads import picture


@pytest.fixture
def poster(db):
    """A draft with an uploaded picture."""
    file = store_content(content=picture("JPEG"), name="海报.jpg", guide=make_guide())
    return make_material(kind="image", file=file, status=Material.Status.DRAFT)


def waiting():
    return Job.objects.filter(task__endswith="upload_original", state="ready")


def test_publishing_starts_the_upload(poster):
    publish(material_id=poster.pk, editor=None)
    assert waiting().count() == 1


def test_what_runs_out_within_half_a_day_is_uploaded_again(poster):
    Material.objects.update(status="live")
    asset = {"kind": "image", "sha256": poster.file.sha256, "media_id": "M"}
    MediaAsset.objects.create(**asset, expires_at=now() + timedelta(hours=11))
    assert refresh_uploads.call() == 1
    MediaAsset.objects.update(expires_at=now() + timedelta(hours=13))
    assert refresh_uploads.call() == 0


def test_drafts_withdrawn_and_expired_ones_are_not_uploaded(poster):
    assert refresh_uploads.call() == 0
    Material.objects.update(status="live", valid_until=now())
    assert refresh_uploads.call() == 0


def test_asking_twice_is_one_upload(poster):
    Material.objects.update(status="live")
    refresh_uploads.call()
    refresh_uploads.call()
    assert waiting().count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_upload_reaches_wecom_and_the_original_can_be_sent(wecom, poster):
    publish(material_id=poster.pk, editor=None)
    assert default_storage.exists(poster.file.path)
    run_due(lanes=("normal",))
    assert media_id_of(poster.file)
