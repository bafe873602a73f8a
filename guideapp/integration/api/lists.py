"""What a client may read: which rows, in which shape, page by page in the order of news."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import Serializer

from guideapp.attribution.models import Order, Refund
from guideapp.catalogue.models import Product, Sku
from guideapp.core.clock import now
from guideapp.core.errors import BadInput
from guideapp.integration.api import outs
from guideapp.members.errors import NotForBrands
from guideapp.members.models import (
    Consent,
    Member,
    MemberAsset,
    MembershipCard,
    OfficialFollower,
)
from guideapp.organisation.models import HrPerson, Store

PAGE = 200
LONGEST_PAGE = 500


class BadCursor(BadInput):
    """Not a `next` of ours."""

    code = "bad_cursor"
    message = _("cursor 不对，请用上一页的 next")


class NoClock(BadInput):
    """Rows that nothing says the time of: they are read from the beginning."""

    code = "no_updated_since"
    message = _("这类资料不记更新时间，不能用 updated_since，请用 cursor 从头读")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows of a resource. `brand`: paths to their owners, `clock`: what they are sorted by.

    Without a path they are of no one brand, without a clock they come as they were added.
    `about_people`: whoever reads them is noted.
    """

    rows: Callable[[], QuerySet[Any]]
    brand: tuple[str, ...]
    serializer: type[Serializer[Any]]
    clock: str = "updated_at"
    about_people: bool = False


LISTINGS: dict[str, Listing] = {
    "stores": Listing(
        rows=lambda: Store.objects.select_related("region__brand", "mall"),
        brand=("region__brand",),
        serializer=outs.StoreOut,
    ),
    "guides": Listing(
        rows=lambda: HrPerson.objects.select_related("store"),
        brand=("store__region__brand",),
        serializer=outs.GuideOut,
    ),
    "products": Listing(
        rows=lambda: Product.objects.select_related("brand", "category"),
        brand=("brand",),
        serializer=outs.ProductOut,
    ),
    "skus": Listing(
        rows=lambda: Sku.objects.select_related("product"),
        brand=("product__brand",),
        serializer=outs.SkuOut,
    ),
    "members": Listing(
        rows=lambda: Member.objects.filter(erased_at=None).select_related(
            "home_store__region", "same_as"
        ),
        brand=("cards__brand", "home_store__region__brand"),
        serializer=outs.MemberOut,
        about_people=True,
    ),
    "cards": Listing(
        rows=lambda: MembershipCard.objects.filter(member__erased_at=None).select_related(
            "member", "brand"
        ),
        brand=("brand",),
        serializer=outs.CardOut,
        about_people=True,
    ),
    "assets": Listing(
        rows=lambda: MemberAsset.objects.filter(member__erased_at=None).select_related(
            "member", "brand"
        ),
        brand=("brand",),
        serializer=outs.AssetOut,
        about_people=True,
    ),
    "followers": Listing(
        rows=lambda: OfficialFollower.objects.select_related("member"),
        brand=(),
        serializer=outs.FollowerOut,
        about_people=True,
    ),
    "consents": Listing(
        rows=lambda: Consent.objects.filter(member__erased_at=None).select_related(
            "member", "brand"
        ),
        brand=("brand",),
        serializer=outs.ConsentOut,
        about_people=True,
    ),
    "orders": Listing(
        rows=lambda: Order.objects.select_related(
            "brand", "store", "member", "told_guide"
        ).prefetch_related("lines"),
        brand=("brand",),
        serializer=outs.OrderOut,
        about_people=True,
    ),
    "refunds": Listing(
        rows=lambda: Refund.objects.select_related("order__brand", "line"),
        brand=("order__brand",),
        serializer=outs.RefundOut,
        about_people=True,
        clock="created_at",
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
    """(rows, the cursor of the next page or None), in the order of news.

    What is younger than API_FEED_LAG_SECONDS waits for a later page: a transaction that began
    before may still bring older rows, which a reader who has gone on would never see. Raises
    BadCursor, NoClock, and NotForBrands for rows of no one brand.
    """
    rows = listing.rows()
    if brands is not None:
        rows = rows.filter(pk__in=_owned(listing, brands))
    if since is not None and not listing.clock:
        raise NoClock
    if settings.API_FEED_LAG_SECONDS and listing.clock:
        settled = now() - timedelta(seconds=settings.API_FEED_LAG_SECONDS)
        rows = rows.filter(**{f"{listing.clock}__lte": settled})
    if since is not None:
        rows = rows.filter(**{f"{listing.clock}__gte": since})
    if cursor:
        rows = rows.filter(_after(listing, cursor))
    order = [listing.clock, "pk"] if listing.clock else ["pk"]
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], _cursor(listing, found[limit - 1])


def _owned(listing: Listing, brands: frozenset[int]) -> QuerySet[Any]:
    """Keys of the rows of these brands."""
    if not listing.brand:
        raise NotForBrands
    whose = Q()
    for path in listing.brand:
        whose |= Q(**{f"{path}__in": brands})
    return listing.rows().filter(whose).order_by().values("pk")


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
