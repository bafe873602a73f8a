"""Stores, goods and staff as the retailer's systems send them."""

from datetime import timedelta

from guideapp.catalogue.models import Product, ProductCategory, Sku
from guideapp.core.clock import now
from guideapp.organisation.models import Brand, Region, Store
from tests.factories import make_brand, make_store
from tests.integration.support import System
from tests.integration.test_members_in import ends


def test_a_store_makes_its_region(crm):
    make_brand(name="万象", code="MALL", is_mall=True)
    store = {"code": "SH01", "name": "南京西路店", "brand": "QH", "brand_name": "青禾"}
    store |= {"region": "华东大区", "city": "上海", "mall": "MALL"}
    assert crm.post("stores", store).status_code == 201
    row = Store.objects.get()
    assert (row.region.name, row.region.brand.name, row.region.brand.code) == (
        "华东大区",
        "青禾",
        "QH",
    )
    assert row.mall is not None
    assert crm.post("stores", store).json()["status"] == "unchanged"


def test_stores_with_something_wrong(crm):
    make_brand()
    good = {"code": "S1", "name": "一店", "brand": "青禾", "region": "华东"}
    response = crm.bulk(
        "stores",
        [
            good | {"brand": "unknown"},
            good | {"mall": "青禾"},
            {"code": "S2", "name": "二店"},
            good | {"code": "x" * 21},
            good,
        ],
    )
    assert ends(response) == [
        ("refused", "unknown_brand", "brand"),
        ("refused", "unknown_mall", "mall"),
        ("refused", "required", "brand"),
        ("refused", "max_length", "code"),
        ("created", "", ""),
    ]


def test_a_store_that_is_refused_makes_no_region_and_no_brand(crm):
    make_brand(name="老店")
    store = {"code": "S1", "name": "一店", "brand": "QH", "brand_name": "青禾", "region": "华东"}
    assert crm.post("stores", store | {"mall": "nowhere"}).json()["code"] == "unknown_mall"
    tomorrow = (now() + timedelta(days=1)).isoformat()
    assert crm.post("stores", store | {"as_of": tomorrow}).json()["code"] == "future_as_of"
    assert Brand.objects.count() == 1
    assert crm.post("stores", store).status_code == 201
    older = store | {"region": "华北", "as_of": "2020-01-01T00:00:00+08:00"}
    assert crm.post("stores", older).json()["code"] == "older"
    assert list(Region.objects.values_list("name", flat=True)) == ["华东"]


def test_stores_of_one_call_share_their_new_brand_and_region(crm):
    store = {"name": "店", "brand": "QH", "brand_name": "青禾", "region": "华东"}
    response = crm.bulk("stores", [store | {"code": f"S{n}"} for n in range(3)])
    assert [end[0] for end in ends(response)] == ["created"] * 3
    assert (Brand.objects.count(), Region.objects.count()) == (1, 1)


def test_a_style_without_a_category_gets_a_new_one(crm):
    make_brand()
    style = {"style_no": "Q1", "name": "大衣", "list_price_fen": 1, "brand": "青禾"}
    assert crm.post("products", style).status_code == 201
    style |= {"category": "coat", "category_name": "大衣"}
    assert crm.post("products", style).json()["status"] == "updated"
    assert Product.objects.get().category.name == "大衣"


def test_a_style_that_is_refused_or_older_names_no_category(crm):
    make_brand()
    style = {"style_no": "Q1", "name": "大衣", "list_price_fen": 1, "brand": "青禾"}
    style |= {"category": "coat", "category_name": "大衣"}
    assert crm.post("products", style | {"brand": "nobody"}).json()["code"] == "unknown_brand"
    assert not ProductCategory.objects.exists()
    assert crm.post("products", style).status_code == 201
    older = style | {"category_name": "外套", "as_of": "2020-01-01T00:00:00+08:00"}
    assert crm.post("products", older).json()["code"] == "older"
    assert ProductCategory.objects.get().name == "大衣"
    crm.post("products", style | {"category_name": "外套"})
    assert ProductCategory.objects.get().name == "外套"


def test_a_client_of_one_brand_renames_no_category(crm):
    till = System(name="till", brands=(make_brand(),))
    style = {"style_no": "Q1", "name": "大衣", "list_price_fen": 1, "brand": "青禾"}
    style |= {"category": "coat", "category_name": "大衣"}
    assert till.post("products", style).status_code == 201
    assert till.post("products", style | {"category_name": "外套"}).status_code == 200
    assert ProductCategory.objects.get().name == "大衣"


def test_a_client_of_one_brand_makes_no_brand(db):
    till = System(brands=(make_brand(),))
    store = {"code": "S1", "name": "一店", "brand": "X", "brand_name": "新", "region": "华东"}
    assert till.post("stores", store).json()["code"] == "unknown_brand"
    assert Brand.objects.count() == 1


def test_goods_have_styles_and_skus(crm):
    style = {"style_no": "Q1", "name": "双面呢大衣", "list_price_fen": 189900, "brand": "青禾"}
    make_brand()
    style |= {"category": "coat", "category_name": "大衣"}
    style |= {"picture_url": "https://img.example.com/q1.jpg"}
    assert crm.post("products", style).status_code == 201
    assert crm.post("skus", {"code": "Q1-M", "style_no": "Q1", "size": "M"}).status_code == 201
    assert crm.post("skus", {"code": "Q2-M", "style_no": "Q2"}).json()["code"] == "unknown_product"
    product = Product.objects.get()
    assert (product.category.name, Sku.objects.get().product_id) == ("大衣", product.pk)
    assert crm.post("products", style | {"category": "nothing", "category_name": ""}).json() == {
        "status": "refused",
        "code": "unknown_category",
        "message": "没有这个品类",
        "field": "category",
    }


def test_the_staff_register_comes_in_too(crm):
    make_store(code="SH01")
    person = {"staff_no": "1001", "userid": "linxm", "name": "林小曼", "store": "SH01"}
    assert crm.post("guides", person | {"phone": "13900001111"}).status_code == 201
    assert crm.get("guides").json()["items"][0]["phone"] == "139****1111"
