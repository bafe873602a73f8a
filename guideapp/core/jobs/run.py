"""Run claimed jobs: call the task, then write down how it went."""

import logging
import traceback
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, OperationalError, connection, transaction
from django.tasks import TaskContext
from django.utils.json import normalize_json
from django.utils.module_loading import import_string

from guideapp.core.clock import now
from guideapp.core.errors import GuideAppError
from guideapp.core.jobs import ledger
from guideapp.core.jobs.backend import result_of
from guideapp.core.jobs.errors import GiveUp, RetryAt
from guideapp.core.jobs.lanes import LANES, working_in
from guideapp.core.jobs.models import Job
from guideapp.core.logs import mask, request_id, set_request_id

logger = logging.getLogger(__name__)

ALL_LANES = tuple(LANES)
_POSTPONED_AT_MOST = timedelta(days=3)
_WRITE_TRIES = 3


class _Attempt:
    """Runs its body and keeps what it raised; only what ends the process passes through."""

    error: Exception | None = None
    result: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if isinstance(error, Exception):
            self.error = error
        return self.error is not None


def run_due(lanes: tuple[str, ...] = ALL_LANES, *, limit: int = 10_000) -> int:
    """Run everything that is due now, here and in this thread; returns how many jobs ran.

    Urgent work first, also what the jobs themselves make due; at most `limit`. For tests, the seed
    and commands; a service runs `start_threads`.
    """
    ledger.reap()
    count = 0
    while count < limit:
        job = _next_due(lanes)
        if job is None:
            break
        run_job(job)
        count += 1
    return count


def run_job(job: Job) -> None:
    """Call the task of a claimed job and write the outcome, if the job is still ours then."""
    outside = request_id()
    set_request_id(f"job-{job.pk}")
    try:
        point = transaction.savepoint_create() if connection.in_atomic_block else ""
        with _Attempt() as attempt, working_in(job.lane):
            attempt.result = _call(job)
        if point:
            _close_savepoint(point, attempt.error)
        _write(job, attempt)
    finally:
        set_request_id(outside)


def _next_due(lanes: tuple[str, ...]) -> Job | None:
    for name in (lane for lane in LANES if lane in lanes):
        # Nothing renews the lease here, so it lasts as long as the job may.
        lease = LANES[name].deadline_seconds
        jobs = ledger.claim(name, worker="run_due", limit=1, lease_seconds=lease)
        if jobs:
            return jobs[0]
    return None


def _call(job: Job) -> Any:
    task = import_string(job.task)
    context = (TaskContext(task_result=result_of(job, task)),) if task.takes_context else ()
    return normalize_json(task.call(*context, *job.args, **job.kwargs))


def _close_savepoint(point: str, error: Exception | None) -> None:
    """Inside a caller's transaction: a database error must not spoil it. What a task wrote before
    another error stays, as it does when the task has transactions of its own."""
    if isinstance(error, DatabaseError) or connection.needs_rollback:
        transaction.set_rollback(False)
        transaction.savepoint_rollback(point)
    else:
        transaction.savepoint_commit(point)


def _write(job: Job, attempt: _Attempt) -> None:
    """Write the outcome; a locked database gets a second and a third try, then the lease lapses."""
    for left in reversed(range(_WRITE_TRIES)):
        try:
            if not _write_once(job, attempt):
                words = {"job": job.pk, "task": job.task}
                logger.warning("A job ended after its lease was lost.", extra=words)
            return
        except OperationalError:
            if not left or connection.in_atomic_block:
                raise
            connection.close()


def _write_once(job: Job, attempt: _Attempt) -> bool:
    error = attempt.error
    if error is None:
        return ledger.finish(job, attempt.result)
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    trace = mask("".join(traceback.format_exception(error)))
    words = {"job": job.pk, "task": job.task, "attempt": job.attempts, "error": name}
    if (when := _put_off_to(error)) is not None:
        if now() - job.enqueued_at > _POSTPONED_AT_MOST:
            return ledger.bury(job, trace, name)
        return ledger.postpone(job, when, trace, name)
    if isinstance(error, GiveUp):
        return ledger.bury(job, trace, name)
    known = isinstance(error, GuideAppError)  # its class says enough; the row keeps the traceback
    logger.warning("A job failed.", extra=words, exc_info=None if known else error)
    return ledger.fail(job, trace, name)


def _put_off_to(error: Exception) -> datetime | None:
    """When to run again what did not fail: the task chose it, or a limit was met that ends then."""
    if isinstance(error, RetryAt):
        return error.when
    if isinstance(error, GuideAppError) and error.rest_seconds is not None:
        return now() + timedelta(seconds=error.rest_seconds)
    return None
