"""The statements that move a job: claim, renew, finish, postpone, release, reap.

Leases use the database's clock, so that a worker with a wrong clock can neither steal nor keep a
job. Every write after a claim carries its fence: a worker that lost its lease changes nothing.
"""

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from guideapp.core.clock import now
from guideapp.core.jobs.bell import ring_on_commit
from guideapp.core.jobs.lanes import LANES, MAX_ATTEMPTS
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.signals import job_died

logger = logging.getLogger(__name__)

_ERROR_MAX = 8_000  # characters of a traceback that are kept: its end

# PostgreSQL: the array makes the inner SELECT run once. With `IN (SELECT …)` the planner may run it
# again for each row, and it would claim more than the limit.
_CLAIM = {
    "postgresql": """
UPDATE core_job SET state = 'running', attempts = attempts + 1, fence = fence + 1, worker = %s,
    started_at = %s, lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = ANY(ARRAY(
    SELECT id FROM core_job WHERE state = 'ready' AND lane = %s AND run_at <= %s
    ORDER BY priority DESC, run_at LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING *""",
    "sqlite": """
UPDATE core_job SET state = 'running', attempts = attempts + 1, fence = fence + 1, worker = %s,
    started_at = %s,
    lease_until = strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+' || %s || ' seconds')
WHERE id IN (
    SELECT id FROM core_job WHERE state = 'ready' AND lane = %s AND run_at <= %s
    ORDER BY priority DESC, run_at LIMIT %s)
RETURNING *""",
}
# One job by its number; SQLite's writers wait in a queue anyway.
_CLAIM_ONE = {
    "postgresql": """
UPDATE core_job SET state = 'running', attempts = attempts + 1, fence = fence + 1, worker = %s,
    started_at = %s, lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = (SELECT id FROM core_job WHERE id = %s AND state = 'ready' AND run_at <= %s
            FOR UPDATE SKIP LOCKED)
RETURNING *""",
    "sqlite": """
UPDATE core_job SET state = 'running', attempts = attempts + 1, fence = fence + 1, worker = %s,
    started_at = %s,
    lease_until = strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+' || %s || ' seconds')
WHERE id = %s AND state = 'ready' AND run_at <= %s
RETURNING *""",
}
_RENEW = {
    "postgresql": """
UPDATE core_job SET lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = %s AND fence = %s AND state = 'running'""",
    "sqlite": """
UPDATE core_job
SET lease_until = strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+' || %s || ' seconds')
WHERE id = %s AND fence = %s AND state = 'running'""",
}
# Each job ends with it, so it is not compiled anew each time.
_FINISH = """
UPDATE core_job SET state = 'done', result = %s, finished_at = %s, lease_until = NULL
WHERE id = %s AND fence = %s AND state = 'running'"""
_EXPIRED = {
    "postgresql": """
SELECT * FROM core_job WHERE state = 'running' AND lease_until < clock_timestamp()
ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED""",
    "sqlite": """
SELECT * FROM core_job
WHERE state = 'running' AND lease_until < strftime('%Y-%m-%d %H:%M:%f', 'now')
ORDER BY lease_until LIMIT 100""",
}


def claim(lane: str, *, worker: str, limit: int, lease_seconds: int) -> list[Job]:
    """Lease up to `limit` due jobs of the lane to `worker`, the most pressing first."""
    at = connection.ops.adapt_datetimefield_value(now())
    values = [worker, at, lease_seconds, lane, at, limit]
    jobs = list(Job.objects.raw(_CLAIM[connection.vendor], values))
    return sorted(jobs, key=lambda job: (-job.priority, job.run_at, job.pk))


def claim_one(job_id: int, *, worker: str, lease_seconds: int) -> Job | None:
    """Lease this very job to `worker`; None when it is not due, not waiting, or not there."""
    at = connection.ops.adapt_datetimefield_value(now())
    values = [worker, at, lease_seconds, job_id, at]
    return next(iter(Job.objects.raw(_CLAIM_ONE[connection.vendor], values)), None)


def renew(job: Job, *, lease_seconds: int) -> bool:
    """Lengthen the lease from now on; False when the job is no longer ours."""
    with connection.cursor() as cursor:
        cursor.execute(_RENEW[connection.vendor], [lease_seconds, job.pk, job.fence])
        return bool(cursor.rowcount == 1)


def finish(job: Job, result: Any) -> bool:
    """Note the result; False when the job is no longer ours."""
    told = None if result is None else json.dumps(result)
    at = connection.ops.adapt_datetimefield_value(now())
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [told, at, job.pk, job.fence])
        return bool(cursor.rowcount == 1)


def release(jobs: Iterable[Job]) -> None:
    """Give back claimed jobs that were never begun; the attempt does not count."""
    for job in jobs:
        _back(job, attempts=F("attempts") - 1)


def postpone(job: Job, when: datetime, error: str, error_class: str) -> bool:
    """Run again at `when` because the task asked for it; the attempt does not count."""
    words = {"error": error[-_ERROR_MAX:], "error_class": error_class}
    return _back(job, run_at=when, attempts=F("attempts") - 1, **words)


def fail(job: Job, error: str, error_class: str) -> bool:
    """Try again after a wait that grows, or give up after the last attempt."""
    if job.attempts >= MAX_ATTEMPTS:
        return bury(job, error, error_class)
    wait = timedelta(seconds=LANES[job.lane].wait_seconds(job.attempts))
    words = {"error": error[-_ERROR_MAX:], "error_class": error_class}
    return _back(job, run_at=now() + wait, **words)


def bury(job: Job, error: str, error_class: str) -> bool:
    """Give the job up for good, announce it and alert."""
    error = error[-_ERROR_MAX:]
    with transaction.atomic():
        moved = _move(
            job,
            state=Job.State.DEAD,
            finished_at=now(),
            lease_until=None,
            error=error,
            error_class=error_class,
        )
        if moved:
            last = error.strip().rsplit("\n", 1)[-1]
            job_died.send(Job, task=job.task, args=job.args, error=last)
    if moved:
        words = {"job": job.pk, "task": job.task, "attempts": job.attempts, "error": error_class}
        logger.error("A job was given up.", extra=words)
    return moved


def revive(job_id: int, *, fence: int) -> bool:
    """Run a dead job again, with all its attempts; False when it is not (or no longer) that dead.

    `fence` is the one that the person saw, so that a second tap does nothing. Where a job with its
    key waits already, that one does the work.
    """
    dead = Job.objects.filter(pk=job_id, fence=fence, state=Job.State.DEAD)
    at = now()
    values = {"run_at": at, "enqueued_at": at, "attempts": 0, "finished_at": None}
    try:
        with transaction.atomic():
            revived = dead.update(state=Job.State.READY, **values) == 1
            if revived:
                ring_on_commit(Job.objects.values_list("lane", flat=True).get(pk=job_id))
            return revived
    except IntegrityError:
        return False


def reap() -> int:
    """Put jobs back whose lease has lapsed (their worker was killed or hangs); returns how many."""
    with transaction.atomic():
        lapsed = list(Job.objects.raw(_EXPIRED[connection.vendor]))
        for job in lapsed:
            words = {"job": job.pk, "task": job.task, "worker": job.worker}
            logger.warning("The lease of a job has lapsed.", extra=words)
            if job.attempts >= MAX_ATTEMPTS:
                bury(job, "Its worker stopped in the middle, each time.", "LeaseLapsed")
            else:
                _back(job)
    return len(lapsed)


def _back(job: Job, **changes: Any) -> bool:
    """Ready again. Where a newer waiting job has taken the key, that one does the work."""
    try:
        with transaction.atomic():
            return _move(job, state=Job.State.READY, lease_until=None, **changes)
    except IntegrityError:
        return _move(job, state=Job.State.DONE, lease_until=None, finished_at=now())


def _move(job: Job, **changes: Any) -> bool:
    held = Job.objects.filter(pk=job.pk, fence=job.fence, state=Job.State.RUNNING)
    return held.update(**changes) == 1
