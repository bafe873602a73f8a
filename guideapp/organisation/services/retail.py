"""Brands and stores as other systems name them, and stores written from there."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.results import Result
from guideapp.core.upserts import Brands, Refused, Row, Writing, in_one_go, need, pick
from guideapp.organisation.models import Brand, Region, Store

_CODE_LENGTH = 20
_FIELDS = ["region", "name", "city", "closed_on", "mall", "source", "as_of"]


def brands_named(names: Iterable[str]) -> dict[str, Brand]:
    """Brands and malls by the retailer's code, or by name; a code wins over another's name."""
    wanted = {name for name in names if name}
    rows = list(Brand.objects.filter(Q(code__in=wanted) | Q(name__in=wanted)).order_by("pk"))
    by_name = {row.name: row for row in rows}
    return by_name | {row.code: row for row in rows if row.code}


def stores_coded(codes: Iterable[str]) -> dict[str, Store]:
    """Stores by code, with region and brand."""
    wanted = {code for code in codes if code}
    rows = Store.objects.filter(code__in=wanted).select_related("region__brand")
    return {row.code: row for row in rows}


def brand_of(row: Row, known: dict[str, Brand], brands: Brands, field: str = "brand") -> Brand:
    """The brand that a row names; one that the sender may not write for is as good as unknown."""
    brand = known.get(row.get(field, ""))
    if brand is None or (brands is not None and brand.pk not in brands):
        raise Refused("unknown_brand", _("没有这个品牌或商场"), field)
    return brand


def store_of(row: Row, known: dict[str, Store], brands: Brands, field: str = "store") -> Store:
    """The store that a row names by its code, within what the sender may write for."""
    store = known.get(row.get(field, ""))
    if store is None or (brands is not None and store.region.brand_id not in brands):
        raise Refused("unknown_store", _("没有这个门店编号"), field)
    return store


@in_one_go
def save_stores(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add stores by `code`, or change those that are there.

    A new store names `brand` and `region`; the region is made if the brand has none of that name.
    `brand_name` makes an unknown brand, for a sender who may write for all.
    """
    job = _Stores(rows, source, brands)
    job.writing.each(job.put)
    job.keep_regions()
    job.writing.store(_FIELDS)
    return job.writing.answers()


class _Stores:
    """One batch of stores."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        held = Store.objects.select_for_update(of=("self",)).select_related("region__brand")
        known = held.filter(code__in={row["code"] for row in rows}).order_by("pk")
        self.writing = Writing(rows, {store.code: store for store in known})
        self.named = brands_named(row.get(name, "") for row in rows for name in ("brand", "mall"))
        self.regions: dict[tuple[str, str], Region] = {}  # by brand's and region's name

    def put(self, index: int, row: Row) -> None:
        """Write one store."""
        store = self.writing.known.get(row["code"])
        if store is None:
            need(row, "name", "brand", "region")
        elif self.brands is not None and store.region.brand_id not in self.brands:
            raise Refused("unknown_store", _("没有这个门店编号"), "code")
        as_of = self.writing.as_of(row)
        values = pick(row, "name", "city", "closed_on") | {"source": self.source}
        if "mall" in row:
            values["mall"] = self._mall(row)
        if "brand" in row or "region" in row:
            values["region"] = self._region(row, store)
        if store is None:
            made = Store(code=row["code"], as_of=as_of, **values)
            written: Store | None = self.writing.make(index, row["code"], made)
        else:
            written = self.writing.put(index, row["code"], values, row)
        if written is not None and "region" in values:
            self._accept(row, values["region"])

    def _mall(self, row: Row) -> Brand | None:
        """The mall that the store stands in; '' or null: none."""
        if not row["mall"]:
            return None
        mall = self.named.get(row["mall"])
        if mall is None or not mall.is_mall:
            raise Refused("unknown_mall", _("没有这个商场"), "mall")
        return mall

    def _region(self, row: Row, store: Store | None) -> Region:
        """The region of a row, unsaved where the brand has none of that name."""
        brand = self._brand(row, store)
        name = row.get("region") or (store.region.name if store is not None else "")
        known = self.regions.get((brand.name, name))
        if known is None and not brand._state.adding:
            known = Region.objects.filter(brand=brand, name=name).select_related("brand").first()
        if known is None:
            return Region(brand=brand, name=name)
        self.regions[brand.name, name] = known
        return known

    def _brand(self, row: Row, store: Store | None) -> Brand:
        """The brand of a row, unsaved where the row names one that is not there."""
        if not row.get("brand") and store is not None:
            return store.region.brand
        is_new = row["brand"] not in self.named and row.get("brand_name")
        if is_new and self.brands is None:
            if len(row["brand"]) > _CODE_LENGTH:
                raise Refused("max_length", _("品牌编号最多 20 个字"), "brand")
            known = Brand.objects.filter(name=row["brand_name"]).first()
            return known or Brand(name=row["brand_name"], code=row["brand"])
        return brand_of(row, self.named, self.brands)

    def _accept(self, row: Row, region: Region) -> None:
        """Remember the region of a row that is written: a refused or older one makes nothing."""
        self.regions[region.brand.name, region.name] = region
        if row.get("brand"):
            self.named[row["brand"]] = region.brand

    def keep_regions(self) -> None:
        """Write the regions that are new, and their brands."""
        for region in self.regions.values():
            if region.brand._state.adding:
                region.brand.save()
            if region._state.adding:
                region.save()
