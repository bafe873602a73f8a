"""Everything we hold about a person, for them: as data, and as something to read."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise

from guideapp.core import personal
from guideapp.core.audit import record_audit
from guideapp.core.clock import day_range, now, today
from guideapp.core.models import AccessLog, AuditEntry
from guideapp.members.errors import ExportLimit
from guideapp.members.services.subjects import Subject
from guideapp.organisation.models import Guide

FORMAT = 1
ACTION = "privacy.export"


@transaction.atomic
def export_subject(subject: Subject, *, by: Guide, reason: str) -> dict[str, Any]:
    """The person's data as JSON values, table by table, and who looked at their profile; audited.

    `{"format": 1, "made_at": ISO, "tables": {"members.Member": {"label": …, "rows": [{field:
    value}]}}}`. Secrets and keyed hashes are left out; nothing is masked. Raises ExportLimit after
    SUBJECT_EXPORTS_PER_DAY of one day.
    """
    Guide.objects.select_for_update().get(pk=by.pk)  # two taps at once are counted apart
    start, _end = day_range(today())
    used = AuditEntry.objects.filter(actor=by.userid, action=ACTION, at__gte=start).count()
    if used >= settings.SUBJECT_EXPORTS_PER_DAY:
        raise ExportLimit
    record_audit(actor=by.userid, action=ACTION, subject=subject.log_key, reason=reason)
    found = {
        one.model._meta.label: {"label": str(one.label), "rows": rows}
        for one, rows in personal.export(subject.person)
    }
    if AccessLog._meta.label in found:
        _name_readers(found[AccessLog._meta.label]["rows"])  # type: ignore[arg-type]
    return {"format": FORMAT, "made_at": now().isoformat(), "tables": found}


def held_about(subject: Subject) -> list[tuple[str | Promise, int]]:
    """(what, how many rows) of everything that stands about the person."""
    return [(one.label, number) for one, number in personal.counts(subject.person)]


def _name_readers(rows: list[dict[str, Any]]) -> None:
    """Who looked, by name: the number of a row tells the person nothing."""
    people = Guide.objects.in_bulk({row["actor_id"] for row in rows})
    for row in rows:
        reader = people.get(row["actor_id"])
        row["actor_id"] = reader.name if reader else None
