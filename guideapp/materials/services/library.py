"""What a guide finds in the library, and in which order, for the customer in front of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from guideapp.core.clock import now
from guideapp.core.search import matching
from guideapp.materials.models import Category, Material, Share
from guideapp.materials.services.addresses import cover_url
from guideapp.materials.services.visits import Signal, signals_of
from guideapp.members.models import FollowRelation
from guideapp.organisation.models import Guide, Store

NEW_FOR = timedelta(days=7)
PAGE = 20
MOST = 200  # rows of one page, however often 再看 was tapped
_SHARES_READ = 200  # the latest sends to one customer; older ones do not show
_WELL_KNOWN = 10  # sends from which a rate says something


@dataclass(frozen=True, slots=True)
class LastShare:
    """The guide's latest send of one material to one customer."""

    state: str
    at: datetime

    @property
    def is_recent(self) -> bool:
        """Within 24 hours: sending again asks once."""
        return now() - self.at < timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Row:
    """One material as the guide sees it; `signal` and `last` only beside a customer."""

    material: Material
    cover: str
    last: LastShare | None = None
    signal: Signal | None = None

    @property
    def is_new(self) -> bool:
        """Published within a week."""
        published = self.material.published_at
        return published is not None and now() - published < NEW_FOR

    @property
    def is_known(self) -> bool:
        """Sent often enough for its rate to mean something."""
        return self.material.sent_count >= _WELL_KNOWN


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of the library: what the customer looked at, the rest in order, is there more."""

    viewed: list[Row]
    rows: list[Row]
    has_more: bool
    last_view: int  # what polling compares


def categories_for(store: Store | None) -> QuerySet[Category]:
    """The shelves of the store's brand; of all brands without a store."""
    shelves = Category.objects.order_by("order", "name")
    return shelves.filter(brand__regions__stores=store) if store else shelves


def library(*, store: Store | None, q: str, category: int | None) -> QuerySet[Material]:
    """Sendable materials that match, with what `_ORDER` sorts by: new ones, then best viewed."""
    at = now()
    found = Material.objects.sendable(store=store, at=at).filter(matching("search_terms", q))
    if category:
        found = found.filter(category=category)
    return found.select_related("category", "file", "cover").alias(
        age_rank=Case(When(published_at__gt=at - NEW_FOR, then=Value(0)), default=Value(1)),
        # Ten silent sends are added, so that one view of one send is not the best of all.
        rate=Cast(F("viewed_count"), FloatField()) / (F("sent_count") + _WELL_KNOWN),
    )


_ORDER = ("age_rank", "-rate", "-published_at", "-pk")


def shelf_for_nobody(*, store: Store | None, q: str, category: int | None, limit: int) -> Shelf:
    """The library outside a customer's chat. One query."""
    found = list(library(store=store, q=q, category=category).order_by(*_ORDER)[: limit + 1])
    rows = [Row(material, cover_url(material)) for material in found[:limit]]
    return Shelf(viewed=[], rows=rows, has_more=len(found) > limit, last_view=0)


def shelf_for(
    follow: FollowRelation, *, guide: Guide, q: str, category: int | None, limit: int
) -> Shelf:
    """The library beside one customer: what they looked at comes first. Three queries."""
    signals = signals_of(guide_id=follow.guide_id, contact_id=follow.contact_id)
    last = _last_shares(follow)
    found = library(store=guide.store, q=q, category=category)
    looked_at = Case(When(pk__in=list(signals), then=Value(0)), default=Value(1))
    ordered = found.alias(seen_rank=looked_at).order_by("seen_rank", *_ORDER)
    materials = list(ordered[: limit + 1])
    rows = [
        Row(material, cover_url(material), last.get(material.pk), signals.get(material.pk))
        for material in materials[:limit]
    ]
    viewed = [(row.signal.viewed_at, row) for row in rows if row.signal]
    viewed.sort(key=itemgetter(0), reverse=True)
    return Shelf(
        viewed=[row for _at, row in viewed],
        rows=[row for row in rows if not row.signal],
        has_more=len(materials) > limit,
        last_view=max((signal.last_view for signal in signals.values()), default=0),
    )


def row_of(material: Material, follow: FollowRelation) -> Row:
    """One material beside one customer, as after a send."""
    last = _last_shares(follow, material=material)
    signals = signals_of(guide_id=follow.guide_id, contact_id=follow.contact_id)
    return Row(material, cover_url(material), last.get(material.pk), signals.get(material.pk))


def _last_shares(
    follow: FollowRelation, *, material: Material | None = None
) -> dict[int, LastShare]:
    """The guide's latest send to the customer, by material."""
    narrowed = Q(material=material) if material else Q()
    shares = (
        Share.objects.filter(narrowed, contact=follow.contact_id, guide=follow.guide_id)
        .order_by("-tapped_at")
        .values_list("material_id", "state", "tapped_at")[:_SHARES_READ]
    )
    last: dict[int, LastShare] = {}
    for material_id, state, at in shares:
        last.setdefault(material_id, LastShare(state, at))
    return last
