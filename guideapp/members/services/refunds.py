"""Money given back: on the member's timeline, and off the sums that a card shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from guideapp.core.clock import today
from guideapp.members.models import Member, MemberValue
from guideapp.members.services.events import NewEvent, store_new
from guideapp.members.services.purchases import REFUND, locked_values, year_start
from guideapp.organisation.models import Brand, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """A refund of one order. `is_whole` says that nothing of the order is left."""

    member: Member
    brand: Brand
    store: Store | None
    order_no: str
    refund_no: str
    amount_fen: int
    ordered_at: datetime
    at: datetime
    is_whole: bool


@transaction.atomic
def record_refunds(refunds: Sequence[GivenBack]) -> int:
    """Take refunds off the sums of their members and show them; how many were new.

    A whole refund takes the order off the year's count too. Told again, it changes nothing.
    """
    by_key = {_key(refund): refund for refund in refunds}
    values = locked_values({(refund.member.pk, refund.brand.pk) for refund in refunds})
    touched: dict[int, MemberValue] = {}
    new = store_new([_event(refund) for refund in refunds])
    for event in new:
        refund = by_key[event.key]
        value = values[refund.member.pk, refund.brand.pk]
        touched[value.pk] = value
        value.spend_fen -= refund.amount_fen
        if refund.ordered_at >= year_start(value.year_as_of or today()):
            value.year_spend_fen -= refund.amount_fen
            value.year_orders -= refund.is_whole
    fields = ["spend_fen", "year_spend_fen", "year_orders"]
    MemberValue.objects.bulk_update(touched.values(), fields, batch_size=500)
    return len(new)


def _event(refund: GivenBack) -> NewEvent:
    return NewEvent(
        kind=REFUND,
        key=_key(refund),
        at=refund.at,
        member=refund.member,
        store=refund.store,
        params={
            "order_no": refund.order_no,
            "refund_no": refund.refund_no,
            "brand_id": refund.brand.pk,
            "amount_fen": refund.amount_fen,
            "orders": int(refund.is_whole),
            # In UTC, so that texts compare as moments do.
            "ordered_at": refund.ordered_at.astimezone(UTC).isoformat(),
        },
    )


def _key(refund: GivenBack) -> str:
    return f"{REFUND}:{refund.brand.pk}:{refund.order_no}:{refund.refund_no}"
