"""Whom a sender with brands of its own may name; everybody else is as good as unknown to it."""

from collections.abc import Iterable

from django.db.models import Q

from guideapp.core.upserts import Brands
from guideapp.members.models import Member


def members_of(brands: frozenset[int]) -> Q:
    """Members with a card or their home store at one of `brands`."""
    return Q(cards__brand__in=brands) | Q(home_store__region__brand__in=brands)


def customers_of(brands: frozenset[int]) -> Q:
    """Customers whom a guide of `brands` follows."""
    return Q(follows__guide__store__region__brand__in=brands)


def within(member_ids: Iterable[int], brands: Brands) -> set[int]:
    """Those of `member_ids` whom the sender may write; one query, none for who may write all."""
    wanted = set(member_ids)
    if brands is None or not wanted:
        return wanted
    rows = Member.objects.filter(members_of(brands), pk__in=wanted).order_by()
    return set(rows.values_list("pk", flat=True))
