"""What customers see: the public page of a material, its beacons, and files by signed address."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from guideapp.core.access import public
from guideapp.core.errors import BadInput
from guideapp.core.limits import hit
from guideapp.materials.forms import BeaconForm
from guideapp.materials.models import Material, MaterialFile, Standing, Visit
from guideapp.materials.services import base_of, file_url, open_material, record_beacon
from guideapp.materials.services.addresses import (
    CARD_DAYS,
    COVER,
    cover_url,
    link_out,
    read_signed,
)
from guideapp.materials.services.visits import key_of, new_visitor, visit_of

VISITOR_COOKIE = "visitor"
_VISITOR_SECONDS = 24 * 3600
_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")
_FILE_SECONDS = 24 * 3600


@require_safe
@public("a customer opens it from a chat; the token in the address says who sent it")
def material_page(request: HttpRequest, material_id: int, token: str) -> HttpResponse:
    """The material for a customer. Opening it is a visit; a withdrawn or expired one says so."""
    materials = Material.objects.select_related("brand", "file", "cover")
    material = materials.filter(pk=material_id).first()
    if material is None or material.standing in (Standing.DRAFT, Standing.TIMED):
        raise Http404
    if material.standing != Standing.LIVE:
        response = render(request, "materials/gone.html", {"material": material}, status=410)
    else:
        response = _live_page(request, material, token)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-cache"
    return response


def _live_page(request: HttpRequest, material: Material, token: str) -> HttpResponse:
    visitor = request.COOKIES.get(VISITOR_COOKIE, "")
    is_new = not 10 <= len(visitor) <= 64
    visitor = new_visitor() if is_new else visitor
    visit = None
    if request.method == "GET":
        visit = open_material(
            material=material,
            token=token,
            visitor=visitor,
            user_agent=request.headers.get("User-Agent", ""),
        )
    context = page_context(request, material, token) | {"visit": visit}
    context["visit_key"] = key_of(visit) if visit is not None and visit.counted else ""
    context["sender"] = visit.link if visit is not None else None
    response = render(request, "materials/public.html", context)
    if is_new and visit is not None:
        _set_visitor(request, response, visitor)
    return response


def _set_visitor(request: HttpRequest, response: HttpResponse, visitor: str) -> None:
    """A cookie of this one link, so that nobody is followed from material to material."""
    response.set_cookie(
        VISITOR_COOKIE,
        visitor,
        max_age=_VISITOR_SECONDS,
        path=request.path,
        secure=settings.COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def page_context(request: HttpRequest, material: Material, token: str) -> dict[str, Any]:
    """What the page of a material shows, for a customer or as headquarters' preview."""
    base = base_of(request)
    return {
        "material": material,
        "file_url": file_url(material.file) if material.file else "",
        "link_url": link_out(material, token) if material.link_url else "",
        "cover_url": cover_url(material),
        "picture_url": base + cover_url(material, days=CARD_DAYS),
        "page_url": base + request.path,
    }


@csrf_exempt  # a page without a session has no token; the visit's key is signed instead
@require_POST
@public("the signed visit key in the body; 60 a minute per visitor")
def beacon(request: HttpRequest, material_id: int, token: str) -> HttpResponse:
    """Visible time and depth of a visit, while it goes on and when the page is left."""
    form = BeaconForm(request.POST)
    if not form.is_valid():
        raise BadInput
    visit = visit_of(form.cleaned_data["visit"])
    if visit is None or (visit.material_id, visit.token) != (material_id, token[:22]):
        raise BadInput
    hit("beacon", _beacon_key(visit), limit=settings.VISIT_BEACONS_PER_MINUTE, seconds=60)
    record_beacon(
        visit=visit,
        dwell_ms=form.cleaned_data["dwell_ms"],
        depth=form.cleaned_data["depth"],
        left=form.cleaned_data["left"],
    )
    return HttpResponse(status=204)


def _beacon_key(visit: Visit) -> str:
    return visit.visitor


@require_safe
@public("the signature in the address, with its end")
def file(request: HttpRequest, signed: str) -> HttpResponseBase:
    """A file of the library under a signed address; pictures show, everything else downloads."""
    asked = read_signed(signed)
    found = MaterialFile.objects.filter(pk=asked.file_id).first() if asked else None
    if asked is None or found is None:
        raise Http404
    is_cover = asked.variant == COVER
    path = found.cover_path if is_cover else found.path
    content_type = "image/jpeg" if is_cover else found.content_type
    if path and settings.S3_BUCKET and settings.S3_SIGNED_SECONDS:
        return _from_the_store(path, content_type)
    if not path or not default_storage.exists(path):
        raise Http404
    response = FileResponse(
        default_storage.open(path),
        as_attachment=not content_type.startswith("image/"),
        filename=found.name if not is_cover else Path(path).name,
        content_type=content_type,
    )
    response["Cache-Control"] = f"private, max-age={_FILE_SECONDS}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    # Chat clients and their preview services load pictures from origins of their own.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return _part(request, response, path)


def _from_the_store(path: str, content_type: str) -> HttpResponse:
    """On to the object store, by an address that it checks and that soon ends.

    The store itself is told how to serve the object: it shows a picture and downloads the rest.
    """
    kind = "inline" if content_type.startswith("image/") else "attachment"
    storage: Any = default_storage
    said = {"ResponseContentType": content_type, "ResponseContentDisposition": kind}
    response = HttpResponseRedirect(storage.url(path, parameters=said))
    # Half of the address's life: a cached redirect must not lead to one that has ended.
    response["Cache-Control"] = f"private, max-age={settings.S3_SIGNED_SECONDS // 2}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _part(request: HttpRequest, response: FileResponse, path: str) -> HttpResponseBase:
    """The range that was asked for (phones play video only so), else the whole."""
    asked = _RANGE.match(request.headers.get("Range", ""))
    if not asked:
        return response
    size = default_storage.size(path)
    first = int(asked[1])
    last = min(int(asked[2]) if asked[2] else size - 1, size - 1)
    if first > last:
        response.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    with default_storage.open(path) as stored:
        stored.seek(first)
        content = stored.read(last - first + 1)
    response.close()
    part = HttpResponse(content, status=206, content_type=response["Content-Type"])
    for name in ("Content-Disposition", "Cache-Control", "X-Content-Type-Options", "Accept-Ranges"):
        part[name] = response[name]
    part["Content-Range"] = f"bytes {first}-{last}/{size}"
    return part
