"""有订单没付款: proposed and withdrawn by the room that is told about orders."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.members.models import FollowRelation, FollowRelationQuerySet, Member, Suggestion
from guideapp.members.services.suggestions import propose

RULE = "unpaid_order"
WAITS = timedelta(days=3)  # shops cancel what is not paid by then


def order_waits(
    *, member_id: int, brand_id: int, order_no: str, amount_fen: int, at: datetime
) -> int:
    """An order of `at` is not paid: suggest the brand's guides who follow TA to ask. How many."""
    follows = _follows_of(member_id).filter(guide__store__region__brand=brand_id)
    rows = list(follows.select_related("contact", "guide"))
    for row in rows:
        propose(
            rule=RULE,
            contact=row.contact,
            guide=row.guide,
            evidence={
                "order_no": order_no,
                "amount_fen": amount_fen,
                "ordered_at": at.isoformat(),
            },
            action_url=reverse("workbench:customer", args=[row.pk]),
            until=at + WAITS,
            at=at,
        )
    return len(rows)


def order_settled(*, member_id: int, order_no: str) -> int:
    """The order was paid or cancelled: nobody needs to ask any more. How many were withdrawn."""
    open_ones = Suggestion.objects.filter(
        rule=RULE,
        state=Suggestion.State.OPEN,
        contact__in=_follows_of(member_id).values("contact"),
        evidence__order_no=order_no,
    )
    return open_ones.update(state=Suggestion.State.WITHDRAWN, decided_at=now())


def _follows_of(member_id: int) -> FollowRelationQuerySet:
    """Open relations with the person, whichever record the customer is joined to."""
    root = Member.objects.get(pk=member_id).root_id
    person = Q(contact__member=root) | Q(contact__member__same_as=root)
    return FollowRelation.objects.active().filter(person)
