"""Refunds as a mall or a till tells them; never more than was paid."""

from collections import defaultdict

from django.utils.translation import gettext_lazy as _

from guideapp.attribution.models import Order, OrderLine, Refund
from guideapp.attribution.services.orders import brand_and_store, given_back
from guideapp.core.bulk import rewrite
from guideapp.core.clock import now
from guideapp.core.results import Result, Status
from guideapp.core.upserts import CLOCKS_DIFFER, Brands, Refused, Row, Writing, in_one_go
from guideapp.members.services import record_refunds
from guideapp.organisation.services import brands_named, stores_coded


@in_one_go
def save_refunds(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Keep refunds of paid orders by `refund_no`, once; a refund is never changed.

    `line_no` names the line that came back. What exceeds the order or the line is refused.
    """
    job = _Refunds(rows, source, brands)
    job.writing.each(job.put)
    Refund.objects.bulk_create(job.new, batch_size=500)
    rewrite(list(job.touched.values()), ["refunded_fen"])
    record_refunds(given_back(job.touched))
    return job.writing.answers()


class _Refunds:
    """One batch of refunds; their orders are locked."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        self.named = brands_named(row.get("brand") or "" for row in rows)
        self.stores = stores_coded(row.get("store") or "" for row in rows)
        owners = {brand.pk for brand in self.named.values()}
        owners |= {store.region.brand_id for store in self.stores.values()}
        held = Order.objects.select_for_update().order_by("pk")
        found = held.filter(brand__in=owners, order_no__in={row["order_no"] for row in rows})
        self.orders = {(order.brand_id, order.order_no): order for order in found}
        pks = [order.pk for order in self.orders.values()]
        self.lines = {
            (line.order_id, line.line_no): line for line in OrderLine.objects.filter(order__in=pks)
        }
        self.known: dict[tuple[int, str], Refund] = {}
        self.of_line: dict[int, int] = defaultdict(int)
        for refund in Refund.objects.filter(order__in=pks):
            self._remember(refund)
        self.writing: Writing[Order] = Writing(rows, {})
        self.new: list[Refund] = []
        self.touched: dict[int, Order] = {}

    def _remember(self, refund: Refund) -> None:
        self.known[refund.order_id, refund.refund_no] = refund
        if refund.line_id is not None:
            self.of_line[refund.line_id] += refund.amount_fen

    def put(self, index: int, row: Row) -> None:
        """Write one refund."""
        order, line = self._order(row), None
        if row.get("line_no") is not None:
            line = self.lines.get((order.pk, row["line_no"]))
            if line is None:
                raise Refused("unknown_line", _("订单里没有这一行"), "line_no")
        known = self.known.get((order.pk, row["refund_no"]))
        if known is not None:
            _refuse_other(known, row, line)
            self.writing.results[index] = Result(index, Status.UNCHANGED)
            return
        self._refuse(order, line, row)
        refund = Refund(
            order=order,
            line=line,
            refund_no=row["refund_no"],
            amount_fen=row["amount_fen"],
            at=row["at"],
            source=self.source,
            as_of=self.writing.as_of(row),
        )
        order.refunded_fen += refund.amount_fen
        self.touched[order.pk] = order
        self.new.append(refund)
        self._remember(refund)
        self.writing.results[index] = Result(index, Status.CREATED)

    def _order(self, row: Row) -> Order:
        brand, _store = brand_and_store(row, self.named, self.stores, self.brands)
        order = self.orders.get((brand.pk, row["order_no"]))
        if order is None:
            raise Refused("unknown_order", _("没有这个订单号"), "order_no")
        return order

    def _refuse(self, order: Order, line: OrderLine | None, row: Row) -> None:
        if order.state != Order.State.PAID:
            raise Refused("order_not_paid", _("这一单没有付款"), "order_no")
        if row["at"] > now() + CLOCKS_DIFFER:
            raise Refused("future_date", _("时间在将来，检查对方系统的时钟"), "at")
        if order.refunded_fen + row["amount_fen"] > order.amount_fen:
            raise Refused("over_refund", _("退款超过了实付金额"), "amount_fen")
        if line is not None and self.of_line[line.pk] + row["amount_fen"] > line.amount_fen:
            raise Refused("over_refund", _("退款超过了这一行的金额"), "amount_fen")


def _refuse_other(known: Refund, row: Row, line: OrderLine | None) -> None:
    """The same number must be the same refund."""
    line_id = line.pk if line is not None else None
    if (known.amount_fen, known.line_id) != (row["amount_fen"], line_id):
        raise Refused("refund_changed", _("这个退款号已经用过，内容不同"), "refund_no")
