"""Where things are found: signed addresses of files, covers, the public page."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from guideapp.core.clock import day_range, now, today
from guideapp.core.templatetags.page import tint
from guideapp.materials.models import Material, MaterialFile

PAGE_DAYS = 2  # an address on a page of ours
CARD_DAYS = 180  # an address inside a chat, where nobody can renew it

COVER = "cover"
WHOLE = "file"

_signer = Signer(salt="materials.file", sep="~")
_DEFAULT_DRAWING = "g-bag"


@dataclass(frozen=True, slots=True)
class SignedFile:
    """What a signed address stands for: `variant` is `cover` or `file`."""

    file_id: int
    variant: str


def file_url(file: MaterialFile, *, variant: str = WHOLE, days: int = PAGE_DAYS) -> str:
    """A path that opens the file without cookies until `days` full days from now have passed.

    It ends at a day's end, so that all pages of a day name the same address.
    """
    ends_at = day_range(today() + timedelta(days=days))[1]
    signed = _signer.sign(f"{file.pk}.{variant}.{int(ends_at.timestamp())}")
    return reverse("materials:file", args=[signed])


def read_signed(signed: str) -> SignedFile | None:
    """What `signed` stands for; None when it was changed or its time is over."""
    try:
        file_id, variant, ends = _signer.unsign(signed).split(".")
    except (BadSignature, ValueError):
        return None
    if int(ends) <= now().timestamp():
        return None
    return SignedFile(int(file_id), variant)


def picture_of(material: Material) -> MaterialFile | None:
    """The upload whose 5:4 cover stands for the material, if there is one."""
    for file in (material.cover, material.file):
        if file is not None and file.cover_path:
            return file
    return None


def cover_url(material: Material, *, days: int = PAGE_DAYS) -> str:
    """A path to the material's 5:4 picture: its own, else the drawing of its kind of garment."""
    file = picture_of(material)
    if file is not None:
        return file_url(file, variant=COVER, days=days)
    colour = tint(material.pk).removeprefix("c-")
    return static(f"covers/{material.drawing or _DEFAULT_DRAWING}-{colour}.png")


def public_url(material: Material, token: str) -> str:
    """The path of the material's page for whoever holds `token`."""
    return reverse("materials:public", args=[material.pk, token])


def link_out(material: Material, token: str) -> str:
    """The mall's address with our token, so that an order can be told to come from here."""
    joint = "&" if "?" in material.link_url else "?"
    address, hash_mark, fragment = material.link_url.partition("#")
    return f"{address}{joint}share_token={quote(token)}{hash_mark}{fragment}"


def base_of(request: HttpRequest) -> str:
    """The beginning of absolute addresses: the site's own, in the demo whatever host was asked."""
    return request.build_absolute_uri("/").rstrip("/") if settings.LOCAL else settings.SITE_URL
