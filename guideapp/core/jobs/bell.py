"""Wakes whoever works on a lane as soon as work is there: threads here, and Celery's workers."""

import threading
from collections import defaultdict
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

_SEND = "guideapp.core.jobs.celery_driver.send"  # only read where JOBS_DRIVER asks for it


class Bell:
    """One bell a lane. A ring between two waits is not lost."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rings: defaultdict[str, int] = defaultdict(int)

    def rings(self, lane: str) -> int:
        """How often the lane's bell has rung: what `wait` must be given."""
        with self._changed:
            return self._rings[lane]

    def ring(self, lane: str) -> None:
        """Wake every thread that waits for the lane."""
        with self._changed:
            self._rings[lane] += 1
            self._changed.notify_all()

    def wait(self, lane: str, heard: int, seconds: float) -> None:
        """Sleep until the bell has rung more than `heard` times, at most `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings[lane] != heard, timeout=seconds)


bell = Bell()


def ring_on_commit(lane: str) -> None:
    """Wake the lane's threads when the caller's transaction has committed."""
    transaction.on_commit(partial(bell.ring, lane), robust=True)


def announce_on_commit(lane: str, job_id: int, *, is_due: bool) -> None:
    """Wake the lane's workers when the caller's transaction has committed.

    A job for later is only written: whoever keeps the ledger finds it when it is due.
    """
    ring_on_commit(lane)
    if is_due and settings.JOBS_DRIVER == "celery":
        transaction.on_commit(partial(import_string(_SEND), lane, job_id), robust=True)
