"""The picture of a store (R26): what its customers are like, set against the whole brand.

A customer is somebody whom a present guide follows; who is followed by two counts once. The
brand's side is read at most every six hours; the store's is of this moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from django.core.cache import cache
from django.db.models import Count, FilteredRelation, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.members.models import FollowRelation, TagGroup, TagMark
from guideapp.members.services import held_cards
from guideapp.organisation.models import Store

TOP = 3
_FEWEST = 5  # customers: less says nothing about a store, and too much about a person
_KEPT_SECONDS = 6 * 3600
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Counts of customers: all of them, by trait, by tag, by level of the brand's card."""

    at: datetime
    customers: int
    traits: dict[str, int]
    levels: dict[str, int]
    tags: dict[int, tuple[str, str, int]]  # tag → name, group, customers


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the customers: here, and at the brand; rates 0–1."""

    label: str | Promise
    count: int
    rate: float
    brand_rate: float

    @property
    def times(self) -> float | None:
        """How many times the brand's rate; None where the brand has nobody."""
        return round(self.rate / self.brand_rate, 1) if self.brand_rate else None


@dataclass(frozen=True, slots=True)
class TopTag:
    """A tag that the store's customers have more often than the brand's."""

    part: Part
    group: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What the page shows."""

    customers: int
    brand_customers: int
    brand_at: datetime
    top: list[TopTag]
    parts: list[Part]


_TRAITS: dict[str, str | Promise] = {
    "members": _("有会员卡"),
    "viewed": _("30 天内看过素材"),
    "new": _("30 天内新加"),
    "women": _("女"),
    "men": _("男"),
}


def picture_of(store: Store) -> Picture:
    """The store beside its brand; three queries, and three more when the brand's side is old."""
    brand_id = store.region.brand_id
    here = _crowd(Q(guide__store=store), brand_id)
    brand = _brand(brand_id)
    return Picture(
        customers=here.customers,
        brand_customers=brand.customers,
        brand_at=brand.at,
        top=_top(here, brand),
        parts=[*_traits(here, brand), *_levels(here, brand)],
    )


def _brand(brand_id: int) -> Crowd:
    key = f"picture:{brand_id}"
    kept: Crowd | None = cache.get(key)
    if kept is None:
        kept = _crowd(Q(guide__store__region__brand=brand_id), brand_id)
        cache.set(key, kept, _KEPT_SECONDS)
    return kept


def _crowd(whose: Q, brand_id: int) -> Crowd:
    follows = FollowRelation.objects.active().filter(whose, contact__erased_at=None)
    since = now() - _MONTH
    counts = follows.aggregate(
        customers=_people(),
        viewed=_people(contact__active_at__gte=since),
        new=_people(followed_at__gte=since),
        men=_people(contact__gender=1),
        women=_people(contact__gender=2),
    )
    levels = _cards(follows, brand_id)
    return Crowd(
        at=now(),
        customers=counts.pop("customers"),
        traits={"members": sum(levels.values()), **counts},
        levels={level: people for level, people in levels.items() if level},
        tags=_tags(follows),
    )


def _cards(follows: QuerySet[FollowRelation], brand_id: int) -> dict[str, int]:
    """Customers by the level of their card ('' where it has none), each with one card.

    Nearly everybody's is on the record itself: others of the person are only looked at without.
    """
    of_brand = Q(contact__member__cards__brand=brand_id, contact__member__cards__closed_at=None)
    level = Coalesce("own__level", Subquery(held_cards(brand_id).values("level")[:1]))
    rows = follows.annotate(own=FilteredRelation("contact__member__cards", condition=of_brand))
    found = rows.annotate(level=level).order_by().values_list("level").annotate(people=_people())
    return {name: people for name, people in found if name is not None}


def _tags(follows: QuerySet[FollowRelation]) -> dict[int, tuple[str, str, int]]:
    """Tags of the company and of rules; what a guide keeps for themselves is not counted."""
    rows = (
        TagMark.objects.filter(follow__in=follows, removed_at=None, tag__gone_at=None)
        .exclude(tag__group__kind=TagGroup.Kind.PERSONAL)
        .order_by()
        .values_list("tag", "tag__name", "tag__group__name")
        .annotate(people=Count("follow__contact", distinct=True))
    )
    return {tag: (name, group, people) for tag, name, group, people in rows}


def _people(**which: object) -> Count:
    return Count("contact", distinct=True, filter=Q(**which) if which else None)


def _top(here: Crowd, brand: Crowd) -> list[TopTag]:
    """The tags that stand out most, by how unlikely chance is (z of the rate), not by the ratio.

    A ratio alone would put a tag of six people first.
    """
    found = []
    for tag, (name, group, people) in here.tags.items():
        at_brand = brand.tags.get(tag, (name, group, 0))[2]
        part = _part(name, people, at_brand, here, brand)
        if people >= _FEWEST and part.rate > part.brand_rate:
            found.append((_stands_out(part, here.customers), TopTag(part, group)))
    found.sort(key=lambda pair: (-pair[0], str(pair[1].part.label)))
    return [tag for _score, tag in found[:TOP]]


def _stands_out(part: Part, customers: int) -> float:
    expected = min(max(part.brand_rate, 1e-6), 1 - 1e-6)
    return (part.rate - expected) / sqrt(expected * (1 - expected) / customers)


def _traits(here: Crowd, brand: Crowd) -> Sequence[Part]:
    return [
        _part(label, here.traits[name], brand.traits[name], here, brand)
        for name, label in _TRAITS.items()
        if here.traits[name] or brand.traits[name]
    ]


def _levels(here: Crowd, brand: Crowd) -> Sequence[Part]:
    """By how common they are at the brand, the rarest first: 金卡 before 普卡."""
    names = sorted(brand.levels, key=lambda level: (brand.levels[level], level))
    return [
        _part(name, here.levels.get(name, 0), brand.levels[name], here, brand) for name in names
    ]


def _part(label: str | Promise, count: int, at_brand: int, here: Crowd, brand: Crowd) -> Part:
    return Part(
        label=label,
        count=count,
        rate=count / here.customers if here.customers else 0.0,
        brand_rate=at_brand / brand.customers if brand.customers else 0.0,
    )
