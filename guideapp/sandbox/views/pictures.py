"""Pictures that answers of the API point to."""

from io import BytesIO

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from guideapp.core.access import public
from guideapp.sandbox.models.groups import JoinWay
from guideapp.sandbox.models.uploads import Picture

shown = public("pictures of the played company, as WeCom shows them to anybody with the address")


@shown
@require_GET
def picture(request: HttpRequest, key: str) -> HttpResponse:
    """What uploadimg kept."""
    row = get_object_or_404(Picture, key=key)
    kind = row.content_type if row.content_type in {"image/png", "image/jpeg"} else "image/png"
    return HttpResponse(bytes(row.content), content_type=kind)


@shown
@require_GET
def join_code(request: HttpRequest, config_id: str) -> HttpResponse:
    """The QR code of a join way; it holds its config_id, which the control address takes."""
    row = get_object_or_404(JoinWay, config_id=config_id, deleted_at=None, scene=2)
    drawn = BytesIO()
    segno.make(row.config_id).save(drawn, kind="png", scale=6, border=4)
    return HttpResponse(drawn.getvalue(), content_type="image/png")
