"""Threads that work the ledger off, each lane by its own: urgent never waits behind bulk."""

import logging
import os
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from django.db import (
    DatabaseError,
    InterfaceError,
    close_old_connections,
    connection,
    connections,
)

from guideapp.core.clock import compare_clocks, now, seconds_ahead
from guideapp.core.jobs import ledger
from guideapp.core.jobs.bell import bell
from guideapp.core.jobs.lanes import LANES, Lane
from guideapp.core.jobs.models import Job, WorkerHeartbeat
from guideapp.core.jobs.run import ALL_LANES, run_due, run_job
from guideapp.core.jobs.schedule import Clockwork
from guideapp.core.rotation import rotation

__all__ = ["ALL_LANES", "Workers", "run_due", "start_threads"]

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1  # for work that other processes wrote; our own rings the bell
KEEP_SECONDS = 5  # heartbeat, reaper, schedule
_IDLE_SECONDS = 5  # a thread that slept through a ring looks again after this long
_TROUBLE_SECONDS = 1  # the database is away or locked
_PATIENCE_SECONDS = 0.5  # a job that runs longer gives the rest of its batch back


class Hand:
    """What one thread holds: the job it runs and claimed ones that wait behind it."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._lock = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._claimed_at = self._begun_at = self._renewed_at = 0.0

    def take(self, jobs: list[Job]) -> None:
        """Hold a fresh claim."""
        with self._lock:
            self._waiting.extend(jobs)
            self._claimed_at = time.monotonic()

    def next(self) -> Job | None:
        """The next job to run; None when there is none, or when its lease has grown too old."""
        with self._lock:
            self._begun_at = self._renewed_at = time.monotonic()
            old = self._begun_at - self._claimed_at > self.lane.lease_seconds / 2
            self._current = self._waiting.popleft() if self._waiting and not old else None
            return self._current

    def give_back(self) -> None:
        """Return what was never begun."""
        with self._lock:
            jobs = list(self._waiting)
            self._waiting.clear()
        ledger.release(jobs)

    def keep(self) -> None:
        """Renew the lease of the running job, up to its deadline; free what waits behind it."""
        with self._lock:
            job, at = self._current, time.monotonic()
            running = at - self._begun_at
            due = at - self._renewed_at > self.lane.lease_seconds / 3
            renewing = job is not None and due and running < self.lane.deadline_seconds
            if renewing:
                self._renewed_at = at
        if job is not None and running > _PATIENCE_SECONDS and self._waiting:
            self.give_back()
        if job is not None and renewing:
            ledger.renew(job, lease_seconds=self.lane.lease_seconds)


class Workers:
    """The threads of one process. `stop()` ends them after the jobs they are running."""

    def __init__(self, lanes: Iterable[str]) -> None:
        self.lanes = [LANES[name] for name in lanes]
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._stopping = threading.Event()
        self._hands = self._make_hands()
        self._clockwork = Clockwork()
        loops: list[tuple[str, Callable[[], None]]] = [
            ("poll", lambda: self._repeat(self._poll, POLL_SECONDS)),
            ("keep", lambda: self._repeat(self._keep, KEEP_SECONDS)),
            *((hand.lane.name, self._loop_of(hand)) for hand in self._hands),
        ]
        self._threads = [
            threading.Thread(target=loop, name=f"job-{name}", daemon=True) for name, loop in loops
        ]

    def _make_hands(self) -> list[Hand]:
        return [Hand(lane) for lane in self.lanes for _ in range(lane.threads)]

    def start(self) -> None:
        """Start every thread. Before that: what time is it? A fast clock would begin jobs early."""
        with suppress(DatabaseError, InterfaceError):
            compare_clocks()
        close_old_connections()
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 20) -> None:
        """Begin no more jobs, wait up to `seconds` for running ones, and sign off.

        What still runs then loses its lease later and is run again elsewhere.
        """
        self._stopping.set()
        for lane in self.lanes:
            bell.ring(lane.name)
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        WorkerHeartbeat.objects.filter(worker=self.name).delete()

    def _loop_of(self, hand: Hand) -> Callable[[], None]:
        return lambda: self._work(hand)

    def _work(self, hand: Hand) -> None:
        """Claim, run, sleep until the bell rings."""
        name = hand.lane.name
        while not self._stopping.is_set():
            heard = bell.rings(name)
            if not self._tried(lambda: self._run_batch(hand)):
                connections.close_all()  # an idle thread keeps no place in the pool
                bell.wait(name, heard, _IDLE_SECONDS)
        connections.close_all()

    def _run_batch(self, hand: Hand) -> bool:
        lane = hand.lane
        jobs = ledger.claim(
            lane.name, worker=self.name, limit=lane.batch, lease_seconds=lane.lease_seconds
        )
        hand.take(jobs)
        try:
            while not self._stopping.is_set() and (job := hand.next()):
                run_job(job)
        finally:
            hand.give_back()
        return bool(jobs)

    def _repeat(self, step: Callable[[], bool], seconds: float) -> None:
        while not self._stopping.is_set():
            self._tried(step)
            self._stopping.wait(seconds)
        connections.close_all()

    def _tried(self, step: Callable[[], bool]) -> bool:
        """What `step` says; True after trouble with the database, which must not end a thread."""
        try:
            return step()
        except (DatabaseError, InterfaceError):
            logger.warning("The worker could not use the database.", exc_info=True)
            connections.close_all()
            self._stopping.wait(_TROUBLE_SECONDS)
            return True

    def _poll(self) -> bool:
        """Ring for lanes with due work, and look after the leases."""
        for lane in due_lanes([lane.name for lane in self.lanes]):
            bell.ring(lane)
        for hand in self._hands:
            hand.keep()
        return True

    def _keep(self) -> bool:
        """Read secrets and the clock, say that we live, take lapsed jobs back, write due slots."""
        rotation.look()
        compare_clocks()
        lanes = ",".join(lane.name for lane in self.lanes)
        values = {"lanes": lanes, "beat_at": now(), "seconds_ahead": round(seconds_ahead())}
        WorkerHeartbeat.objects.update_or_create(worker=self.name, defaults=values)
        ledger.reap()
        self._clockwork.tick()
        connections.close_all()
        return True


def start_threads(lanes: Iterable[str] = ALL_LANES) -> Workers:
    """Work the lanes off in threads of this process until `.stop()` is called."""
    workers = Workers(lanes)
    workers.start()
    return workers


def due_lanes(lanes: list[str]) -> list[str]:
    """The lanes that have a job to run now, in one read."""
    at = connection.ops.adapt_datetimefield_value(now())
    one = "EXISTS(SELECT 1 FROM core_job WHERE state = 'ready' AND lane = %s AND run_at <= %s)"
    values = [value for lane in lanes for value in (lane, at)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([one] * len(lanes))}", values)  # noqa: S608 -- no input
        return [lane for lane, due in zip(lanes, cursor.fetchone(), strict=True) if due]
