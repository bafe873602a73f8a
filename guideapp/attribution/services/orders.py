"""Orders as a mall, a till or a mini program tells them: many at once, each once."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from guideapp.attribution.models import Order, OrderLine, Refund
from guideapp.catalogue.models import Sku
from guideapp.core.clock import now
from guideapp.core.results import Result
from guideapp.core.upserts import (
    CLOCKS_DIFFER,
    Brands,
    Refused,
    Row,
    Writing,
    in_one_go,
    need,
    pick,
)
from guideapp.members.models import Member
from guideapp.members.services import (
    GivenBack,
    Purchase,
    PurchaseLine,
    member_of,
    members_named,
    order_settled,
    order_waits,
    record_purchases,
    record_refunds,
)
from guideapp.members.services.order_rules import WAITS
from guideapp.organisation.models import Brand, Store
from guideapp.organisation.services import (
    Tenures,
    brand_of,
    brands_named,
    store_of,
    stores_coded,
)

_FIELDS = ["store", "member", "channel", "state", "ordered_at", "paid_at", "amount_fen"]
_FIELDS += ["told_guide", "link_token", "source", "as_of"]
_FIXED = {name: name for name in ("store", "channel", "ordered_at", "paid_at", "link_token")}
_FIXED["told_guide"] = "guide"  # the name in the record
_LINE = ("sku_code", "title", "colour", "size", "quantity", "amount_fen")
_CLOSED = _("订单已付款或已取消，不能再改；退款请用 refunds")


@in_one_go
def save_orders(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add orders by brand and `order_no`, or change those that are not paid yet.

    A paid order goes on the member's timeline and into the sums, once. One that waits for its
    payment is suggested to the guides. `lines` replace the lines; their sum is the amount. Whose
    order it is may be told later, once.
    """
    job = _Orders(rows, source, brands)
    job.writing.each(job.put)
    job.writing.store(_FIELDS)
    job.store_lines()
    job.tell_members()
    return job.writing.answers()


def brand_and_store(
    row: Row, named: dict[str, Brand], stores: dict[str, Store], brands: Brands
) -> tuple[Brand, Store | None]:
    """Whose order a row is about: the brand that it names, else the store's."""
    store = store_of(row, stores, brands) if row.get("store") else None
    if row.get("brand"):
        return brand_of(row, named, brands), store
    if store is None:
        raise Refused("required", _("要有门店或品牌"), "store")
    return store.region.brand, store


class _Orders:
    """One batch of orders."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        self.named = brands_named(row.get("brand") or "" for row in rows)
        self.stores = stores_coded(row.get("store") or "" for row in rows)
        self.members = members_named(rows, brands)
        self.guides = Tenures(row["guide"] for row in rows if row.get("guide"))
        self.writing = Writing(rows, _known(rows, self.named.values(), self.stores.values()))
        self.lines: dict[int, tuple[Order, list[Row]]] = {}  # to be written, by id() of the order
        self.news: dict[int, Order] = {}  # orders whose members are to be told

    def put(self, index: int, row: Row) -> None:
        """Write one order."""
        brand, store = brand_and_store(row, self.named, self.stores, self.brands)
        _refuse_future(row, self.writing)
        key = (brand.pk, row["order_no"])
        order = self.writing.known.get(key)
        values = pick(row, "channel", "ordered_at", "paid_at", "link_token")
        values |= {"source": self.source} | self._people(row, order)
        if store is not None:
            values["store"] = store
        if order is None:
            order = self._make(index, key, values, row)
        elif not self._change(index, key, values, row):
            return
        self.news[id(order)] = order

    def _people(self, row: Row, order: Order | None) -> Row:
        """The member, and the guide whom the till named: who held that userid then."""
        found: Row = {}
        if (member := member_of(row, self.members)) is not None:
            found["member"] = member
        if row.get("guide"):
            at = row.get("ordered_at") or (order.ordered_at if order else self.writing.at)
            guide = self.guides.holder(row["guide"], at)
            if guide is None and self.guides.knows(row["guide"]):
                raise Refused("guide_not_there", _("下单的时候这个账号没有人在用"), "guide")
            if guide is None:
                raise Refused("unknown_guide", _("没有这个导购账号"), "guide")
            found["told_guide"] = guide
        return found

    def _make(self, index: int, key: tuple[int, str], values: Row, row: Row) -> Order:
        need(row, "ordered_at", "lines")
        order = Order(brand_id=key[0], order_no=key[1], as_of=self.writing.as_of(row), **values)
        order.state = row.get("state") or Order.State.PAID
        order.amount_fen = sum(line["amount_fen"] for line in row["lines"])
        if order.state == Order.State.PAID:
            order.paid_at = order.paid_at or order.ordered_at
        self.lines[id(order)] = (order, row["lines"])
        return self.writing.make(index, key, order)

    def _change(self, index: int, key: tuple[int, str], values: Row, row: Row) -> bool:
        """Write what is new about a known order; False where there is nothing to tell members."""
        order = self.writing.known[key]
        was_settled, had_member = order.state != Order.State.UNPAID, order.member_id
        lines = row.get("lines")
        has_new_lines = lines is not None and not _same(lines, self._lines_of(order))
        state = row.get("state") or order.state
        if order.as_of is None or self.writing.as_of(row) >= order.as_of:
            _refuse_change(order, values, state, has_new_lines=has_new_lines)
        values["state"] = state
        if has_new_lines and lines is not None:
            values["amount_fen"] = sum(line["amount_fen"] for line in lines)
        if state == Order.State.PAID and not values.get("paid_at"):
            values["paid_at"] = order.paid_at or values.get("ordered_at") or order.ordered_at
        if self.writing.put(index, key, values, row) is None:
            return False
        if has_new_lines and lines is not None:
            self.lines[id(order)] = (order, lines)
        return not was_settled or order.member_id != had_member

    def _lines_of(self, order: Order) -> list[Row]:
        if id(order) in self.lines:
            return self.lines[id(order)][1]
        stored = sorted(order.lines.all(), key=lambda line: line.line_no) if order.pk else []
        return [{name: getattr(line, name) for name in _LINE} for line in stored]

    def store_lines(self) -> None:
        """Write the lines of new orders, and those that replace others."""
        orders = [order for order, _lines in self.lines.values()]
        OrderLine.objects.filter(order__in=[order.pk for order in orders]).delete()
        codes = {line["sku_code"] for _order, lines in self.lines.values() for line in lines}
        skus = dict(Sku.objects.filter(code__in=codes).values_list("code", "pk"))
        OrderLine.objects.bulk_create(
            [
                OrderLine(
                    order=order, line_no=number, sku_id=skus.get(line["sku_code"]), **_filled(line)
                )
                for order, lines in self.lines.values()
                for number, line in enumerate(lines, 1)
            ],
            batch_size=1000,
        )

    def tell_members(self) -> None:
        """Paid orders go into the sums; what waits, or waits no longer, is suggested or not."""
        with_member = [order for order in self.news.values() if order.member_id]
        paid = [order for order in with_member if order.state == Order.State.PAID]
        tell_paid(paid)
        for order in with_member:
            if order.ordered_at <= now() - WAITS:
                continue
            if order.state == Order.State.UNPAID:
                order_waits(
                    member_id=order.member_id or 0,
                    brand_id=order.brand_id,
                    order_no=order.order_no,
                    amount_fen=order.amount_fen,
                    at=order.ordered_at,
                )
            else:
                order_settled(
                    member_id=order.member_id or 0,
                    brand_id=order.brand_id,
                    order_no=order.order_no,
                )


def tell_paid(orders: Iterable[Order]) -> None:
    """Put paid orders, and what was given back of them, on the timeline and into the sums."""
    by_pk = {order.pk: order for order in orders}
    if not by_pk:
        return
    rows = Order.objects.filter(pk__in=by_pk).prefetch_related("lines")
    full = rows.select_related("brand", "member", "store__region", "told_guide")
    record_purchases(_purchase(order, order.member) for order in full if order.member is not None)
    record_refunds(given_back(by_pk))


def given_back(order_ids: Iterable[int]) -> list[GivenBack]:
    """Refunds of orders in the words of the members room, those of unknown buyers left out."""
    rows = Refund.objects.filter(order__in=list(order_ids), order__member__isnull=False)
    left: dict[int, int] = {}
    found = []
    for refund in rows.select_related("order__member", "order__brand", "order__store").order_by(
        "pk"
    ):
        order, member = refund.order, refund.order.member
        left[order.pk] = left.get(order.pk, order.amount_fen) - refund.amount_fen
        if member is not None:
            found.append(_given_back(refund, order, member, is_whole=left[order.pk] == 0))
    return found


def _given_back(refund: Refund, order: Order, member: Member, *, is_whole: bool) -> GivenBack:
    return GivenBack(
        member=member,
        brand=order.brand,
        store=order.store,
        order_no=order.order_no,
        refund_no=refund.refund_no,
        amount_fen=refund.amount_fen,
        ordered_at=order.ordered_at,
        at=refund.at,
        is_whole=is_whole,
    )


def _known(
    rows: list[Row], named: Iterable[Brand], stores: Iterable[Store]
) -> dict[tuple[int, str], Order]:
    owners = {brand.pk for brand in named} | {store.region.brand_id for store in stores}
    numbers = {row["order_no"] for row in rows}
    held = Order.objects.select_for_update(of=("self",)).prefetch_related("lines").order_by("pk")
    people = held.select_related("store", "member", "told_guide")
    found = people.filter(brand__in=owners, order_no__in=numbers)
    return {(order.brand_id, order.order_no): order for order in found}


def _refuse_future(row: Row, writing: Writing[Order]) -> None:
    for field in ("ordered_at", "paid_at"):
        if row.get(field) and row[field] > writing.at + CLOCKS_DIFFER:
            raise Refused("future_date", _("时间在将来，检查对方系统的时钟"), field)


def _refuse_change(order: Order, values: Row, state: str, *, has_new_lines: bool) -> None:
    """A paid or cancelled order stays what it is, but whose it is may be told later."""
    if order.state == Order.State.UNPAID:
        return
    if has_new_lines or state != order.state:
        raise Refused("order_closed", _CLOSED, "lines" if has_new_lines else "state")
    for field, name in _FIXED.items():
        if values.get(field) and values[field] != getattr(order, field):
            raise Refused("order_closed", _CLOSED, name)
    member: Member | None = values.get("member")
    if member is not None and order.member_id not in (None, member.pk):
        raise Refused("other_member", _("这一单已经记在另一位会员名下"), "member")


def _filled(line: Row) -> Row:
    return {"colour": "", "size": "", "quantity": 1} | pick(line, *_LINE)


def _same(given: list[Row], stored: list[Row]) -> bool:
    return [_filled(line) for line in given] == [_filled(line) for line in stored]


def _purchase(order: Order, member: Member) -> Purchase:
    lines = [
        PurchaseLine(
            sku_code=line.sku_code,
            title=line.title,
            colour=line.colour,
            size=line.size,
            quantity=line.quantity,
            amount_fen=line.amount_fen,
        )
        for line in sorted(order.lines.all(), key=lambda line: line.line_no)
    ]
    return Purchase(
        member=member,
        order_no=order.order_no,
        lines=lines,
        store=order.store,
        at=order.ordered_at,
        guide=order.told_guide,
        brand=order.brand,
    )
