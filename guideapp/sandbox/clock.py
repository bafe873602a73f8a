"""The time of the played WeCom: the real one, moved ahead by what was advanced since the reset.

Pauses between callback retries and other waits of this process stay real time.
"""

from datetime import datetime, timedelta

from django.db.models import F
from django.dispatch import Signal

from guideapp.core import clock
from guideapp.sandbox.models import Corp

# Sent after time has been advanced, with `origin`; services listen that do something by the clock.
time_passed = Signal()


def now() -> datetime:
    """The present moment of the played WeCom, aware UTC."""
    ahead = Corp.objects.values_list("clock_seconds", flat=True).first()
    return clock.now() + timedelta(seconds=ahead or 0)


def unix_now() -> int:
    """The present second of the played WeCom."""
    return int(now().timestamp())


def advance(seconds: int, *, origin: str = "") -> datetime:
    """Move the time ahead, let happen what was due, and return the new present.

    `origin` decides where callbacks of what happens go, as in services.
    """
    Corp.objects.update(clock_seconds=F("clock_seconds") + seconds)
    time_passed.send(sender=None, origin=origin)
    return now()
