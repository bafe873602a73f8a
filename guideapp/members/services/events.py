"""The timeline: what happened to a customer, each fact once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Q

from guideapp.members.models import Contact, Member, TimelineEvent
from guideapp.members.timeline import kind_of
from guideapp.organisation.models import Guide, Store

_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """A fact to record; the fields are those of `record_event`."""

    kind: str
    key: str
    at: datetime
    contact: Contact | None = None
    member: Member | None = None
    guide: Guide | None = None
    store: Store | None = None
    params: dict[str, Any] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def record_event(
    *,
    kind: str,
    key: str,
    params: dict[str, Any],
    at: datetime,
    contact: Contact | None = None,
    member: Member | None = None,
    guide: Guide | None = None,
    store: Store | None = None,
) -> TimelineEvent | None:
    """Put a fact on the timeline; None when its business `key` (≤ 120) is there already.

    `guide` and `store` are those of then. `params` is what the kind's template shows: JSON, no
    phone and no secret.
    """
    facts = {"kind": kind, "contact": contact, "member": member, "guide": guide, "store": store}
    event, is_new = TimelineEvent.objects.get_or_create(
        key=key, defaults={**facts, "params": params, "at": at}
    )
    if not is_new:
        return None
    if contact and _is_behaviour(kind):
        _warm(contact.pk, at)
    return event


def record_events(events: Iterable[NewEvent]) -> int:
    """`record_event` for many, in batches of a transaction each; how many were new."""
    return sum(len(store_new(batch)) for batch in batched(events, _BATCH, strict=False))


@transaction.atomic
def store_new(events: Sequence[NewEvent]) -> list[NewEvent]:
    """Store those of a batch whose key is new, and answer them."""
    by_key = {event.key: event for event in events}
    known = set(
        TimelineEvent.objects.filter(key__in=by_key).values_list("key", flat=True).iterator()
    )
    new = [event for key, event in by_key.items() if key not in known]
    TimelineEvent.objects.bulk_create(
        [
            TimelineEvent(
                kind=event.kind,
                key=event.key,
                at=event.at,
                contact=event.contact,
                member=event.member,
                guide=event.guide,
                store=event.store,
                params=event.params,
            )
            for event in new
        ]
    )
    latest: dict[int, datetime] = {}
    for event in new:
        if event.contact and _is_behaviour(event.kind):
            pk = event.contact.pk
            latest[pk] = max(event.at, latest.get(pk, event.at))
    _warm_many(latest)
    return new


def _is_behaviour(kind: str) -> bool:
    known = kind_of(kind)
    return known is not None and known.behaviour


def _warm(contact_id: int, at: datetime) -> None:
    """Remember that the customer did something at `at`, unless we know of something later."""
    Contact.objects.filter(pk=contact_id).filter(Q(active_at=None) | Q(active_at__lt=at)).update(
        active_at=at
    )


def _warm_many(latest: dict[int, datetime]) -> None:
    rows = list(Contact.objects.select_for_update().filter(pk__in=latest).order_by("pk"))
    warmer = [row for row in rows if row.active_at is None or row.active_at < latest[row.pk]]
    for row in warmer:
        row.active_at = latest[row.pk]
    Contact.objects.bulk_update(warmer, ["active_at"], batch_size=500)
