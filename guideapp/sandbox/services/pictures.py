"""Pictures with an address for ever (media/uploadimg)."""

from urllib.parse import urlsplit

from django.urls import reverse

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models.uploads import Picture
from guideapp.sandbox.services import ids, media

_SMALLEST, _LARGEST = 5, 2 * 1024 * 1024


def keep(*, content: bytes, content_type: str) -> Picture:
    """Keep a JPG or PNG of at most 2 MB. Raises Refused 40009 for its size, 40005 otherwise."""
    if not _SMALLEST < len(content) <= _LARGEST:
        raise Refused(40009)
    if not media.is_image(content):
        raise Refused(40005)
    return Picture.objects.create(
        key=ids.random_text(43), content_type=content_type[:100], content=content, created_at=now()
    )


def path_of(picture: Picture) -> str:
    """The path of its address; the host is that of the request."""
    return reverse("sandbox:picture", args=[picture.key])


def is_ours(url: str) -> bool:
    """True for an address that `keep` gave out."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    return len(parts) > 1 and Picture.objects.filter(key=parts[-2]).exists()
