"""Throw away what the ledger no longer needs."""

from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.models import Job, ScheduleSlot, WorkerHeartbeat
from guideapp.core.jobs.schedule import periodic

KEEP_DONE = timedelta(days=3)
KEEP_DEAD = timedelta(days=90)
_KEEP_SLOTS = timedelta(days=30)
_KEEP_BEATS = timedelta(days=1)
_BATCH = 2_000


@periodic("17 3 * * *", name="prune_ledger")
@task(queue_name="bulk")
def prune_ledger() -> None:
    """Delete old finished jobs, slots and heartbeats, in short transactions."""
    at = now()
    _delete(Job.objects.filter(state=Job.State.DONE), at - KEEP_DONE)
    _delete(Job.objects.filter(state=Job.State.DEAD), at - KEEP_DEAD)
    latest = ScheduleSlot.objects.values("name").annotate(last=Max("pk")).values("last")
    ScheduleSlot.objects.filter(slot_at__lt=at - _KEEP_SLOTS).exclude(pk__in=latest).delete()
    WorkerHeartbeat.objects.filter(beat_at__lt=at - _KEEP_BEATS).delete()


def _delete(jobs: QuerySet[Job], before: datetime) -> None:
    """By key: old rows lie first there, so that finished rows need no index of their own."""
    old = jobs.filter(finished_at__lt=before).order_by("pk").values_list("pk", flat=True)
    while keys := list(old[:_BATCH]):
        Job.objects.filter(pk__in=keys).delete()
