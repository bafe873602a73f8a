"""How often a customer is contacted: one cap a day, across all guides and campaigns (N9)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from guideapp.compliance.errors import ContactedEnough
from guideapp.compliance.models import ContactSlot
from guideapp.core.clock import day_of, now, today
from guideapp.members.models import Contact, FollowRelation
from guideapp.organisation.models import Guide

_WEEK_AT_MOST = 20  # rows that a card could show


def take_slot(
    contact: Contact, kind: str, key: str, guide: Guide | None = None, at: datetime | None = None
) -> ContactSlot:
    """Take one of the contacts that the customer may get on the Shanghai day of `at` (now).

    `key` (≤ 64) names what is sent and takes one slot however often it is told; `guide` is None
    for a campaign. Of two who want the last slot the database lets one have it.
    Raises ContactedEnough when CONTACTS_PER_DAY are taken.
    """
    moment = at or now()
    cap = settings.CONTACTS_PER_DAY
    for _try in range(cap + 1):  # each failure means that somebody else took a number
        number = _free_number(contact, key, moment, cap)
        if isinstance(number, ContactSlot):
            return number
        try:
            with transaction.atomic():
                return ContactSlot.objects.create(
                    contact=contact,
                    day=day_of(moment),
                    number=number,
                    kind=kind,
                    key=key,
                    guide=guide,
                    at=moment,
                )
        except IntegrityError:
            continue
    raise ContactedEnough(cap)


def free_slot(key: str) -> bool:
    """Give the slot back: nothing was sent after all. False when there was none."""
    deleted, _by_model = ContactSlot.objects.filter(key=key).delete()
    return deleted > 0


def slots_of_week(contact: Contact, *, brand_id: int | None = None) -> list[ContactSlot]:
    """Who contacted the customer since Monday, newest first, with guide and store. One query.

    `brand_id` leaves only the contacts by guides of this brand or mall.
    """
    monday = today() - timedelta(days=today().weekday())
    rows = ContactSlot.objects.filter(contact=contact, day__gte=monday)
    if brand_id is not None:
        rows = rows.filter(guide__store__region__brand=brand_id)
    return list(rows.select_related("guide__store").order_by("-at", "-pk")[:_WEEK_AT_MOST])


def with_contacts_of_today(
    follows: QuerySet[FollowRelation], reader: Guide
) -> QuerySet[FollowRelation]:
    """Add `contacts_today`, how many slots of the customer are taken today, to each relation.

    `contacted_by` is the name of the colleague of the reader's brand who took the last one of
    somebody else; '' when nobody did.
    """
    taken = ContactSlot.objects.filter(contact=OuterRef("contact"), day=today())
    counted = taken.order_by().values("contact").annotate(n=Count("pk")).values("n")
    others = taken.exclude(guide=reader).filter(
        guide__store__region__brand=OuterRef("guide__store__region__brand")
    )
    return follows.annotate(
        contacts_today=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        contacted_by=Coalesce(
            Subquery(others.order_by("-at", "-pk").values("guide__name")[:1]), Value("")
        ),
    )


def _free_number(contact: Contact, key: str, moment: datetime, cap: int) -> int | ContactSlot:
    """The smallest number that nobody has, or the slot that `key` has already."""
    of_day = Q(contact=contact, day=day_of(moment))
    rows = list(ContactSlot.objects.filter(of_day | Q(key=key)))
    known = next((row for row in rows if row.key == key), None)
    if known is not None:
        return known
    taken = {row.number for row in rows}
    free = next((number for number in range(1, cap + 1) if number not in taken), None)
    if free is None:
        raise ContactedEnough(cap)
    return free
