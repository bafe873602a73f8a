"""Write jobs into the ledger, in the transaction of whoever makes them due."""

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.tasks import Task, TaskResult
from django.utils.json import normalize_json

from guideapp.core.clock import now
from guideapp.core.jobs.bell import announce_on_commit
from guideapp.core.jobs.models import Job

# Aliases are read late: at run time neither class takes parameters.
type AnyTask = Task[..., Any]
type AnyResult = TaskResult[..., Any]

# The conflict locks the waiting row until our commit: a worker cannot start it on the state from
# before our transaction. Values follow the order of `_INSERTED`.
_INSERT_ONCE = """
INSERT INTO core_job (task, args, kwargs, lane, priority, state, dedupe_key, run_at, attempts,
                      fence, worker, enqueued_at, error, error_class)
VALUES (%s, %s, '{}', %s, %s, 'ready', %s, %s, 0, 0, '', %s, '', '')
ON CONFLICT (dedupe_key) WHERE state = 'ready' AND NOT (dedupe_key = '')
DO UPDATE SET run_at = CASE WHEN excluded.run_at < core_job.run_at
                            THEN excluded.run_at ELSE core_job.run_at END
RETURNING id
"""


def enqueue(task: AnyTask, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Job:
    """Add a job for `task`; it is due at the task's `run_after` or at once."""
    at = now()
    job = Job.objects.create(
        task=task.module_path,
        args=normalize_json(list(args)),
        kwargs=normalize_json(kwargs),
        lane=task.queue_name,
        priority=task.priority,
        run_at=task.run_after or at,
        enqueued_at=at,
    )
    announce_on_commit(job.lane, job.pk, is_due=job.run_at <= at)
    return job


def enqueue_once(
    task: AnyTask, *args: Any, dedupe_key: str, run_after: datetime | None = None
) -> None:
    """Add a job for `task` unless one with `dedupe_key` (≤ 200 characters) waits already.

    A waiting one keeps the earlier of both times. One that runs already does not count: it may
    have read the state before this transaction changed it.
    """
    at = now()
    due_at = run_after or task.run_after or at
    time_of = connection.ops.adapt_datetimefield_value
    values = (
        task.module_path,
        json.dumps(normalize_json(list(args))),
        task.queue_name,
        task.priority,
        dedupe_key,
        time_of(due_at),
        time_of(at),
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ONCE, values)
        (job_id,) = cursor.fetchone()
    announce_on_commit(task.queue_name, job_id, is_due=due_at <= at)
