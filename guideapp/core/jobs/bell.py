"""Wakes the sleeping threads of a lane in this process as soon as work is there."""

import threading
from collections import defaultdict
from functools import partial

from django.db import transaction


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
