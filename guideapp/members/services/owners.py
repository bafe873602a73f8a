"""Whose is what: a card, and what guides wrote down, belong to one owner (a brand or a mall)."""

from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from guideapp.members.models import Member, MembershipCard
from guideapp.organisation.models import Guide


def owner_of(guide: Guide) -> int | None:
    """Whom a guide works for: the brand or mall of their store."""
    return guide.store.region.brand_id if guide.store else None


def held_cards(owner: Any, *, member: str = "contact__member") -> QuerySet[MembershipCard]:
    """For Subquery: open cards at the owner of the person behind an outer `member`.

    Of the whole person, whichever of the joined records holds the card; where several do, first the
    one whose level the customer card shows. Filter by a Subquery that is null or not: PostgreSQL
    makes of an Exists among conditions a join with every card there is.
    """
    root = Coalesce(OuterRef(OuterRef(f"{member}__same_as")), OuterRef(OuterRef(member)))
    person = Member.objects.filter(Q(pk=root) | Q(same_as=root))
    cards = MembershipCard.objects.filter(
        member__in=person.order_by().values("pk"), brand=owner, closed_at=None
    )
    # The root is the oldest record. `member_id`: what sorts must not cost a join for each row.
    return cards.order_by(Case(When(level="", then=1), default=0), "member_id")


def told_in(owner: Any, *, guide: Any) -> Q:
    """What was written down by people who worked for the owner then.

    Without any owner, in a company that has not placed its guides yet: what `guide` wrote.
    """
    own = Q(owner=None, author=guide)
    return own if owner is None else own | Q(owner=owner)
