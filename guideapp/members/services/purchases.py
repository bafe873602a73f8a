"""Purchases, and the sums that a card shows: kept on write, the year refreshed each night."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import batched

from django.db import transaction
from django.db.models import BigIntegerField, Count, Q, Sum, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.tasks import task

from guideapp.core.clock import day_range, now, today
from guideapp.core.jobs.schedule import periodic
from guideapp.members.models import Member, MemberValue, TimelineEvent
from guideapp.members.services.events import NewEvent, store_new
from guideapp.members.services.suggestions import Ordered, mark_ordered
from guideapp.organisation.models import Brand, Guide, Store

PURCHASE, REFUND = "purchase", "refund"
YEAR_DAYS = 365
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One SKU of an order. `amount_fen` is what was paid for all `quantity` pieces."""

    sku_code: str
    title: str
    colour: str
    size: str
    quantity: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One order of a member at a brand, which is the store's unless it is named."""

    member: Member
    order_no: str
    lines: Sequence[PurchaseLine]
    store: Store | None
    at: datetime
    guide: Guide | None = None  # whom it is credited to
    brand: Brand | None = None

    @property
    def brand_id(self) -> int:
        """Whose order it is. Raises ValueError for an order of nobody."""
        if self.brand is not None:
            return self.brand.pk
        if self.store is None:
            raise ValueError("An order needs a store or a brand.")
        return self.store.region.brand_id

    @property
    def amount_fen(self) -> int:
        """What was paid, in fen."""
        return sum(line.amount_fen for line in self.lines)


def record_purchase(
    *,
    member: Member,
    order_no: str,
    lines: Sequence[PurchaseLine],
    store: Store | None,
    at: datetime,
    guide: Guide | None = None,
    brand: Brand | None = None,
) -> TimelineEvent | None:
    """Put an order on the member's timeline and into the sums; None when it was there already."""
    purchase = Purchase(
        member=member, order_no=order_no, lines=lines, store=store, at=at, guide=guide, brand=brand
    )
    if not _store([purchase]):
        return None
    return TimelineEvent.objects.get(key=_key(purchase))


def record_purchases(purchases: Iterable[Purchase]) -> int:
    """`record_purchase` for many, in batches of a transaction each; how many were new."""
    return sum(_store(batch) for batch in batched(purchases, _BATCH, strict=False))


@periodic("10 0 * * *", name="members.year_sums", catch_up=True)
@task(queue_name="bulk")
def refresh_year_sums() -> None:
    """Let purchases that are a year old today drop out of the year's sums."""
    day = today()
    stale = Q(year_as_of=None) | Q(year_as_of__lt=day)
    rows = MemberValue.objects.filter(stale, year_orders__gt=0).order_by("pk")
    for some in batched(list(rows.values_list("pk", flat=True)), _BATCH, strict=False):
        _refresh(some, day)


@transaction.atomic
def _store(purchases: Sequence[Purchase]) -> int:
    by_key = {_key(purchase): purchase for purchase in purchases}
    values = locked_values({(purchase.member.pk, purchase.brand_id) for purchase in purchases})
    new = store_new([_event(purchase) for purchase in purchases])
    per_value: dict[tuple[int, int], list[Purchase]] = defaultdict(list)
    for event in new:
        purchase = by_key[event.key]
        per_value[purchase.member.pk, purchase.brand_id].append(purchase)
    for key, some in per_value.items():
        _add(values[key], some)
    fields = ["spend_fen", "year_spend_fen", "year_orders", "year_as_of", "last_purchase_at"]
    MemberValue.objects.bulk_update([values[key] for key in per_value], fields, batch_size=500)
    mark_ordered(
        Ordered(purchase.member.pk, purchase.brand_id, purchase.at)
        for some in per_value.values()
        for purchase in some
    )
    return len(new)


def locked_values(keys: set[tuple[int, int]]) -> dict[tuple[int, int], MemberValue]:
    """The sums of each (member, brand), made where there are none, and locked."""
    wanted = [MemberValue(member_id=member, brand_id=brand) for member, brand in sorted(keys)]
    MemberValue.objects.bulk_create(wanted, ignore_conflicts=True)
    rows = MemberValue.objects.select_for_update().filter(
        member__in={member for member, _ in keys}, brand__in={brand for _, brand in keys}
    )
    return {(row.member_id, row.brand_id): row for row in rows.order_by("pk")}


def _add(value: MemberValue, purchases: Sequence[Purchase]) -> None:
    """Raise the sums by orders that are new; `value` is locked and is saved by the caller."""
    since = year_start(value.year_as_of or today())
    recent = [purchase for purchase in purchases if purchase.at >= since]
    value.spend_fen += sum(purchase.amount_fen for purchase in purchases)
    value.year_spend_fen += sum(purchase.amount_fen for purchase in recent)
    value.year_orders += len(recent)
    value.year_as_of = value.year_as_of or today()
    times = [purchase.at for purchase in purchases]
    if value.last_purchase_at:
        times.append(value.last_purchase_at)
    value.last_purchase_at = max(times)


@transaction.atomic
def _refresh(pks: Sequence[int], day: date) -> None:
    rows = list(MemberValue.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
    sums = _year_sums({row.member_id for row in rows}, day)
    for row in rows:
        year = sums.get((row.member_id, row.brand_id), {"orders": 0, "amount": 0})
        row.year_orders, row.year_spend_fen, row.year_as_of = year["orders"], year["amount"], day
    fields = ["year_spend_fen", "year_orders", "year_as_of"]
    MemberValue.objects.bulk_update(rows, fields, batch_size=500)


def _year_sums(members: set[int], day: date) -> dict[tuple[int, int], dict[str, int]]:
    """For each (member, brand): orders and amount of the year, refunds of its orders taken off."""
    events = TimelineEvent.objects.filter(member__in=members, at__lte=now())
    start = year_start(day)
    bought = events.filter(kind=PURCHASE, at__gte=start)
    # Texts of one form compare as the moments do.
    given_back = events.filter(kind=REFUND).alias(
        ordered_at=Cast(KT("params__ordered_at"), TextField())
    )
    given_back = given_back.filter(ordered_at__gte=start.astimezone(UTC).isoformat())
    orders = Cast(KT("params__orders"), BigIntegerField())
    sums: dict[tuple[int, int], dict[str, int]] = {}
    for rows, sign, count in ((bought, 1, Count("pk")), (given_back, -1, Sum(orders))):
        for row in rows.values(
            "member", brand=Cast(KT("params__brand_id"), BigIntegerField())
        ).annotate(orders=count, amount=Sum(Cast(KT("params__amount_fen"), BigIntegerField()))):
            year = sums.setdefault((row["member"], row["brand"]), {"orders": 0, "amount": 0})
            year["orders"] += sign * row["orders"]
            year["amount"] += sign * row["amount"]
    return sums


def year_start(day: date) -> datetime:
    """The beginning of the 365 days that end with `day`."""
    return day_range(day - timedelta(days=YEAR_DAYS - 1))[0]


def _event(purchase: Purchase) -> NewEvent:
    return NewEvent(
        kind=PURCHASE,
        key=_key(purchase),
        at=purchase.at,
        member=purchase.member,
        guide=purchase.guide,
        store=purchase.store,
        params={
            "order_no": purchase.order_no,
            "brand_id": purchase.brand_id,
            "amount_fen": purchase.amount_fen,
            "pieces": sum(line.quantity for line in purchase.lines),
            "lines": [asdict(line) for line in purchase.lines],
        },
    )


def _key(purchase: Purchase) -> str:
    return f"{PURCHASE}:{purchase.brand_id}:{purchase.order_no}"
