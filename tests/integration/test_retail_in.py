"""Orders and refunds as a mall or a till sends them."""

from datetime import timedelta

import pytest

from guideapp.attribution.models import Order, OrderLine, Refund
from guideapp.core.clock import now
from guideapp.members.models import MemberValue, Suggestion, TimelineEvent
from guideapp.members.services import refresh_year_sums
from guideapp.organisation.models import Guide
from tests.factories import make_brand, make_guide, make_member, make_store
from tests.integration.test_members_in import ends

YESTERDAY = (now() - timedelta(days=1)).isoformat()
COAT = {"sku_code": "Q1-M", "title": "双面呢大衣", "colour": "驼色", "size": "M"}
COAT |= {"quantity": 1, "amount_fen": 189900}
SCARF = {"sku_code": "S1", "title": "羊绒围巾", "quantity": 1, "amount_fen": 59900}


def order(**kw):
    return {
        "order_no": "O1",
        "store": "SH01",
        "member": "HY0001",
        "ordered_at": YESTERDAY,
        "lines": [COAT, SCARF],
    } | kw


def value() -> tuple[int, int, int]:
    row = MemberValue.objects.get()
    return row.spend_fen, row.year_spend_fen, row.year_orders


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


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ordered_at": "2026-11-01T10:00:00+08:00"}, "ordered_at"),
        ({"paid_at": "2026-11-01T10:00:00+08:00"}, "paid_at"),
        ({"store": "SH02"}, "store"),
        ({"guide": "zhao"}, "guide"),
        ({"channel": "mall"}, "channel"),
        ({"link_token": "x" * 22}, "link_token"),
    ],
)
def test_nothing_else_of_a_paid_order_is_changed_either(crm, shop, change, field):
    make_store(code="SH02")
    make_guide(userid="zhao")
    crm.post("orders", order())
    answer = crm.post("orders", order(**change)).json()
    assert (answer["code"], answer["field"]) == ("order_closed", field)


def test_a_sale_belongs_to_whoever_held_the_userid_then(crm, shop):
    leaver = make_guide(userid="lin", left_at=now() - timedelta(days=20))
    heir = make_guide(userid="Lin")
    Guide.objects.filter(pk=leaver.pk).update(created_at=now() - timedelta(days=400))
    Guide.objects.filter(pk=heir.pk).update(created_at=now() - timedelta(days=10))
    for days, number in ((500, "O1"), (30, "O2"), (15, "O3"), (5, "O4")):
        at = (now() - timedelta(days=days)).isoformat()
        crm.post("orders", order(order_no=number, guide="LIN", ordered_at=at))
    told = dict(Order.objects.values_list("order_no", "told_guide"))
    assert told == {"O1": leaver.pk, "O2": leaver.pk, "O4": heir.pk}
    gap = order(order_no="O3", guide="lin")
    gap["ordered_at"] = (now() - timedelta(days=15)).isoformat()
    assert crm.post("orders", gap).json()["code"] == "guide_not_there"


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


def test_refunds_are_read_since_a_moment_and_say_as_of_when(crm, shop):
    crm.post("orders", order())
    as_of = "2026-11-20T10:00:00+08:00"
    crm.post("refunds", refund(amount_fen=1, as_of=as_of))
    since = now().isoformat()
    crm.post("refunds", refund(refund_no="R2", amount_fen=1))
    first, second = crm.get("refunds").json()["items"]
    assert first["as_of"] == as_of
    (only,) = crm.get("refunds", updated_since=since).json()["items"]
    assert (only["refund_no"], only["updated_at"]) == ("R2", second["updated_at"])


def test_a_field_of_a_line_that_we_do_not_know_is_refused(crm, shop):
    answer = crm.post("orders", order(lines=[COAT | {"qty": 2}])).json()
    assert (answer["code"], answer["field"]) == ("unknown_field", "lines.0.qty")


def test_what_was_just_written_is_listed_a_little_later(crm, shop, settings):
    settings.API_FEED_LAG_SECONDS = 5
    crm.post("orders", order())
    assert crm.get("orders").json()["items"] == []
    Order.objects.update(updated_at=now() - timedelta(seconds=6))
    assert len(crm.get("orders").json()["items"]) == 1


def test_refunds_of_one_call_together_stay_within_the_order(crm, shop):
    crm.post("orders", order())
    response = crm.bulk("refunds", [refund(refund_no=f"R{n}", amount_fen=200000) for n in range(2)])
    assert [end[0] for end in ends(response)] == ["created", "refused"]


def test_orders_are_read_with_their_lines(crm, shop, django_assert_num_queries):
    crm.bulk("orders", [order(order_no=f"O{n}") for n in range(5)])
    with django_assert_num_queries(6):  # one notes who read them
        items = crm.get("orders").json()["items"]
    assert [line["line_no"] for line in items[0]["lines"]] == [1, 2]
    assert items[0]["member"] == "HY0001"
