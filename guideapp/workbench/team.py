"""What guides did, day by day: the facts behind the boards of managers and the guide's own week.

Four facts count: a material reported as sent, a counted visit of a customer, a new customer, and a
day on which the guide used the product. Each keeps the store as it was then; a follow relation has
none and counts for the guide's present store.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from django.db.models import (
    Count,
    DateField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, TruncDate

from guideapp.core import clock
from guideapp.materials.models import Share, Visit
from guideapp.members.models import FollowRelation
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Guide, LoginDay, Role, RoleGrant, Store


@dataclass(frozen=True, slots=True)
class Period:
    """The Shanghai days `first` to `last`, both included."""

    first: date
    last: date

    @classmethod
    def last_days(cls, count: int) -> Self:
        """Today and the days before it, `count` in all."""
        return cls(clock.today() - timedelta(days=count - 1), clock.today())

    @property
    def before(self) -> "Period":
        """The period of the same length just before."""
        return Period(self.first - timedelta(days=len(self)), self.first - timedelta(days=1))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=offset) for offset in range(len(self)))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


@dataclass(slots=True)
class Tally:
    """Counts of facts. `seen` are those of the `sent` that a customer opened by now."""

    sent: int = 0
    seen: int = 0
    viewed: int = 0
    added: int = 0
    logins: int = 0

    def add(self, other: "Tally") -> None:
        """Count what `other` counted, too."""
        self.sent += other.sent
        self.seen += other.seen
        self.viewed += other.viewed
        self.added += other.added
        self.logins += other.logins

    @property
    def seen_rate(self) -> float | None:
        """Of what was sent, the part that was opened; None when nothing was sent."""
        return self.seen / self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Row:
    """The tally of one guide in one store on one day."""

    store_id: int | None
    guide_id: int
    day: date
    tally: Tally


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows that were read together, to be summed in several ways."""

    rows: tuple[Row, ...]

    def within(self, period: Period) -> "Facts":
        """Only the days of `period`."""
        return Facts(tuple(row for row in self.rows if row.day in period))

    def total(self) -> Tally:
        """Everything."""
        return sum_of(row.tally for row in self.rows)

    def by_guide(self) -> dict[int, Tally]:
        """Per guide; a guide without a fact reads as an empty tally."""
        return self._by("guide_id")

    def by_store(self) -> dict[int, Tally]:
        """Per store; a store without a fact reads as an empty tally."""
        return self._by("store_id")

    def by_day(self) -> dict[date, Tally]:
        """Per day; a day without a fact reads as an empty tally."""
        return self._by("day")

    def guides_who(self, fact: str) -> set[int]:
        """The guides with at least one `fact` (a field of Tally)."""
        return {row.guide_id for row in self.rows if getattr(row.tally, fact)}

    def _by(self, field: str) -> dict[Any, Tally]:
        sums: dict[Any, Tally] = defaultdict(Tally)
        for row in self.rows:
            sums[getattr(row, field)].add(row.tally)
        return sums


def stores_led_by(actor: Actor) -> QuerySet[Store]:
    """The stores that the person's roles as a manager reach, by name."""
    reach = Q(pk__in=[])
    for grant in actor.grants:
        if grant.role == Role.STORE_MANAGER and grant.store_id:
            reach |= Q(pk=grant.store_id)
        elif grant.role == Role.REGIONAL_MANAGER and grant.region_id:
            reach |= Q(region=grant.region_id)
    return Store.objects.filter(reach).select_related("region").order_by("name")


def guides_of(stores: list[Store] | QuerySet[Store]) -> QuerySet[Guide]:
    """The active guides of `stores` who hold the guide's role, by store and name."""
    works = RoleGrant.objects.filter(guide=OuterRef("pk"), role=Role.GUIDE, revoked_at=None)
    guides = Guide.objects.active().filter(Exists(works), store__in=stores)
    return guides.select_related("store").order_by("store__name", "name")


def facts_of(
    period: Period,
    *,
    stores: Iterable[Store] | None = None,
    guides: Iterable[Guide] | None = None,
) -> Facts:
    """The facts of `stores` and of `guides` (None: any) in one query."""
    start, end = clock.day_range(period.first, period.last)
    opened = Visit.objects.filter(link=OuterRef("link"), counted=True)
    sent = Share.objects.filter(state=Share.State.SENT, tapped_at__gte=start, tapped_at__lt=end)
    viewed = Visit.objects.filter(counted=True, opened_at__gte=start, opened_at__lt=end)
    added = FollowRelation.objects.filter(followed_at__gte=start, followed_at__lt=end)
    logins = LoginDay.objects.filter(day__gte=period.first, day__lte=period.last)
    scope = _Scope(_keys(stores), _keys(guides))
    parts = (
        scope.select(sent, "sent", "store", "guide", "tapped_at", seen=Q(Exists(opened))),
        scope.select(viewed, "viewed", "link__store", "link__guide", "opened_at"),
        scope.select(added, "added", "guide__store", "guide", "followed_at"),
        scope.select(logins, "logins", "store", "guide", "day"),
    )
    found = parts[0].union(*parts[1:], all=True)
    return Facts(
        tuple(
            Row(store_id, guide_id, day, Tally(**{fact: count}, **({"seen": seen} if seen else {})))
            for fact, store_id, guide_id, day, count, seen in found
        )
    )


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


class _ShanghaiDay(TruncDate):
    """The Shanghai day of a moment. SQLite would ask Python for each row: 20 times slower."""

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, Any]:
        """Shanghai has been eight hours ahead of UTC, without summer time, since 1991."""
        sql, params = compiler.compile(self.lhs)
        return f"DATE({sql}, '+8 hours')", params


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose facts are read."""

    store_ids: list[int] | None
    guide_ids: list[int] | None

    def select(
        self, rows: QuerySet[Any], fact: str, store: str, guide: str, at: str, seen: Q | None = None
    ) -> QuerySet[Any]:
        """Count `rows` per store, guide and day, in columns that all facts share."""
        if self.store_ids is not None:
            rows = rows.filter(**{f"{store}__in": self.store_ids})
        if self.guide_ids is not None:
            rows = rows.filter(**{f"{guide}__in": self.guide_ids})
        day = Cast(F(at), DateField()) if at == "day" else _ShanghaiDay(at, tzinfo=clock.SHANGHAI)
        counted: QuerySet[Any] = (
            rows.order_by()
            .annotate(fact=Value(fact), in_store=F(store), by=F(guide), on=day)
            .values("fact", "in_store", "by", "on")
            .annotate(
                count=Count("pk"),
                opened=Count("pk", filter=seen) if seen else Value(0, output_field=IntegerField()),
            )
            .values_list("fact", "in_store", "by", "on", "count", "opened")
        )
        return counted


def _keys(rows: Iterable[Store] | Iterable[Guide] | None) -> list[int] | None:
    return None if rows is None else [row.pk for row in rows]
