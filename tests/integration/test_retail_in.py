"""Stores, goods, orders, refunds and events as a mall or a till sends them."""

from datetime import timedelta

import pytest

from guideapp.attribution.models import Order, OrderLine, Refund
from guideapp.catalogue.models import Product, Sku
from guideapp.core.clock import now
from guideapp.members.models import MemberValue, Suggestion, TimelineEvent
from guideapp.members.services import refresh_year_sums
from guideapp.organisation.models import Brand, Store
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
    make_store,
)
from tests.integration.support import System
from tests.integration.test_members_in import ends

COAT = {"sku_code": "Q1-M", "title": "双面呢大衣", "colour": "驼色", "size": "M"}
COAT |= {"quantity": 1, "amount_fen": 189900}
SCARF = {"sku_code": "S1", "title": "羊绒围巾", "quantity": 1, "amount_fen": 59900}


@pytest.fixture
def shop(db):
    """A store, its guide, and a customer of theirs who is a member."""
    store = make_store(code="SH01")
    member = make_member(number="HY0001")
    follow = make_follow(guide=make_guide(store=store), contact=make_contact(member=member))
    return follow


def order(**kw):
    return {
        "order_no": "O1",
        "store": "SH01",
        "member": "HY0001",
        "ordered_at": (now() - timedelta(days=1)).isoformat(),
        "lines": [COAT, SCARF],
    } | kw


def value() -> tuple[int, int, int]:
    row = MemberValue.objects.get()
    return row.spend_fen, row.year_spend_fen, row.year_orders


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


def test_a_paid_order_counts_once(crm, shop):
    answers = [crm.post("orders", order()).status_code for _ in range(2)]
    assert answers == [201, 200]
    assert value() == (249800, 249800, 1)
    assert OrderLine.objects.count() == 2
    event = TimelineEvent.objects.get()
    assert event.params["lines"][0]["title"] == "双面呢大衣"


def test_orders_with_something_wrong(crm, shop):
    tomorrow = (now() + timedelta(days=1)).isoformat()
    response = crm.bulk(
        "orders",
        [
            order(store="SH99"),
            order(ordered_at=tomorrow),
            order(lines=[COAT | {"amount_fen": -1}]),
            order(member="nobody"),
            order(lines=[]),
            order(guide="nobody"),
            {"order_no": "O2", "lines": [COAT]},
            order(state="sold"),
        ],
    )
    assert ends(response) == [
        ("refused", "unknown_store", "store"),
        ("refused", "future_date", "ordered_at"),
        ("refused", "min_value", "lines.0.amount_fen"),
        ("refused", "unknown_member", "member"),
        ("refused", "empty", "lines"),
        ("refused", "unknown_guide", "guide"),
        ("refused", "required", "store"),
        ("refused", "invalid_choice", "state"),
    ]
    assert not Order.objects.exists()


def test_two_brands_may_have_the_same_order_number(crm, shop):
    make_store(code="B1", region=None, name="别家")
    other = make_brand(name="别家")
    crm.post("orders", order())
    crm.post("orders", order(store="SH01", brand=other.name))
    assert Order.objects.count() == 2
    assert MemberValue.objects.count() == 2


def test_an_order_that_waits_is_suggested_until_it_is_paid(crm, shop):
    crm.post("orders", order(state="unpaid"))
    suggestion = Suggestion.objects.get()
    assert (suggestion.rule, suggestion.evidence["amount_fen"]) == ("unpaid_order", 249800)
    assert not MemberValue.objects.exists()
    crm.post("orders", order(state="paid", lines=[COAT]))
    suggestion.refresh_from_db()
    assert suggestion.state == Suggestion.State.WITHDRAWN
    assert value() == (189900, 189900, 1)


def test_a_paid_order_is_not_changed(crm, shop):
    crm.post("orders", order())
    changed = crm.post("orders", order(lines=[COAT])).json()
    cancelled = crm.post("orders", order(state="cancelled")).json()
    assert (changed["code"], cancelled["code"]) == ("order_closed", "order_closed")
    assert value() == (249800, 249800, 1)


def test_whose_order_it_was_may_be_told_later(crm, shop):
    unknown = order()
    del unknown["member"]
    crm.post("orders", unknown)
    crm.post("refunds", refund(amount_fen=59900))
    assert not MemberValue.objects.exists()
    assert crm.post("orders", order()).json()["status"] == "updated"
    assert value() == (189900, 189900, 1)
    make_member(number="HY0002")
    assert crm.post("orders", order(member="HY0002")).json()["code"] == "other_member"


def test_older_news_of_an_order_is_passed_over(crm, shop):
    crm.post("orders", order(state="paid", as_of=now().isoformat()))
    late = order(state="unpaid", as_of=(now() - timedelta(hours=1)).isoformat())
    assert crm.post("orders", late).json()["code"] == "older"


def refund(**kw):
    return {
        "order_no": "O1",
        "store": "SH01",
        "refund_no": "R1",
        "amount_fen": 189900,
        "at": now().isoformat(),
    } | kw


def test_a_refund_comes_off_the_sums_once(crm, shop):
    crm.post("orders", order())
    answers = [crm.post("refunds", refund(line_no=1)).json()["status"] for _ in range(2)]
    assert answers == ["created", "unchanged"]
    assert value() == (59900, 59900, 1)
    crm.post("refunds", refund(refund_no="R2", amount_fen=59900))
    assert value() == (0, 0, 0)
    assert Order.objects.get().refunded_fen == 249800


def test_a_night_later_the_sums_are_the_same(crm, shop):
    crm.post("orders", order())
    crm.post("orders", order(order_no="O2", lines=[SCARF]))
    crm.post("refunds", refund())
    crm.post("refunds", refund(order_no="O2", amount_fen=59900))
    before = value()
    MemberValue.objects.update(year_as_of=None)
    refresh_year_sums.func()
    assert value() == before == (59900, 59900, 1)


def test_refunds_with_something_wrong(crm, shop):
    crm.post("orders", order())
    crm.post("orders", order(order_no="O2", state="unpaid"))
    crm.post("refunds", refund(amount_fen=1))
    response = crm.bulk(
        "refunds",
        [
            refund(order_no="O9"),
            refund(refund_no="R2", amount_fen=249800),
            refund(refund_no="R2", amount_fen=60000, line_no=2),
            refund(refund_no="R2", line_no=9),
            refund(amount_fen=2),
            refund(order_no="O2"),
            refund(refund_no="R3", at=(now() + timedelta(days=1)).isoformat()),
            refund(refund_no="R4", amount_fen=0),
        ],
    )
    assert ends(response) == [
        ("refused", "unknown_order", "order_no"),
        ("refused", "over_refund", "amount_fen"),
        ("refused", "over_refund", "amount_fen"),
        ("refused", "unknown_line", "line_no"),
        ("refused", "refund_changed", "refund_no"),
        ("refused", "order_not_paid", "order_no"),
        ("refused", "future_date", "at"),
        ("refused", "min_value", "amount_fen"),
    ]
    assert Refund.objects.count() == 1


def test_refunds_of_one_call_together_stay_within_the_order(crm, shop):
    crm.post("orders", order())
    response = crm.bulk("refunds", [refund(refund_no=f"R{n}", amount_fen=200000) for n in range(2)])
    assert [end[0] for end in ends(response)] == ["created", "refused"]


def test_orders_are_read_with_their_lines(crm, shop, django_assert_num_queries):
    crm.bulk("orders", [order(order_no=f"O{n}") for n in range(5)])
    with django_assert_num_queries(5):
        items = crm.get("orders").json()["items"]
    assert [line["line_no"] for line in items[0]["lines"]] == [1, 2]
    assert items[0]["member"] == "HY0001"


def event(**kw):
    return {
        "kind": "scan_buy",
        "key": "E1",
        "at": now().isoformat(),
        "store": "SH01",
        "member": "HY0001",
        "title": "羊绒围巾",
    } | kw


def test_a_scan_in_the_store_is_seen_once_and_leads_to_the_card(crm, shop):
    answers = [crm.post("events", event()).json()["status"] for _ in range(2)]
    assert answers == ["created", "unchanged"]
    row = TimelineEvent.objects.get()
    assert (row.kind, row.contact_id, row.store.code) == ("scan_buy", shop.contact_id, "SH01")
    suggestion = Suggestion.objects.get()
    assert (suggestion.rule, suggestion.guide_id) == ("invite_to_card", shop.guide_id)


def test_who_has_a_card_is_not_asked_for_one(crm, shop):
    make_card(member=shop.contact.member, brand=shop.guide.store.region.brand)
    crm.post("events", event())
    assert not Suggestion.objects.exists()


def test_an_event_names_a_customer_who_is_no_member_yet(crm, shop):
    stranger = make_follow(guide=shop.guide)
    known = event(external_userid=stranger.contact.external_userid)
    del known["member"]
    assert crm.post("events", known).status_code == 201
    assert TimelineEvent.objects.get().contact_id == stranger.contact_id


def test_events_with_something_wrong(crm, shop):
    nobody = event()
    del nobody["member"]
    response = crm.bulk(
        "events",
        [
            nobody,
            nobody | {"unionid": "oNobody"},
            event(member="nobody"),
            event(store="SH99"),
            event(kind="flew"),
            event(at=(now() + timedelta(hours=1)).isoformat()),
        ],
    )
    assert [end[1:] for end in ends(response)] == [
        ("required", "member"),
        ("unknown_person", "unionid"),
        ("unknown_member", "member"),
        ("unknown_store", "store"),
        ("invalid_choice", "kind"),
        ("future_date", "at"),
    ]


def test_the_staff_register_comes_in_too(crm):
    make_store(code="SH01")
    person = {"staff_no": "1001", "userid": "linxm", "name": "林小曼", "store": "SH01"}
    assert crm.post("guides", person | {"phone": "13900001111"}).status_code == 201
    assert crm.get("guides").json()["items"][0]["phone"] == "139****1111"
