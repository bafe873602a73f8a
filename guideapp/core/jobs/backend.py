"""Django's task API over the job ledger."""

from typing import Any

from django.tasks import TaskResult, TaskResultStatus
from django.tasks.backends.base import BaseTaskBackend
from django.tasks.base import TaskError
from django.tasks.exceptions import TaskResultDoesNotExist
from django.tasks.signals import task_enqueued
from django.utils.module_loading import import_string

from guideapp.core.jobs.enqueue import AnyResult, AnyTask, enqueue
from guideapp.core.jobs.models import Job

_STATUS = {
    Job.State.READY: TaskResultStatus.READY,
    Job.State.RUNNING: TaskResultStatus.RUNNING,
    Job.State.DONE: TaskResultStatus.SUCCESSFUL,
    Job.State.DEAD: TaskResultStatus.FAILED,
}


class LedgerBackend(BaseTaskBackend):
    """Jobs are rows, written in the caller's transaction; `manage.py worker` runs them."""

    supports_defer = True
    supports_get_result = True
    supports_priority = True

    def enqueue(  # type: ignore[override]  # the stub says list; Django passes a tuple
        self, task: AnyTask, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> AnyResult:
        """Add a job in the lane that the task's queue names."""
        self.validate_task(task)
        result = result_of(enqueue(task, args, kwargs), task)
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> AnyResult:
        """The job as it stands. Raises TaskResultDoesNotExist, also once it was pruned."""
        try:
            job = Job.objects.get(pk=int(result_id))
        except (ValueError, Job.DoesNotExist):
            raise TaskResultDoesNotExist(result_id) from None
        return result_of(job, import_string(job.task))


def result_of(job: Job, task: AnyTask) -> AnyResult:
    """Django's view of a job."""
    failed = job.error_class and job.state != Job.State.DONE
    result: AnyResult = TaskResult(
        task=task,
        id=str(job.pk),
        status=_STATUS[Job.State(job.state)],
        enqueued_at=job.enqueued_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        last_attempted_at=job.started_at,
        args=job.args,
        kwargs=job.kwargs,
        backend="default",
        errors=[TaskError(exception_class_path=job.error_class, traceback=job.error)]
        if failed
        else [],
        worker_ids=[job.worker] * job.attempts,
    )
    object.__setattr__(result, "_return_value", job.result)  # the class is frozen and has no way
    return result
