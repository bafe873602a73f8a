"""Days of the year that matter to a customer (重要日子): birthday, wedding, a trip."""

import calendar
from datetime import date, datetime

from django.db import transaction

from guideapp.core.clock import now, today
from guideapp.members.errors import DateRefused
from guideapp.members.models import Contact, ImportantDate
from guideapp.members.services.nightly_rules import reconsider_soon
from guideapp.members.services.owners import owner_of, told_in
from guideapp.members.services.topics import require_allowed
from guideapp.organisation.models import Guide

Kind = ImportantDate.Kind
ONCE = frozenset({Kind.WEDDING, Kind.TRIP})  # what does not come again each year
_LEAP_YEAR = 2028
_LABEL_MAX = 20


@transaction.atomic
def note_date(
    contact: Contact,
    by: Guide,
    kind: str,
    *,
    month: int,
    day: int | None = None,
    label: str = "",
    at: datetime | None = None,
) -> ImportantDate:
    """Keep a day (None: some time that month) of the customer; a newer one of the kind replaces it.

    A wedding or a trip is the next such month, once. What another owner's guides noted stays.
    Raises DateRefused, and TopicRefused for sensitive information in the label.
    """
    _check(kind, month, day)
    label = " ".join(label.split())[:_LABEL_MAX]
    if label:
        require_allowed(label)
    moment = at or now()
    Contact.objects.select_for_update().get(pk=contact.pk)
    same = ImportantDate.objects.filter(
        told_in(owner_of(by), guide=by), contact=contact, kind=kind, label=label, ended_at=None
    )
    same.update(ended_at=moment)
    reconsider_soon(contact_ids=[contact.pk])
    return ImportantDate.objects.create(
        contact=contact,
        kind=kind,
        label=label,
        month=month,
        day=day,
        year=_next_year(month, day) if kind in ONCE else None,
        repeats=kind not in ONCE,
        author=by,
        owner_id=owner_of(by),
        at=moment,
    )


def end_date(row: ImportantDate) -> None:
    """No longer a day that matters, or never was."""
    ImportantDate.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now())
    reconsider_soon(
        member_ids=[row.member_id] if row.member_id else [],
        contact_ids=[row.contact_id] if row.contact_id else [],
    )


def next_occurrence(*, month: int, day: int | None, year: int | None, repeats: bool) -> date | None:
    """The next such day from today on (without a day: the last of the month); None when past.

    The 29th of February is the 28th in other years.
    """
    first = today().year if repeats or year is None else year
    for candidate in (first, first + 1):
        last = calendar.monthrange(candidate, month)[1]
        found = date(candidate, month, min(day or last, last))
        if found >= today():
            return found
        if not repeats:
            return None
    return None


def _next_year(month: int, day: int | None) -> int:
    found = next_occurrence(month=month, day=day, year=None, repeats=True)
    return found.year if found else today().year


def _check(kind: str, month: int, day: int | None) -> None:
    if kind not in Kind.values or not 1 <= month <= 12:
        raise DateRefused
    if day is not None and not 1 <= day <= calendar.monthrange(_LEAP_YEAR, month)[1]:
        raise DateRefused
