"""Products and SKUs, filled by import, API or the demo."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from guideapp.catalogue.models import Product, Sku


@dataclass(frozen=True, slots=True)
class NewSku:
    """One colour and size."""

    code: str
    colour: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A style with its SKUs. `drawing` is a garment of static/icons.svg (g-coat …)."""

    style_no: str
    name: str
    list_price_fen: int
    drawing: str = "g-coat"
    skus: tuple[NewSku, ...] = field(default=())


@transaction.atomic
def save_products(products: Iterable[NewProduct]) -> int:
    """Add styles by `style_no` and SKUs by `code`, or change those that are there; how many styles.

    SKUs that are not named stay: a sold piece must keep its name.
    """
    given = {product.style_no: product for product in products}
    Product.objects.bulk_create(
        [
            Product(
                style_no=product.style_no,
                name=product.name,
                drawing=product.drawing,
                list_price_fen=product.list_price_fen,
            )
            for product in given.values()
        ],
        update_conflicts=True,
        unique_fields=["style_no"],
        update_fields=["name", "drawing", "list_price_fen", "updated_at"],
    )
    ids = dict(Product.objects.filter(style_no__in=given).values_list("style_no", "pk"))
    Sku.objects.bulk_create(
        [
            Sku(product_id=ids[product.style_no], code=sku.code, colour=sku.colour, size=sku.size)
            for product in given.values()
            for sku in product.skus
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["product", "colour", "size"],
    )
    return len(given)
