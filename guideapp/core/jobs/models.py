"""The job ledger: work that is due, leased, done or dead."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One call of a task that must happen, written in the transaction that made it due.

    At-least-once: a claim leases the row and raises `fence`; every later write carries that number,
    so that a worker which lost its lease can no longer finish it.
    """

    class State(models.TextChoices):
        READY = "ready", _("等待")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        DEAD = "dead", _("放弃")

    task = models.CharField(max_length=200)  # dotted path of the function
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    lane = models.CharField(max_length=16)  # urgent, normal, bulk
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.READY)
    dedupe_key = models.CharField(max_length=200, blank=True)
    run_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=64, blank=True)
    enqueued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)  # the last traceback, masked
    error_class = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=Q(state="ready") & ~Q(dedupe_key=""),
                name="one_waiting_job_per_key",
            ),
        ]
        indexes = [
            # The claim reads only these: a million finished rows must not slow it down.
            models.Index(
                fields=["lane", "-priority", "run_at"],
                condition=Q(state="ready"),
                name="job_waiting",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_leased"),
            models.Index(fields=["finished_at"], condition=Q(state="dead"), name="job_dead"),
        ]


class ScheduleSlot(models.Model):
    """One due time of one periodic job; two schedulers insert it once."""

    name = models.CharField(max_length=100)
    slot_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "slot_at"], name="one_job_per_slot")]


class WorkerHeartbeat(models.Model):
    """A worker that is, or was, running."""

    worker = models.CharField(max_length=64, unique=True)
    lanes = models.CharField(max_length=64)
    beat_at = models.DateTimeField(db_index=True)
    # Its machine's clock against the database's; by default 0, so that old code may write rows too.
    seconds_ahead = models.IntegerField(default=0, db_default=0)
