"""Temporary uploads (临时素材): typed by content, limited in size, usable for three days.

Two pools do not mix: what came by media/upload goes into messages, what came by
media/upload_attachment into moments or into the product album, each only where it was meant.
"""

from datetime import timedelta

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Media
from guideapp.sandbox.services import ids, media_content

LIFE = timedelta(days=3)
Pool = Media.Pool
MOMENT_LONG_EDGE, MOMENT_SHORT_EDGE = 10_800, 1_080  # pixels
MOMENT_VIDEO_SECONDS = 30
VOICE_SECONDS = 60
_MB = 1024 * 1024
_SMALLEST = 5  # bytes; a file must be larger
# kind → (most bytes, the code for more)
_LIMITS = {
    "image": (10 * _MB, 40009),
    "voice": (2 * _MB, 45001),
    "video": (10 * _MB, 40011),
    "file": (20 * _MB, 45001),
}
# attachment_type → (pool, kinds)
_SCENES = {1: (Pool.MOMENT, ("image", "video")), 2: (Pool.ALBUM, ("image",))}


def upload(*, kind: str, filename: str, content_type: str, content: bytes) -> Media:
    """Keep the file for three days. Raises Refused with WeCom's codes."""
    check_size(kind, len(content))
    if not _fits(kind, content):
        raise Refused(40005)
    if kind == "voice" and media_content.amr_seconds(content) > VOICE_SECONDS:
        raise Refused(45007)
    return _store(Pool.MESSAGE, kind, filename, content_type, content)


def upload_attachment(
    *, scene: int, kind: str, filename: str, content_type: str, content: bytes
) -> Media:
    """Keep a file for moments (scene 1) or the product album (2). Raises Refused."""
    pool, kinds = _SCENES.get(scene, (Pool.MESSAGE, ()))
    if kind not in kinds:
        raise Refused(41072)
    if len(content) > _LIMITS[kind][0]:
        raise Refused(41080)
    check_size(kind, len(content))
    if not _fits(kind, content):
        raise Refused(41090 if kind == "video" else 40005)
    if pool == Pool.MOMENT:
        _check_moment(kind, content)
    return _store(pool, kind, filename, content_type, content)


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


def living(media_id: str, *, pool: Media.Pool | None = Pool.MESSAGE, kind: str = "") -> Media:
    """The upload. `pool` None: any.

    Raises Refused 41006 without an id; 40007 when it is unknown, expired or of another kind;
    for another pool 41072 in moments and albums, 40007 in messages.
    """
    if not media_id:
        raise Refused(41006)
    row = Media.objects.filter(media_id=media_id, expires_at__gt=now()).first()
    if row is None or (kind and row.kind != kind):
        raise Refused(40007)
    if pool is not None and row.pool != pool:
        raise Refused(40007 if pool == Pool.MESSAGE else 41072)
    return row


def is_image(content: bytes) -> bool:
    """True for the beginning of a JPG or a PNG."""
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _store(pool: Media.Pool, kind: str, filename: str, content_type: str, content: bytes) -> Media:
    moment = now()
    return Media.objects.create(
        media_id=ids.random_text(64),
        pool=pool,
        kind=kind,
        filename=filename[:255],
        content_type=content_type[:100],
        size=len(content),
        content=content,
        created_at=moment,
        expires_at=moment + LIFE,
    )


def _fits(kind: str, content: bytes) -> bool:
    if kind == "image":
        return is_image(content)
    if kind == "voice":
        return content.startswith(b"#!AMR")
    if kind == "video":
        return content[4:8] == b"ftyp"
    return True


def _check_moment(kind: str, content: bytes) -> None:
    if kind == "video":
        if media_content.video_seconds(content) > MOMENT_VIDEO_SECONDS:
            raise Refused(41082)
        return
    edges = sorted(media_content.pixels(content))
    if edges[0] > MOMENT_SHORT_EDGE or edges[1] > MOMENT_LONG_EDGE:
        raise Refused(41081)
