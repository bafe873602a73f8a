"""Temporary uploads (临时素材): typed by content, limited in size, usable for three days."""

from datetime import timedelta

from guideapp.core.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Media
from guideapp.sandbox.services import ids

LIFE = timedelta(days=3)
_MB = 1024 * 1024
_SMALLEST = 5  # bytes; a file must be larger
# kind → (most bytes, the code for more)
_LIMITS = {
    "image": (10 * _MB, 40009),
    "voice": (2 * _MB, 45001),
    "video": (10 * _MB, 40011),
    "file": (20 * _MB, 45001),
}


def upload(*, kind: str, filename: str, content_type: str, content: bytes) -> Media:
    """Keep the file for three days. Raises Refused with WeCom's codes."""
    check_size(kind, len(content))
    if not _fits(kind, content):
        raise Refused(40005)
    moment = now()
    return Media.objects.create(
        media_id=ids.random_text(64),
        kind=kind,
        filename=filename[:255],
        content_type=content_type[:100],
        size=len(content),
        content=content,
        created_at=moment,
        expires_at=moment + LIFE,
    )


def check_size(kind: str, size: int) -> None:
    """Refuse an unknown kind, an empty and an over-large file before its bytes are read."""
    if kind not in _LIMITS:
        raise Refused(40004)
    most, code = _LIMITS[kind]
    if size == 0:
        raise Refused(44001)
    if size <= _SMALLEST:
        raise Refused(40006)
    if size > most:
        raise Refused(code)


def living(media_id: str) -> Media:
    """The upload. Raises Refused 41006 without an id, 40007 when unknown or expired."""
    if not media_id:
        raise Refused(41006)
    row = Media.objects.filter(media_id=media_id, expires_at__gt=now()).first()
    if row is None:
        raise Refused(40007)
    return row


def _fits(kind: str, content: bytes) -> bool:
    head = content[:16]
    if kind == "image":
        return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
    if kind == "voice":
        return head.startswith(b"#!AMR")
    if kind == "video":
        return head[4:8] == b"ftyp"
    return True
