"""Quotas and rate windows of the interfaces (45009), and calls at once (45033).

Figures: reference part 1 §1.5 and part 2 §14. Who exceeds a window is blocked for as long as the
window is. The counts are this process's own and begin anew with it, and with every scenario.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from guideapp.sandbox import clock
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models.control import CallLimit

MINUTE, HOUR, DAY, MONTH = 60, 3600, 86_400, 30 * 86_400
_OF_EACH = {MINUTE: 10_000, HOUR: 150_000}
_OWN = {
    "get_jsapi_ticket": {HOUR: 400},  # of the company; 100 of each app: services/tokens.py
    "ticket/get": {HOUR: 400},
    "externalcontact/add_moment_task": {MINUTE: 10},
    "media/uploadimg": {DAY: 1000, MONTH: 3000},
}
_EXEMPT = frozenset({"auth/getuserinfo", "user/getuserinfo", "message/send"})
_DEBUG = {MINUTE: 5}  # with debug=1 in the address
TOO_OFTEN, TOO_MANY = 45009, 45033


@dataclass
class _Window:
    """Calls of one interface since `since`; over the limit nothing is served until `until`."""

    since: datetime
    calls: int = 0
    until: datetime | None = None


_lock = threading.Lock()
_windows: dict[tuple[str, int], _Window] = {}
_at_once: Counter[str] = Counter()


@contextmanager
def place(path: str, *, debug: bool = False) -> Iterator[int]:
    """Count one call of `path` and hold its place until the answer is out.

    Gives 0, or the code that the call is refused with.
    """
    found = _limits_of(path)
    moment = clock.now()
    with _lock:
        _at_once[path] += 1
        concurrent = found.concurrent or 0
        refusal = TOO_MANY if concurrent and _at_once[path] > concurrent else 0
        refusal = refusal or _counted(path, _windows_of(path, found), moment)
        if debug:
            refusal = refusal or _counted(f"{path}?debug", _DEBUG, moment)
    try:
        yield refusal
    finally:
        with _lock:
            _at_once[path] -= 1


def forget() -> None:
    """Begin all counts anew. Calls under way keep their places."""
    with _lock:
        _windows.clear()


def lower(path: str, **numbers: int | None) -> None:
    """Set limits of `path` ('': of each interface) other than WeCom's; None gives WeCom's back.

    `per_minute`, `per_hour`, `concurrent`; 0 is no limit. The counts begin anew. Raises
    UnknownEvent for a number below 0.
    """
    if any(number is not None and number < 0 for number in numbers.values()):
        raise UnknownEvent("a limit must not be below 0")
    CallLimit.objects.update_or_create(path=path, defaults=numbers)
    CallLimit.objects.filter(per_minute=None, per_hour=None, concurrent=None).delete()
    forget()


def standing() -> list[dict[str, object]]:
    """The limits that were changed, and the interfaces that are blocked now."""
    names = ("path", "per_minute", "per_hour", "concurrent")
    return [dict(row) for row in CallLimit.objects.order_by("path").values(*names)]


def blocked() -> list[dict[str, object]]:
    """Interfaces that answer 45009 now, and until when."""
    moment = clock.now()
    with _lock:
        found = [
            (path, window.until)
            for (path, _seconds), window in _windows.items()
            if window.until and window.until > moment
        ]
    return [{"path": path, "until": until.isoformat()} for path, until in sorted(found)]


def _limits_of(path: str) -> CallLimit:
    """The changed limits of `path`: its own before those of each interface."""
    rows = {row.path: row for row in CallLimit.objects.filter(path__in=["", path])}
    own, each = rows.get(path, CallLimit()), rows.get("", CallLimit())
    return CallLimit(
        per_minute=each.per_minute if own.per_minute is None else own.per_minute,
        per_hour=each.per_hour if own.per_hour is None else own.per_hour,
        concurrent=each.concurrent if own.concurrent is None else own.concurrent,
    )


def _windows_of(path: str, changed: CallLimit) -> dict[int, int]:
    usual = {} if path in _EXEMPT else _OF_EACH | _OWN.get(path, {})
    given = {MINUTE: changed.per_minute, HOUR: changed.per_hour}
    return usual | {seconds: most for seconds, most in given.items() if most is not None}


def _counted(path: str, windows: dict[int, int], moment: datetime) -> int:
    """Count the call in each window; TOO_OFTEN when one is full."""
    refusal = 0
    for seconds, most in windows.items():
        window = _windows.setdefault((path, seconds), _Window(moment))
        length = timedelta(seconds=seconds)
        if window.until and window.until > moment:
            refusal = TOO_OFTEN
            continue
        if window.until or moment - window.since >= length:
            window.since, window.calls, window.until = moment, 0, None
        window.calls += 1
        if most and window.calls > most:
            window.until = moment + length
            refusal = TOO_OFTEN
    return refusal
