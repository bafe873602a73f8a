"""Temporary uploads (part 2 §7.1 and §7.4)."""

import re

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.services import media
from guideapp.sandbox.views.api.registry import BOTH, Answer, ApiCall, endpoint

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@endpoint("media/upload", kinds=BOTH, errmsg="")
def media_upload(call: ApiCall) -> Answer:
    """One part named `media` with a file name. `created_at` is a string here."""
    kind = call.request.GET.get("type", "")
    given = call.request.FILES.get("media")
    media.check_size(kind, given.size or 0 if given else 0)
    if given is None:
        raise Refused(44001)
    row = media.upload(
        kind=kind,
        filename=given.name or "",
        content_type=given.content_type or "application/octet-stream",
        content=given.read(),
    )
    created = str(int(row.created_at.timestamp()))
    return {"type": row.kind, "media_id": row.media_id, "created_at": created}


@endpoint("media/get", kinds=BOTH)
def media_get(call: ApiCall) -> Answer:
    """The bytes, or a part of them; a refusal is JSON with HTTP 200."""
    row = media.living(call.text("media_id"))
    content = bytes(row.content)
    response = HttpResponse(content, content_type=row.content_type)
    wanted = _RANGE.fullmatch(call.request.headers.get("Range", ""))
    if wanted and int(wanted[1]) < row.size:
        first = int(wanted[1])
        last = min(int(wanted[2] or row.size), row.size - 1)
        response = HttpResponse(
            content[first : last + 1], content_type=row.content_type, status=206
        )
        response["Content-Range"] = f"bytes {first}-{last}/{row.size}"
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=row.filename) or "attachment"
    )
    return response
