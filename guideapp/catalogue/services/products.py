"""Products and SKUs, filled by import, API or the demo."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from guideapp.catalogue.models import Product, ProductCategory, Sku
from guideapp.core.results import Result
from guideapp.core.upserts import Brands, Refused, Row, Writing, in_one_go, need, pick
from guideapp.organisation.services import brand_of, brands_named

_PRODUCT = ["name", "list_price_fen", "brand", "category", "picture_url", "off_sale_at"]
_SKU = ["product", "colour", "size", "barcode", "price_fen"]
_TOLD = ["source", "as_of"]


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


@in_one_go
def put_products(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add styles by `style_no`, or change those that are there.

    `category` is a code; `category_name` names it, and makes one that is not there. Categories are
    everybody's: a sender with `brands` of its own renames none.
    """
    job = _Products(rows, source, brands)
    job.writing.each(job.put)
    job.keep_categories()
    job.writing.store([*_PRODUCT, *_TOLD])
    return job.writing.answers()


@in_one_go
def put_skus(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add SKUs by `code`, or change those that are there; a new one names its `style_no`."""
    job = _Skus(rows, source, brands)
    job.writing.each(job.put)
    job.writing.store([*_SKU, *_TOLD])
    return job.writing.answers()


class _Products:
    """One batch of styles."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        held = Product.objects.select_for_update(of=("self",))
        known = held.filter(style_no__in={row["style_no"] for row in rows}).order_by("pk")
        self.writing = Writing(rows, {product.style_no: product for product in known})
        self.named = brands_named(row.get("brand", "") for row in rows)
        codes = {row["category"] for row in rows if row.get("category")}
        self.categories = {one.code: one for one in ProductCategory.objects.filter(code__in=codes)}
        self.renamed: dict[str, ProductCategory] = {}

    def put(self, index: int, row: Row) -> None:
        """Write one style."""
        style_no = row["style_no"]
        product = self.writing.known.get(style_no)
        values = pick(row, "name", "list_price_fen", "picture_url", "off_sale_at")
        if row.get("brand") or (product is None and self.brands is not None):
            values["brand"] = brand_of(row, self.named, self.brands)
        if "category" in row:
            values["category"] = self._category(row)
        if product is None:
            need(row, "name", "list_price_fen")
            as_of = self.writing.as_of(row)
            made = Product(style_no=style_no, source=self.source, as_of=as_of, **values)
            written: Product | None = self.writing.make(index, style_no, made)
        elif not _may_write(product.brand_id, self.brands):
            raise Refused("unknown_product", _("没有这个货号"), "style_no")
        else:
            written = self.writing.put(index, style_no, values | {"source": self.source}, row)
        if written is not None and values.get("category"):
            self._accept(values["category"], row.get("category_name", ""))

    def _category(self, row: Row) -> ProductCategory | None:
        """The category of a row, unsaved where it is new; '' or null: none."""
        code, name = row["category"], row.get("category_name", "")
        if not code:
            return None
        category = self.categories.get(code)
        if category is None and not name:
            raise Refused("unknown_category", _("没有这个品类"), "category")
        return category or ProductCategory(code=code, name=name)

    def _accept(self, category: ProductCategory, name: str) -> None:
        """Remember the category of a row that is written: a refused or older one names nothing."""
        self.categories[category.code] = category
        if name and name != category.name and self.brands is None:
            category.name = name
            if not category._state.adding:
                self.renamed[category.code] = category

    def keep_categories(self) -> None:
        """Write the categories that are new or have another name."""
        new = [one for one in self.categories.values() if one._state.adding]
        ProductCategory.objects.bulk_create(new)
        ProductCategory.objects.bulk_update(self.renamed.values(), ["name"])


class _Skus:
    """One batch of SKUs."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        held = Sku.objects.select_for_update(of=("self",)).select_related("product")
        known = held.filter(code__in={row["code"] for row in rows}).order_by("pk")
        self.writing = Writing(rows, {sku.code: sku for sku in known})
        styles = {row.get("style_no", "") for row in rows}
        self.products = {row.style_no: row for row in Product.objects.filter(style_no__in=styles)}

    def put(self, index: int, row: Row) -> None:
        """Write one SKU."""
        code = row["code"]
        values = pick(row, "colour", "size", "barcode", "price_fen")
        if row.get("style_no"):
            product = self.products.get(row["style_no"])
            if product is None or not _may_write(product.brand_id, self.brands):
                raise Refused("unknown_product", _("没有这个货号"), "style_no")
            values["product"] = product
        sku = self.writing.known.get(code)
        if sku is None:
            need(row, "style_no")
            as_of = self.writing.as_of(row)
            made = Sku(code=code, source=self.source, as_of=as_of, **values)
            self.writing.make(index, code, made)
            return
        if not _may_write(sku.product.brand_id, self.brands):
            raise Refused("unknown_sku", _("没有这个 SKU"), "code")
        self.writing.put(index, code, values | {"source": self.source}, row)


def _may_write(brand_id: int | None, brands: Brands) -> bool:
    return brands is None or brand_id in brands
