"""The time that business rules see. Stored as aware UTC; days are Shanghai days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils import timezone

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware UTC; a fault test may set it off by CLOCK_OFFSET_SECONDS."""
    return timezone.now() + timedelta(seconds=settings.CLOCK_OFFSET_SECONDS)


def common_now() -> datetime:
    """The moment by the clock that all processes share: the database's; aware UTC, one short query.

    For what is compared with the same of another process, such as which of two answers was asked
    for later: their own clocks may differ. SQLite has one machine, and so one clock.
    """
    if connection.vendor != "postgresql":
        return now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)


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
