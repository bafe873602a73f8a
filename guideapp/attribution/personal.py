"""What this room's tables hold about people: links handed to them, and what they bought.

The law of commerce and of book-keeping wants orders kept; after an erasure they are those of a
pseudonym.
"""

from django.utils.translation import gettext_lazy as _

from guideapp.attribution.models import Order, OrderLine, Refund, TrackedLink
from guideapp.core.personal import About, of_contact, of_member, table

_BOOKS = "orders and their lines are kept for the books, under the member's pseudonym"

table(
    TrackedLink,
    about=About.CUSTOMER,
    label=_("发给 TA 的链接"),
    of=of_contact(),
    s="token",
    p3="id kind guide store contact channel target parent created_at",
)
table(
    Order,
    about=About.CUSTOMER,
    label=_("订单"),
    of=of_member(),
    keeps=dict.fromkeys(
        ("order_no", "ordered_at", "paid_at", "amount_fen", "refunded_fen"), _BOOKS
    ),
    s="link_token",
    p2="order_no ordered_at paid_at amount_fen refunded_fen",
    p3="id created_at updated_at brand store member channel state told_guide source as_of",
)
table(
    OrderLine,
    about=About.CUSTOMER,
    label=_("订单明细"),
    of=of_member("order__member"),
    keeps=dict.fromkeys(("sku_code", "title", "colour", "size", "quantity", "amount_fen"), _BOOKS),
    p2="sku_code title colour size quantity amount_fen",
    p3="id order line_no sku",
)
table(
    Refund,
    about=About.CUSTOMER,
    label=_("退款"),
    of=of_member("order__member"),
    keeps=dict.fromkeys(("refund_no", "amount_fen", "at"), _BOOKS),
    p2="refund_no amount_fen at",
    p3="id order line source as_of created_at",
)
