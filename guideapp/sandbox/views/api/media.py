"""Uploads (part 2 §7): two pools that do not mix, permanent pictures, and downloads."""

import re
from typing import Any, NamedTuple

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Media
from guideapp.sandbox.services import media, pictures
from guideapp.sandbox.views.api.registry import ALL, Answer, ApiCall, endpoint

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CHUNK_MAX = 20 * 1024 * 1024  # larger files are fetched in parts


@endpoint("media/upload", kinds=ALL, errmsg="")
def media_upload(call: ApiCall) -> Answer:
    """One part named `media` with a file name. `created_at` is a string here."""
    kind = call.request.GET.get("type", "")
    given = call.request.FILES.get("media")
    media.check_size(kind, given.size or 0 if given else 0)
    row = media.upload(kind=kind, **_file(given)._asdict())
    return _stored(row)


@endpoint("media/upload_attachment", errmsg="", customer_contact=True)
def upload_attachment(call: ApiCall) -> Answer:
    """attachment_type 1: for moments, 2: for the product album; useless in messages."""
    row = media.upload_attachment(
        scene=call.integer("attachment_type"),
        kind=call.request.GET.get("media_type", ""),
        **_file(call.request.FILES.get("media"))._asdict(),
    )
    return _stored(row)


@endpoint("media/uploadimg", kinds=ALL, errmsg="")
def uploadimg(call: ApiCall) -> Answer:
    """Any name of the part; the address works for ever."""
    given = next(iter(call.request.FILES.values()), None)
    file = _file(given if isinstance(given, UploadedFile) else None)
    row = pictures.keep(content=file.content, content_type=file.content_type)
    return {"url": call.request.build_absolute_uri(pictures.path_of(row))}


@endpoint("media/get", kinds=ALL)
def media_get(call: ApiCall) -> Answer:
    """The bytes, or a part of them; a refusal is JSON with HTTP 200."""
    row = media.living(call.text("media_id"), pool=None)
    wanted = _RANGE.fullmatch(call.request.headers.get("Range", ""))
    if row.size > _CHUNK_MAX and wanted is None:
        raise Refused(830002)
    response = HttpResponse(bytes(row.content), content_type=row.content_type)
    if wanted and int(wanted[1]) < row.size:
        response = _part(row, int(wanted[1]), int(wanted[2] or row.size))
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=row.filename) or "attachment"
    )
    return response


class _File(NamedTuple):
    filename: str
    content_type: str
    content: bytes


def _file(given: "UploadedFile[Any] | None") -> _File:
    """The part of the form. Raises Refused 44001 where there is none with a file name."""
    if given is None or not given.size:
        raise Refused(44001)
    content_type = given.content_type or "application/octet-stream"
    return _File(given.name or "", content_type, given.read())


def _part(row: Media, first: int, wanted: int) -> HttpResponse:
    last = min(wanted, row.size - 1)
    content = bytes(row.content)[first : last + 1]
    response = HttpResponse(content, content_type=row.content_type, status=206)
    response["Content-Range"] = f"bytes {first}-{last}/{row.size}"
    return response


def _stored(row: Media) -> dict[str, str]:
    created = str(int(row.created_at.timestamp()))
    return {"type": row.kind, "media_id": row.media_id, "created_at": created}
