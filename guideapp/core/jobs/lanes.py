"""The three lanes: who runs beside whom, and how patient each is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import SystemRandom

MAX_ATTEMPTS = 5

_dice = SystemRandom()
_current: ContextVar[str] = ContextVar("lane", default="")


@dataclass(frozen=True, slots=True)
class Lane:
    """`threads` run at once, each claims up to `batch`; a lease is renewed until the deadline."""

    name: str
    threads: int
    batch: int
    lease_seconds: int  # a job whose worker was killed runs again after at most this long
    deadline_seconds: int  # no job may hold its lease longer
    first_wait_seconds: float  # before the second attempt
    wait_factor: int

    def wait_seconds(self, attempts: int) -> float:
        """How long to wait after `attempts` failures: exponential, ± half by chance."""
        wait: float = self.first_wait_seconds * self.wait_factor ** (attempts - 1)
        return wait * _dice.uniform(0.5, 1.5)


LANES = {
    lane.name: lane
    for lane in (
        Lane("urgent", 2, 4, 10, 60, first_wait_seconds=1, wait_factor=2),
        Lane("normal", 2, 10, 30, 600, first_wait_seconds=2, wait_factor=4),
        Lane("bulk", 1, 20, 60, 3600, first_wait_seconds=10, wait_factor=4),
    )
}


def current_lane() -> str:
    """The lane of the job that runs here; '' outside of jobs, as in a page or a command."""
    return _current.get()


@contextmanager
def working_in(lane: str) -> Iterator[None]:
    """What runs inside belongs to a job of `lane`."""
    token = _current.set(lane)
    try:
        yield
    finally:
        _current.reset(token)
