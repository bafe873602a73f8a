"""Product albums (商品图册)."""

import re
from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App
from guideapp.sandbox.models.library import Product
from guideapp.sandbox.services import ids, media
from guideapp.sandbox.services.media import Pool

DESCRIPTION_MAX, PRICE_MAX, IMAGES_MAX = 300, 5_000_000, 9
_SN = re.compile(r"[0-9A-Za-z]{1,128}")


@transaction.atomic
def add(given: dict[str, Any], app: App) -> Product:
    """Keep a product. Raises Refused."""
    row = Product(product_id=ids.random_text(32), slug=app.slug, created_at=now())
    _write(row, {"description": "", "price": None, "attachments": None, **given})
    row.save()
    return row


@transaction.atomic
def update(given: dict[str, Any], app: App) -> None:
    """Change what is sent, of one of the app's own."""
    row = own(given, app)
    _write(row, given)
    row.save()


def delete(given: dict[str, Any], app: App) -> None:
    """Remove one of the app's own."""
    row = own(given, app)
    row.deleted_at = now()
    row.save(update_fields=["deleted_at"])


def own(given: dict[str, Any], app: App) -> Product:
    """The app's own product. Raises Refused 41075, or 41074 when it was deleted."""
    id = str(given.get("product_id") or "")
    row = Product.objects.filter(product_id=id, slug=app.slug).first()
    if row is None:
        raise Refused(41075)
    if row.deleted_at:
        raise Refused(41074)
    return row


def _write(row: Product, given: dict[str, Any]) -> None:
    if "description" in given:
        row.description = _description(given["description"])
    if "price" in given:
        row.price = _price(given["price"])
    if "product_sn" in given:
        row.product_sn = _sn(given["product_sn"])
    if "attachments" in given:
        row.attachments = _attachments(given["attachments"])


def _description(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Refused(41087)
    if len(value) > DESCRIPTION_MAX:
        raise Refused(41073)
    return value


def _price(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= PRICE_MAX:
        raise Refused(41086)
    return value


def _sn(value: Any) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or not _SN.fullmatch(value):
        raise Refused(41085)
    return value


def _attachments(value: Any) -> list[Any]:
    """The key is `type` here, not `msgtype`; pictures come from the album's own pool."""
    if not isinstance(value, list) or not value:
        raise Refused(41088)
    if len(value) > IMAGES_MAX:
        raise Refused(41064)
    for entry in value:
        image = entry.get("image") if isinstance(entry, dict) else None
        if not isinstance(image, dict) or entry.get("type") != "image":
            raise Refused(41065)
        media.living(str(image.get("media_id") or ""), pool=Pool.ALBUM, kind="image")
    return value
