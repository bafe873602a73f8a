"""Celery wakes the workers of many machines: a message says "look at job N" and nothing else.

The ledger stays what counts. Delays, retries, leases and the clock are its own, so a message that
is lost, doubled or late changes nothing: the sweep of any worker sends it again, and a job that
is not waiting any more is not claimed. Only imported where JOBS_DRIVER=celery.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import connections
from kombu.connection import Connection
from kombu.exceptions import KombuError
from kombu.pools import producers

from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.core.jobs.lanes import LANES
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.run import run_job
from guideapp.core.jobs.worker import Hand, Workers, due_lanes

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1
SWEEP_BATCH = 200
_REST_SECONDS = 2  # after a failure nobody waits for the broker again; the sweep makes up for it
_PREFIX = "guide:jobs:"
_LONGEST_SECONDS = max(lane.deadline_seconds for lane in LANES.values())

_TRANSPORT = {
    "global_keyprefix": _PREFIX,
    "visibility_timeout": _LONGEST_SECONDS + 600,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
}

app = Celery("guideapp", broker=settings.CELERY_BROKER_URL, fixups=[], set_as_current=False)
app.conf.update(
    broker_transport_options=_TRANSPORT,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # for ever: the ledger waits
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_default_queue="normal",
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_enable_remote_control=False,
)
_rests_until = 0.0
_sweeper: "Sweeper | None" = None


@app.task(name="guideapp.look_at")  # type: ignore[untyped-decorator]
def look_at(job_id: int) -> None:
    """Run the job if it waits and is due; otherwise somebody else has seen to it."""
    sweeper = _sweeper
    if sweeper is None:
        raise RuntimeError("Start it with `manage.py worker`: that keeps leases and the clock.")
    try:
        sweeper.run(job_id)
    finally:
        connections.close_all()


def send(lane: str, job_id: int) -> bool:
    """Tell the workers of the lane to look at a job; False when the broker cannot be reached."""
    return _send_all(lane, [job_id])


class Sweeper(Workers):
    """What a Celery worker needs beside it: leases, heartbeat, schedule, and the sweep."""

    def __init__(self, lanes: Iterable[str]) -> None:
        super().__init__(lanes)
        self._changed = threading.Lock()
        self._swept_at = 0.0

    def run(self, job_id: int) -> None:
        """Claim the job and run it with its lease kept; nothing when there is nothing to do."""
        lane = self.lanes[0]
        job = ledger.claim_one(job_id, worker=self.name, lease_seconds=lane.lease_seconds)
        if job is not None:
            with self._holding(job):
                run_job(job)

    def _make_hands(self) -> list[Hand]:
        """None of our own: Celery's threads bring theirs, one a job."""
        return []

    @contextmanager
    def _holding(self, job: Job) -> Iterator[None]:
        hand = Hand(LANES[job.lane])
        hand.take([job])
        hand.next()
        with self._changed:
            self._hands = [*self._hands, hand]
        try:
            yield
        finally:
            with self._changed:
                self._hands = [held for held in self._hands if held is not hand]

    def _poll(self) -> bool:
        """Look after the leases, and each second send what is due and has no message."""
        for hand in self._hands:
            hand.keep()
        if time.monotonic() - self._swept_at > SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            for lane in due_lanes([lane.name for lane in self.lanes]):
                sweep(lane)
        return True


def sweep(lane: str) -> int:
    """Send the due jobs of a lane whose queue is empty; returns how many messages went out.

    A queue that is not empty is being worked off, so nothing is sent twice by the thousand.
    """
    if _waiting_messages(lane):
        return 0
    due = Job.objects.filter(state=Job.State.READY, lane=lane, run_at__lte=now())
    keys = due.order_by("-priority", "run_at").values_list("pk", flat=True)[:SWEEP_BATCH]
    found = list(keys)
    return len(found) if _send_all(lane, found) else 0


def serve(lane: str) -> int:
    """Work a lane off until SIGTERM or Ctrl-C, running jobs end first; returns the exit code."""
    global _sweeper
    _sweeper = Sweeper([lane])
    worker: Any = app.Worker(
        queues=[lane],
        pool="threads",
        concurrency=LANES[lane].threads,
        hostname=f"{lane}@{_sweeper.name}",
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    _sweeper.start()
    try:
        worker.start()
    finally:
        _sweeper.stop()
    return int(worker.exitcode or 0)


@cache
def _sending(url: str) -> Any:
    """What pages send with: they must not wait for a broker that hangs."""
    patience = {"socket_timeout": 1, "max_retries": 0}
    connect: Any = Connection  # says nothing of its arguments
    return producers[connect(url, transport_options={**_TRANSPORT, **patience})]


def _send_all(lane: str, job_ids: list[int]) -> bool:
    global _rests_until
    if time.monotonic() < _rests_until:
        return False
    try:
        with _sending(settings.CELERY_BROKER_URL).acquire(block=True, timeout=1) as producer:
            for job_id in job_ids:
                look_at.apply_async((job_id,), queue=lane, producer=producer, retry=False)
    except (KombuError, OSError) as error:
        _rests_until = time.monotonic() + _REST_SECONDS
        words = {"lane": lane, "error": type(error).__name__}
        logger.warning("The broker does not answer; the sweep will send.", extra=words)
        return False
    return True


def forget_rest() -> None:
    """Ask the broker again at once (for tests)."""
    global _rests_until
    _rests_until = 0.0


def _waiting_messages(lane: str) -> int:
    """Messages that no worker has taken; 0 also when the broker is away: sending fails then."""
    try:
        with _sending(settings.CELERY_BROKER_URL).acquire(block=True, timeout=1) as producer:
            channel: Any = producer.channel
            # Not `passive`: with a key prefix that finds no queue on Redis.
            found = channel.queue_declare(queue=lane, durable=True, auto_delete=False)
            return int(found.message_count)
    except (KombuError, OSError):
        return 0
