"""What keeps one process from hammering WeCom: few calls at once, and a rest after failures."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from random import SystemRandom

from guideapp.wecom.errors import WeComError, WeComNotSent, WeComRateLimited

IN_FLIGHT = 4  # calls of one path at once; WeCom answers more with 45033
FAILURES = 5
WINDOW_SECONDS = 30
OPEN_SECONDS = 30
_BUSY_SECONDS = 2  # a place becomes free as soon as one call ends
_SPREAD_SECONDS = 3
_dice = SystemRandom()


class Breaker:
    """Opens for 30 s after 5 failures in a row within 30 s; then one call may try.

    `reject` names the path in the error. Not thread-safe by itself: `Limits` holds the lock.
    """

    def __init__(self) -> None:
        self._failed_at: deque[float] = deque(maxlen=FAILURES)
        self._open_until = 0.0

    def allows(self, at: float) -> bool:
        """May a call go out at `at` (monotonic seconds)? After a rest, one call at a time may."""
        if at < self._open_until:
            return False
        if self.is_open:
            self._open_until = at + OPEN_SECONDS  # everybody else waits for this one's outcome
        return True

    @property
    def is_open(self) -> bool:
        """Open, or with one call that tries."""
        return self._open_until > 0

    def not_tried(self, at: float) -> None:
        """The call that was to try did not go out: another one may."""
        self._open_until = at

    def succeeded(self) -> None:
        """WeCom answered: closed."""
        self._failed_at.clear()
        self._open_until = 0.0

    def failed(self, at: float) -> None:
        """No usable answer."""
        self._failed_at.append(at)
        full = len(self._failed_at) == FAILURES and at - self._failed_at[0] <= WINDOW_SECONDS
        if full or self._open_until:
            self.open(at, OPEN_SECONDS)

    def rest_seconds(self, at: float) -> float:
        """How long nothing passes from `at` on."""
        return max(0.0, self._open_until - at)

    def open(self, at: float, seconds: float) -> None:
        """Let nothing pass for `seconds`."""
        self._open_until = at + seconds


class Limits:
    """The breakers and the places of one process, by API path."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self._limited_until: dict[str, float] = {}
        self._places: defaultdict[str, threading.BoundedSemaphore] = defaultdict(
            lambda: threading.BoundedSemaphore(IN_FLIGHT)
        )

    @contextmanager
    def place(self, path: str, *, wait_seconds: float) -> Iterator[None]:
        """One of the four places of `path`.

        Raises WeComNotSent while the breaker is open or when no place becomes free within
        `wait_seconds`, WeComRateLimited while WeCom's window (45009) lasts. A WeComError that
        leaves the block says that nothing went out.
        """
        with self._lock:
            places = self._places[path]
        if not places.acquire(timeout=wait_seconds):
            error = WeComNotSent(errmsg="too many calls at once", path=path, retryable=True)
            raise _for(_BUSY_SECONDS, error)
        tries = False
        try:
            tries = self._admit(path)
            yield
        except WeComError:
            if tries:
                self._not_tried(path)
            raise
        finally:
            places.release()

    def succeeded(self, path: str) -> None:
        """A readable answer came, whatever its code."""
        with self._lock:
            self._breakers[path].succeeded()

    def failed(self, path: str) -> None:
        """No usable answer came."""
        with self._lock:
            self._breakers[path].failed(time.monotonic())

    def rate_limited(self, path: str, seconds: float) -> None:
        """WeCom closed `path` for a window (45009)."""
        with self._lock:
            self._limited_until[path] = time.monotonic() + seconds

    def clear(self) -> None:
        """Begin as a fresh process does."""
        with self._lock:
            self._breakers.clear()
            self._limited_until.clear()

    def _not_tried(self, path: str) -> None:
        with self._lock:
            self._breakers[path].not_tried(time.monotonic())

    def _admit(self, path: str) -> bool:
        """True for the one call that tries whether WeCom answers again."""
        with self._lock:
            at = time.monotonic()
            closed = self._limited_until.get(path, 0.0) - at
            if closed > 0:
                raise _for(closed, WeComRateLimited(45009, "our own rest", path, retryable=True))
            breaker = self._breakers[path]
            tries = breaker.is_open
            if not breaker.allows(at):
                error = WeComNotSent(errmsg="breaker open", path=path, retryable=True)
                raise _for(breaker.rest_seconds(at), error)
            return tries


def _for[Held: (WeComNotSent, WeComRateLimited)](seconds: float, error: Held) -> Held:
    """The error, with how long a job that met it had better wait: not all at the same moment."""
    error.rest_seconds = seconds + _dice.uniform(0, _SPREAD_SECONDS)
    return error


limits = Limits()
