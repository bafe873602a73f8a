"""How often we may call WeCom: a share of each interface's quota, counted across all processes.

WeCom allows a company so many calls of one interface a minute and an hour, and answers 45009 to
more. We stay below: all work together takes 80 % of both, bulk work only while less than 60 % is
taken, so that a night's reading never holds up a welcome.

A process reserves places in blocks by one short statement (with `REDIS_URL`: by counters there)
and then counts in memory. No lock is held while a call is under way. Places that are left over
when the minute ends are lost, which errs on the safe side.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection

from guideapp.core.clock import now
from guideapp.core.jobs.lanes import current_lane
from guideapp.wecom.errors import WeComNotSent, WeComOverBudget
from guideapp.wecom.models import CallBudget

try:
    from redis import RedisError
except ImportError:  # requirements-prod.txt brings it, for those who set REDIS_URL

    class RedisError(Exception):  # type: ignore[no-redef]
        """Never raised."""


logger = logging.getLogger(__name__)

BLOCK = 50  # places that a process reserves at once, of a budget that is large enough
SHARE_PERCENT = 80
BULK_SHARE_PERCENT = 60
_MINUTE, _HOUR = 60, 3600

# A window counts as the present one when it is ours or the next one: the clocks of two processes
# may differ by seconds, and they must still count together.
_TAKE = """
INSERT INTO wecom_callbudget AS kept (path, minute, minute_used, hour, hour_used)
VALUES (%(path)s, %(minute)s, %(places)s, %(hour)s, %(places)s)
ON CONFLICT (path) DO UPDATE SET
    minute_used = excluded.minute_used
        + CASE WHEN kept.minute BETWEEN excluded.minute AND excluded.minute + 1
               THEN kept.minute_used ELSE 0 END,
    minute = CASE WHEN kept.minute BETWEEN excluded.minute AND excluded.minute + 1
                  THEN kept.minute ELSE excluded.minute END,
    hour_used = excluded.hour_used
        + CASE WHEN kept.hour BETWEEN excluded.hour AND excluded.hour + 1
               THEN kept.hour_used ELSE 0 END,
    hour = CASE WHEN kept.hour BETWEEN excluded.hour AND excluded.hour + 1
                THEN kept.hour ELSE excluded.hour END
WHERE (kept.minute NOT BETWEEN excluded.minute AND excluded.minute + 1
       OR kept.minute_used + excluded.minute_used <= %(minute_most)s)
  AND (kept.hour NOT BETWEEN excluded.hour AND excluded.hour + 1
       OR kept.hour_used + excluded.hour_used <= %(hour_most)s)
RETURNING path
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What all processes together took of one interface's budget in this minute and this hour.

    A place that a process reserved and has not used yet counts as used.
    """

    path: str  # as in "externalcontact/get"
    minute_used: int
    minute_budget: int
    hour_used: int
    hour_budget: int


@dataclass(frozen=True, slots=True)
class _Most:
    """How many places of one interface may be taken in a minute and in an hour."""

    minute: int
    hour: int


@dataclass(slots=True)
class _Block:
    """The places that this process holds of one interface, for bulk work or for all other."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    minute: int = 0  # since 1970: the places end with it
    left: int = 0
    closed_until: float = 0.0  # seconds since 1970


type _Take = Callable[[str, int, _Most, float], bool]
type _Used = Callable[[float], dict[str, tuple[int, int]]]


class Budget:
    """What one process holds of the common budget. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._blocks: defaultdict[tuple[str, bool], _Block] = defaultdict(_Block)

    def spend(self, path: str) -> None:
        """Take the place of one call of `path`.

        Raises WeComOverBudget, whose `rest_seconds` last until the window ends; WeComNotSent when
        the database cannot be asked. Never waits for a window.
        """
        bulk = current_lane() == "bulk"
        with self._guard:
            block = self._blocks[path, bulk]
        with block.lock:
            at = now().timestamp()
            if 0 < block.closed_until - at <= _HOUR:
                raise WeComOverBudget(path, rest_seconds=block.closed_until - at)
            if block.minute != at // _MINUTE or not block.left:
                block.left, block.closed_until = _reserve(path, _most(bulk=bulk), at)
                block.minute = int(at // _MINUTE)
            if not block.left:
                raise WeComOverBudget(path, rest_seconds=block.closed_until - at)
            block.left -= 1

    def clear(self) -> None:
        """Begin as a fresh process does."""
        with self._guard:
            self._blocks.clear()


def usage() -> list[Usage]:
    """Interfaces that were called in this hour, the busiest first, with what is left of each.

    One query; with Redis one look-up there besides.
    """
    at, most = now().timestamp(), _most(bulk=False)
    try:
        found = _used_in_cache(at) if settings.REDIS_URL else _used_in_database(at)
    except RedisError:
        found = _used_in_database(at)
    rows = [
        Usage(path, min(minute, most.minute), most.minute, min(hour, most.hour), most.hour)
        for path, (minute, hour) in found.items()
    ]
    return sorted((row for row in rows if row.hour_used), key=lambda row: -row.hour_used)


def _most(*, bulk: bool) -> _Most:
    percent = BULK_SHARE_PERCENT if bulk else SHARE_PERCENT
    return _Most(
        settings.WECOM_CALLS_PER_MINUTE * percent // 100,
        settings.WECOM_CALLS_PER_HOUR * percent // 100,
    )


def _reserve(path: str, most: _Most, at: float) -> tuple[int, float]:
    """(places taken, 0), or (0, when to ask again) where not even one is left."""
    try:
        if settings.REDIS_URL:
            try:
                return _reserve_from(_take_in_cache, _used_in_cache, path, most, at)
            except RedisError:
                logger.warning("calls are counted in the database: Redis does not answer")
        return _reserve_from(_take_in_database, _used_in_database, path, most, at)
    except Error:
        raise WeComNotSent(errmsg="the budget is out of reach", path=path, retryable=True) from None


def _reserve_from(take: _Take, used: _Used, path: str, most: _Most, at: float) -> tuple[int, float]:
    for places in (_block(most), 1):
        if take(path, places, most, at):
            return places, 0.0
    _minute_used, hour_used = used(at).get(path, (0, 0))
    window = _HOUR if hour_used >= most.hour else _MINUTE
    return 0, (at // window + 1) * window


def _block(most: _Most) -> int:
    """A hundredth of the budget at most: what one process holds, the others cannot use."""
    return max(1, min(BLOCK, most.minute // 100, most.hour // 100))


def _take_in_database(path: str, places: int, most: _Most, at: float) -> bool:
    values: dict[str, str | int] = {
        "path": path,
        "places": places,
        "minute": int(at // _MINUTE),
        "hour": int(at // _HOUR),
        "minute_most": most.minute,
        "hour_most": most.hour,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return cursor.fetchone() is not None


def _used_in_database(at: float) -> dict[str, tuple[int, int]]:
    minute, hour = int(at // _MINUTE), int(at // _HOUR)
    return {
        row.path: (
            row.minute_used if row.minute in {minute, minute + 1} else 0,
            row.hour_used if row.hour in {hour, hour + 1} else 0,
        )
        for row in CallBudget.objects.all()
    }


def _take_in_cache(path: str, places: int, most: _Most, at: float) -> bool:
    """Count up, and down again where that was too much."""
    CallBudget.objects.bulk_create([CallBudget(path=path)], ignore_conflicts=True)  # for `usage`
    keys = _keys(path, at)
    minute, hour = (_count(key, places, window) for key, window in keys)
    if minute <= most.minute and hour <= most.hour:
        return True
    for key, window in keys:
        _count(key, -places, window)
    return False


def _used_in_cache(at: float) -> dict[str, tuple[int, int]]:
    paths = list(CallBudget.objects.values_list("path", flat=True))
    keys = {path: [key for key, _window in _keys(path, at)] for path in paths}
    counts = cache.get_many([key for pair in keys.values() for key in pair])
    return {path: (counts.get(one, 0), counts.get(two, 0)) for path, (one, two) in keys.items()}


def _keys(path: str, at: float) -> list[tuple[str, int]]:
    """(key, seconds of its window) of the present minute and the present hour."""
    return [
        (f"wecom:calls:{window}:{int(at // window)}:{path}", window) for window in (_MINUTE, _HOUR)
    ]


def _count(key: str, places: int, window: int) -> int:
    cache.add(key, 0, 2 * window)
    return int(cache.incr(key, places))


budget = Budget()
