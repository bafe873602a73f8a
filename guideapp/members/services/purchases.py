"""Purchases, and the sums that a card shows: kept on write, the year refreshed each night."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import batched

from django.db import transaction
from django.db.models import BigIntegerField, Count, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.tasks import task

from guideapp.core.clock import day_range, now, today
from guideapp.core.jobs.schedule import periodic
from guideapp.members.models import Member, TimelineEvent
from guideapp.members.services.events import NewEvent, store_new
from guideapp.organisation.models import Guide, Store

PURCHASE = "purchase"
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
    """One order of a member."""

    member: Member
    order_no: str
    lines: Sequence[PurchaseLine]
    store: Store | None
    at: datetime
    guide: Guide | None = None  # whom it is credited to

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
) -> TimelineEvent | None:
    """Put an order on the member's timeline and into the sums; None when it was there already."""
    purchase = Purchase(
        member=member, order_no=order_no, lines=lines, store=store, at=at, guide=guide
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
    pks = (
        Member.objects.filter(stale, year_orders__gt=0).order_by("pk").values_list("pk", flat=True)
    )
    for some in batched(list(pks), _BATCH, strict=False):
        _refresh(some, day)


@transaction.atomic
def _store(purchases: Sequence[Purchase]) -> int:
    by_key = {_key(purchase): purchase for purchase in purchases}
    wanted = {purchase.member.pk for purchase in purchases}
    locked = Member.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    members = {member.pk: member for member in locked}
    new = store_new([_event(purchase) for purchase in purchases])
    per_member: dict[int, list[Purchase]] = defaultdict(list)
    for event in new:
        purchase = by_key[event.key]
        per_member[purchase.member.pk].append(purchase)
    for pk, some in per_member.items():
        _add(members[pk], some)
    fields = ["spend_fen", "year_spend_fen", "year_orders", "year_as_of", "last_purchase_at"]
    Member.objects.bulk_update([members[pk] for pk in per_member], fields, batch_size=500)
    return len(new)


def _add(member: Member, purchases: Sequence[Purchase]) -> None:
    """Raise the sums by orders that are new; `member` is locked and is saved by the caller."""
    since = _year_start(member.year_as_of or today())
    recent = [purchase for purchase in purchases if purchase.at >= since]
    member.spend_fen += sum(purchase.amount_fen for purchase in purchases)
    member.year_spend_fen += sum(purchase.amount_fen for purchase in recent)
    member.year_orders += len(recent)
    member.year_as_of = member.year_as_of or today()
    times = [purchase.at for purchase in purchases]
    if member.last_purchase_at:
        times.append(member.last_purchase_at)
    member.last_purchase_at = max(times)


@transaction.atomic
def _refresh(pks: Sequence[int], day: date) -> None:
    rows = list(Member.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
    sums = {
        row["member"]: row
        for row in TimelineEvent.objects.filter(
            member__in=pks, kind=PURCHASE, at__gte=_year_start(day), at__lte=now()
        )
        .values("member")
        .annotate(
            orders=Count("pk"),
            amount=Sum(Cast(KT("params__amount_fen"), BigIntegerField())),
        )
    }
    for row in rows:
        year = sums.get(row.pk, {"orders": 0, "amount": 0})
        row.year_orders, row.year_spend_fen, row.year_as_of = year["orders"], year["amount"], day
    fields = ["year_spend_fen", "year_orders", "year_as_of"]
    Member.objects.bulk_update(rows, fields, batch_size=500)


def _year_start(day: date) -> datetime:
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
            "amount_fen": purchase.amount_fen,
            "lines": [asdict(line) for line in purchase.lines],
        },
    )


def _key(purchase: Purchase) -> str:
    return f"{PURCHASE}:{purchase.order_no}"
