"""The log of what really went over the wire."""

from django.conf import settings

from guideapp.sandbox.clock import now
from guideapp.sandbox.models import WireLog

_KEPT = 5000
_KEPT_ALONE = 100_000  # a test that reads them all comes by now and then
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
    fault: str = "",
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
        fault=fault[:64],
    )
    if row.pk % _TRIM_EVERY == 0:
        kept = _KEPT_ALONE if settings.SANDBOX_APP_URL else _KEPT
        WireLog.objects.filter(pk__lte=row.pk - kept).delete()
    return row


def calls(*, kind: str, after: int, limit: int) -> list[dict[str, object]]:
    """Up to `limit` lines beyond the id `after`, oldest first; `kind` "" is every kind."""
    rows = WireLog.objects.filter(pk__gt=after).order_by("pk")
    return [_as_json(row) for row in (rows.filter(kind=kind) if kind else rows)[:limit]]


def _as_json(row: WireLog) -> dict[str, object]:
    same = ("kind", "errcode", "status", "ms", "fault", "ok", "userid", "external_userid", "detail")
    told = {name: getattr(row, name) for name in same}
    return {"id": row.pk, "at": row.at.isoformat(), "path": row.title, **told}


def clear() -> None:
    """Empty the log; nothing else changes."""
    WireLog.objects.all().delete()
