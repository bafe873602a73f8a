"""Temporary uploads by content: one media_id per file of ours, renewed before WeCom forgets it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from guideapp.core.clock import now
from guideapp.wecom.client import client
from guideapp.wecom.models import MediaAsset

LIFE = timedelta(days=2.5)  # WeCom keeps it for three days
RENEW_BEFORE = timedelta(hours=12)


def fresh_media_id(kind: str, sha256: str) -> str | None:
    """The media_id of the file with these bytes, good for a message sent now; never asks WeCom."""
    assets = MediaAsset.objects.fresh().filter(kind=kind, sha256=sha256)
    return assets.values_list("media_id", flat=True).first()


def ensure_uploaded(kind: str, sha256: str, filename: str, read: Callable[[], bytes]) -> str:
    """A media_id that is good for at least half a day; uploads where there is none. Jobs only.

    `kind`: image, video, file. `read` gives the bytes and is called only for an upload.
    Two at once may upload twice; both ids work. Raises a WeComError.
    """
    lasting = MediaAsset.objects.fresh(at=now() + RENEW_BEFORE)
    known = lasting.filter(kind=kind, sha256=sha256).first()
    if known is not None:
        return known.media_id
    uploaded = client().media.upload(kind, filename, read())
    asset, _created = MediaAsset.objects.update_or_create(
        kind=kind,
        sha256=sha256,
        defaults={
            "media_id": uploaded["media_id"],
            "expires_at": datetime.fromtimestamp(uploaded["created_at"], UTC) + LIFE,
        },
    )
    return asset.media_id


def forget(media_id: str) -> None:
    """WeCom refused `media_id` (40007): the next `ensure_uploaded` uploads again."""
    MediaAsset.objects.filter(media_id=media_id).update(expires_at=now())
