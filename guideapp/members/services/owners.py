"""Whose is what: a card, and what guides wrote down, belong to one owner (a brand or a mall)."""

from typing import Any

from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from guideapp.members.models import Member, MembershipCard
from guideapp.organisation.models import Guide


def owner_of(guide: Guide) -> int | None:
    """Whom a guide works for: the brand or mall of their store."""
    return guide.store.region.brand_id if guide.store else None


def held_cards(owner: Any, *, member: str = "contact__member") -> QuerySet[MembershipCard]:
    """For Subquery: open cards at the owner of the person behind an outer `member`.

    Of the whole person, whichever of the joined records holds the card. Filter by a Subquery that
    is null or not: PostgreSQL makes of an Exists among conditions a join with every card there is.
    """
    root = Coalesce(OuterRef(OuterRef(f"{member}__same_as")), OuterRef(OuterRef(member)))
    person = Member.objects.filter(Q(pk=root) | Q(same_as=root))
    return MembershipCard.objects.filter(
        member__in=person.order_by().values("pk"), brand=owner, closed_at=None
    )


def told_in(owner: Any, *, guide: Any, author: str = "author") -> Q:
    """What guides of the owner wrote down, and in any case what `guide` did."""
    own = Q(**{author: guide})
    return own if owner is None else own | Q(**{f"{author}__store__region__brand": owner})
