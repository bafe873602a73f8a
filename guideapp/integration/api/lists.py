"""What a client may read: which rows, in which shape, page by page in the order of news."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import Serializer

from guideapp.attribution.models import Order, Refund
from guideapp.catalogue.models import Product, Sku
from guideapp.core.errors import BadInput
from guideapp.integration.api import outs
from guideapp.members.models import Member, MemberAsset, MembershipCard, OfficialFollower
from guideapp.organisation.models import HrPerson, Store

PAGE = 200
LONGEST_PAGE = 500


class BadCursor(BadInput):
    """Not a `next` of ours."""

    code = "bad_cursor"
    message = _("cursor 不对，请用上一页的 next")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows of a resource. `brand` is the path to their owner, `clock` what they are sorted by."""

    rows: Callable[[], QuerySet[Any]]
    brand: str
    serializer: type[Serializer[Any]]
    clock: str = "updated_at"


LISTINGS: dict[str, Listing] = {
    "stores": Listing(
        rows=lambda: Store.objects.select_related("region__brand", "mall"),
        brand="region__brand",
        serializer=outs.StoreOut,
    ),
    "guides": Listing(
        rows=lambda: HrPerson.objects.select_related("store"),
        brand="store__region__brand",
        serializer=outs.GuideOut,
    ),
    "products": Listing(
        rows=lambda: Product.objects.select_related("brand", "category"),
        brand="brand",
        serializer=outs.ProductOut,
    ),
    "skus": Listing(
        rows=lambda: Sku.objects.select_related("product"),
        brand="product__brand",
        serializer=outs.SkuOut,
    ),
    "members": Listing(
        rows=lambda: Member.objects.filter(erased_at=None).select_related("home_store", "same_as"),
        brand="cards__brand",
        serializer=outs.MemberOut,
    ),
    "cards": Listing(
        rows=lambda: MembershipCard.objects.filter(member__erased_at=None).select_related(
            "member", "brand"
        ),
        brand="brand",
        serializer=outs.CardOut,
    ),
    "assets": Listing(
        rows=lambda: MemberAsset.objects.filter(member__erased_at=None).select_related(
            "member", "brand"
        ),
        brand="brand",
        serializer=outs.AssetOut,
    ),
    "followers": Listing(
        rows=lambda: OfficialFollower.objects.select_related("member"),
        brand="member__cards__brand",
        serializer=outs.FollowerOut,
    ),
    "orders": Listing(
        rows=lambda: Order.objects.select_related(
            "brand", "store", "member", "told_guide"
        ).prefetch_related("lines"),
        brand="brand",
        serializer=outs.OrderOut,
    ),
    "refunds": Listing(
        rows=lambda: Refund.objects.select_related("order__brand", "line"),
        brand="order__brand",
        serializer=outs.RefundOut,
        clock="",
    ),
}


def page_of(
    listing: Listing,
    *,
    brands: frozenset[int] | None,
    since: datetime | None,
    cursor: str,
    limit: int,
) -> tuple[list[Model], str | None]:
    """(rows, the cursor of the next page or None). Raises BadCursor. `since` needs a clock."""
    rows = listing.rows()
    if brands is not None:
        whose = listing.rows().filter(**{f"{listing.brand}__in": brands})
        rows = rows.filter(pk__in=whose.values("pk")) if "cards" in listing.brand else whose
    if since is not None and listing.clock:
        rows = rows.filter(**{f"{listing.clock}__gte": since})
    if cursor:
        rows = rows.filter(_after(listing, cursor))
    order = [listing.clock, "pk"] if listing.clock else ["pk"]
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], _cursor(listing, found[limit - 1])


def _cursor(listing: Listing, row: Model) -> str:
    at = getattr(row, listing.clock).isoformat() if listing.clock else ""
    return base64.urlsafe_b64encode(f"{at}|{row.pk}".encode()).decode()


def _after(listing: Listing, cursor: str) -> Q:
    """Rows behind the cursor."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
        at, _bar, pk = text.partition("|")
        key = int(pk)
        moment = parse_datetime(at) if listing.clock else None
    except (ValueError, binascii.Error):
        raise BadCursor from None
    if not 0 <= key < 2**63 or (listing.clock and (moment is None or moment.tzinfo is None)):
        raise BadCursor
    if moment is None:
        return Q(pk__gt=key)
    behind = Q(**{f"{listing.clock}__gt": moment}) | Q(pk__gt=key)
    return Q(**{f"{listing.clock}__gte": moment}) & behind
