"""Spans of whole days that statistics are asked for: midnights of UTC+8, both ends included."""

from datetime import UTC, date, datetime, timedelta

from guideapp.core.clock import day_of, day_range
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused

DAYS_MAX, DAYS_BACK = 30, 180


def days_between(start: int, end: int) -> list[date]:
    """The days from `start` to `end` (unix seconds, rounded down to midnight).

    Raises Refused 40058: turned round, more than 30 days, or longer ago than 180.
    """
    if not start or not end:
        raise Refused(40063)
    first, last = _day(start), _day(end)
    span = (last - first).days + 1
    if span < 1 or span > DAYS_MAX + 1 or first < day_of(now()) - timedelta(days=DAYS_BACK):
        raise Refused(40058, "start_time or end_time")
    return [first + timedelta(days=day) for day in range(span)]


def midnight(day: date) -> int:
    """The unix second at which the day begins in China."""
    return int(day_range(day)[0].timestamp())


def _day(seconds: int) -> date:
    return day_of(datetime.fromtimestamp(seconds, UTC))
