"""The time that business rules see. Stored as aware UTC; days are Shanghai days.

A machine whose clock is wrong goes by the database's: each process compares the two now and then
(`compare_clocks`) and puts right what it takes for now. So a fast machine neither delays the jobs
that it writes nor begins those of others early.
"""

import threading
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections
from django.utils import timezone

SHANGHAI = ZoneInfo("Asia/Shanghai")
COMPARE_SECONDS = 20
_IN_STEP = timedelta(seconds=1)  # clocks that are kept right differ by less: nothing to put right
_PROMPT = timedelta(seconds=0.5)  # an answer that took longer tells no time

_TRIES = 3

# The database's moment and our monotonic seconds then, while our own clock is wrong. Whoever puts
# that clock right moves nothing: what counts on is the monotonic one.
_anchor: tuple[datetime, float] | None = None


def now() -> datetime:
    """The present moment, aware UTC."""
    if _anchor is None:
        return own_now()
    moment, since = _anchor
    return moment + timedelta(seconds=monotonic() - since)


def own_now() -> datetime:
    """By this machine, right or wrong; a fault test may set it off by CLOCK_OFFSET_SECONDS."""
    return timezone.now() + timedelta(seconds=settings.CLOCK_OFFSET_SECONDS)


def seconds_ahead() -> float:
    """How far this process's own clock is ahead of the database's (behind: less than 0)."""
    return (own_now() - now()).total_seconds() if _anchor else 0.0


def compare_clocks() -> None:
    """Ask the database what time it is. One short query; SQLite has one machine, so one clock.

    An answer that took long tells no time: then it is asked again, three times in all.
    """
    global _anchor
    if connection.vendor != "postgresql":
        return
    connection.ensure_connection()
    for _try in range(_TRIES):
        asked_at, since = own_now(), monotonic()
        there = _database_now()
        took = timedelta(seconds=monotonic() - since)
        if took <= _PROMPT:
            is_wrong = abs(asked_at + took / 2 - there) > _IN_STEP
            _anchor = (there, since + took.total_seconds() / 2) if is_wrong else None
            return


def keep_comparing() -> None:
    """Compare from now on, in a thread: for a web process, whose requests pay nothing for it."""
    if connection.vendor == "postgresql":
        threading.Thread(target=_compare_for_ever, name="clock", daemon=True).start()


def trust_own_clock() -> None:
    """Forget every comparison (for tests)."""
    global _anchor
    _anchor = None


def common_now() -> datetime:
    """The moment by the clock that all processes share: the database's; aware UTC, one short query.

    For what is compared with the same of another process, such as which of two answers was asked
    for later: their own clocks may differ. SQLite has one machine, and so one clock.
    """
    return _database_now() if connection.vendor == "postgresql" else now()


def day_of(moment: datetime) -> date:
    """The Shanghai day that `moment` falls on."""
    return moment.astimezone(SHANGHAI).date()


def today() -> date:
    """The present Shanghai day."""
    return day_of(now())


def day_range(first: date, last: date | None = None) -> tuple[datetime, datetime]:
    """The half-open range of UTC moments of the Shanghai days `first` to `last`, both included."""
    start = datetime.combine(first, time.min, SHANGHAI)
    end = datetime.combine((last or first) + timedelta(days=1), time.min, SHANGHAI)
    return start.astimezone(UTC), end.astimezone(UTC)


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)


def _compare_for_ever() -> None:
    pause = threading.Event()
    while True:
        with suppress(DatabaseError, InterfaceError):  # away: what was measured before goes on
            compare_clocks()
        connections.close_all()
        pause.wait(COMPARE_SECONDS)
