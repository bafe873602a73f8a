"""Records without a domain: who did what, who looked at whom, what work is due."""

from datetime import datetime
from typing import Any, NoReturn

from django.db import models

from guideapp.core.jobs.models import Job, ScheduleSlot, WorkerHeartbeat

__all__ = [
    "AccessLog",
    "AppendOnly",
    "AuditEntry",
    "Job",
    "ScheduleSlot",
    "TimestampedModel",
    "WorkerHeartbeat",
]


class TimestampedModel(models.Model):
    """When the row was made and last written."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class AppendOnlyQuerySet[Row: models.Model](models.QuerySet[Row]):
    """Reads and inserts only."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse: what was written stays."""
        raise TypeError("This table is append-only.")

    def delete(self) -> NoReturn:
        """Refuse: what was written stays."""
        raise TypeError("This table is append-only.")

    def pseudonymise(self, **fields: Any) -> int:
        """The one door for an erasure (core.personal alone): a person's columns lose the person.

        The row stays, with its kind, its time and whom else it is about.
        """
        return super().update(**fields)

    def cut_off(self, before: datetime) -> int:
        """The one door for retention (members.services.retention alone): rows from before go."""
        return super().filter(at__lt=before)._raw_delete(self.db)


class AppendOnly(models.Model):
    """A row that is written once and never changed or deleted."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        """Insert; a second save is refused."""
        if self.pk is not None and not self._state.adding:
            raise TypeError("This table is append-only.")
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: what was written stays."""
        raise TypeError("This table is append-only.")


class AuditEntry(AppendOnly):
    """One deliberate act or refusal: who did what to which row, and why."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=64, blank=True)  # a guide's userid; empty: the system
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=96)  # "material:12"; ids only
    reason = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "at"], name="audit_of_subject")]


class AccessLog(AppendOnly):
    """One read of a customer's profile: who looked at whom, on which screen."""

    at = models.DateTimeField()
    actor_id = models.BigIntegerField()  # Guide; no key, so that this table can be cut off by age
    subject = models.CharField(max_length=96)
    screen = models.CharField(max_length=32)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "at"], name="access_of_subject"),
            models.Index(fields=["actor_id", "at"], name="access_by_actor"),
        ]
