"""The log of what really went over the wire."""

from guideapp.core.clock import now
from guideapp.sandbox.models import WireLog

_KEPT = 5000
_TRIM_EVERY = 500


def record(
    kind: str,
    title: str,
    *,
    ok: bool,
    detail: str = "",
    errcode: int | None = None,
    status: int | None = None,
    ms: int = 0,
    userid: str = "",
    external_userid: str = "",
) -> WireLog:
    """Write one line. `detail` holds ids and outcomes, never a token, code or key."""
    row = WireLog.objects.create(
        at=now(),
        kind=kind,
        title=title[:120],
        detail=detail[:300],
        ok=ok,
        errcode=errcode,
        status=status,
        ms=ms,
        userid=userid[:64],
        external_userid=external_userid[:64],
    )
    if row.pk % _TRIM_EVERY == 0:
        WireLog.objects.filter(pk__lte=row.pk - _KEPT).delete()
    return row


def clear() -> None:
    """Empty the log; nothing else changes."""
    WireLog.objects.all().delete()
