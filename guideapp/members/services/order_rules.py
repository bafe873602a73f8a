"""有订单没付款: proposed and withdrawn by the room that is told about orders.

One suggestion stands for all orders of a customer that wait: it speaks of the latest and keeps the
others in its evidence, so that they are spoken of once the latest is settled.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.members.models import FollowRelation, FollowRelationQuerySet, Member, Suggestion
from guideapp.members.services.suggestions import propose
from guideapp.organisation.models import Guide

RULE = "unpaid_order"
WAITS = timedelta(days=3)  # shops cancel what is not paid by then
_FACTS = ("order_no", "amount_fen", "ordered_at")

type _Order = dict[str, Any]  # by _FACTS


def order_waits(
    *, member_id: int, brand_id: int, order_no: str, amount_fen: int, at: datetime
) -> int:
    """An order of `at` is not paid: suggest the brand's guides who follow TA to ask. How many."""
    follows = _follows_of(member_id).filter(guide__store__region__brand=brand_id)
    rows = list(follows.select_related("contact", "guide").order_by("guide", "contact"))
    for row in rows:
        order = {"order_no": order_no, "amount_fen": amount_fen, "ordered_at": at.isoformat()}
        _ask(row, order)
    return len(rows)


@transaction.atomic
def order_settled(*, member_id: int, brand_id: int, order_no: str) -> int:
    """The brand's order was paid or cancelled: nobody needs to ask for it. How many had to."""
    rows = Suggestion.objects.select_for_update(of=("self",)).filter(
        rule=RULE,
        state=Suggestion.State.OPEN,
        contact__in=_follows_of(member_id).values("contact"),
        guide__store__region__brand=brand_id,
    )
    settled = 0
    for row in rows.order_by("guide", "contact"):  # locked in the order of `order_waits`
        orders = _orders_of(row)
        left = [order for order in orders if order["order_no"] != order_no]
        if len(left) < len(orders):
            settled += 1
            _leave(row, [order for order in left if _waits_until(order) > now()])
    return settled


@transaction.atomic
def _ask(follow: FollowRelation, order: _Order) -> None:
    """Propose to ask for the order, and for whatever else waits."""
    guide = Guide.objects.select_for_update(no_key=True).get(pk=follow.guide_id)
    open_one = Suggestion.objects.select_for_update().filter(
        rule=RULE, contact=follow.contact, guide=guide, state=Suggestion.State.OPEN
    )
    known = open_one.first()  # locked: an answer or a settlement under way is waited for
    others = [one for one in _orders_of(known) if one["order_no"] != order["order_no"]]
    if known is not None and known.proposed_at >= _at(order):  # told late, or told again
        _leave(known, [*others, order])
        return
    propose(
        rule=RULE,
        contact=follow.contact,
        guide=follow.guide,
        evidence=_evidence([*others, order]),
        action_url=reverse("workbench:customer", args=[follow.pk]),
        until=_waits_until(order),
        at=_at(order),
    )


def _leave(row: Suggestion, orders: list[_Order]) -> None:
    """Let an open suggestion (locked) speak of these orders; of none: withdraw it."""
    if orders:
        row.evidence = _evidence(orders)
        until = _waits_until(row.evidence)
        row.until = max(until, row.until) if row.snoozed_until else until
        row.save(update_fields=["evidence", "until", "updated_at"])
    else:
        row.state, row.decided_at = Suggestion.State.WITHDRAWN, now()
        row.save(update_fields=["state", "decided_at", "updated_at"])


def _evidence(orders: list[_Order]) -> dict[str, Any]:
    """The latest order, and the `others` that wait behind it."""
    *others, latest = sorted(orders, key=_at)
    return {**latest, "others": others} if others else latest


def _orders_of(row: Suggestion | None) -> list[_Order]:
    if row is None:
        return []
    return [*row.evidence.get("others", []), {fact: row.evidence[fact] for fact in _FACTS}]


def _at(order: _Order) -> datetime:
    return datetime.fromisoformat(order["ordered_at"])


def _waits_until(order: _Order) -> datetime:
    return _at(order) + WAITS


def _follows_of(member_id: int) -> FollowRelationQuerySet:
    """Open relations with the person, whichever record the customer is joined to."""
    root = Member.objects.get(pk=member_id).root_id
    person = Q(contact__member=root) | Q(contact__member__same_as=root)
    return FollowRelation.objects.active().filter(person)
