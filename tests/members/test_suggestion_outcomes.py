"""What becomes of a suggestion: shown, done by a send, followed by an order."""

from datetime import timedelta

import pytest
import time_machine

from guideapp.core.clock import now
from guideapp.members.models import Suggestion
from guideapp.members.services import (
    Ordered,
    decide,
    follow_up,
    mark_ordered,
    mark_shown,
    order_settled,
    order_waits,
    propose,
)
from tests.factories import (
    make_brand,
    make_contact,
    make_follow,
    make_member,
    make_suggestion,
)

pytestmark = pytest.mark.django_db


def shown(days_ago: float = 1, **kw) -> Suggestion:
    """A suggestion about a member that the guide saw."""
    follow = make_follow(contact=make_contact(member=kw.pop("member", None) or make_member()))
    at = now() - timedelta(days=days_ago)
    return make_suggestion(contact=follow.contact, guide=follow.guide, first_shown_at=at, **kw)


def order(row: Suggestion, days_ago: float = 0, **kw) -> int:
    fields = {
        "member_id": row.contact.member_id,
        "brand_id": row.guide.store.region.brand_id,
        "at": now() - timedelta(days=days_ago),
    }
    return mark_ordered([Ordered(**fields | kw)])


def test_the_first_time_on_a_card_is_kept():
    row = make_suggestion()
    mark_shown([row])
    row.refresh_from_db()
    first = row.first_shown_at
    mark_shown([row])
    row.refresh_from_db()
    assert row.first_shown_at == first


def test_seeing_it_again_costs_nothing(django_assert_num_queries):
    row = make_suggestion(first_shown_at=now())
    with django_assert_num_queries(0):
        mark_shown([row])


def test_a_send_does_what_asked_for_it_and_leaves_the_rest():
    row = make_suggestion(rule="silent")
    make_suggestion(rule="birthday", contact=row.contact, guide=row.guide)
    assert follow_up(contact=row.contact, guide=row.guide) == 1
    row.refresh_from_db()
    assert row.state == Suggestion.State.DONE


@pytest.mark.parametrize(("shown_days", "found"), [(1, 1), (6.9, 1), (8, 0), (-1, 0)])
def test_an_order_within_a_week_followed_the_suggestion(shown_days, found):
    assert order(shown(shown_days)) == found


def test_the_first_order_stands_also_when_it_is_told_last():
    row = shown(5)
    order(row, days_ago=1)
    order(row, days_ago=3)
    order(row, days_ago=2)
    row.refresh_from_db()
    assert round((now() - row.ordered_at) / timedelta(days=1)) == 3


def test_an_order_at_another_brand_is_nothing_to_this_guide():
    row = shown()
    assert order(row, brand_id=make_brand(name="别家").pk) == 0


def test_an_order_of_a_joined_record_counts():
    kept = make_member()
    row = shown(member=kept)
    assert order(row, member_id=make_member(same_as=kept).pk) == 1


def test_imported_history_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        mark_ordered([Ordered(1, 1, now() - timedelta(days=300))])


def test_an_order_that_waits_for_its_payment_is_suggested_until_it_is_settled():
    follow = make_follow(contact=make_contact(member=make_member()))
    fields = {
        "member_id": follow.contact.member_id,
        "brand_id": follow.guide.store.region.brand_id,
        "order_no": "WH20261101",
        "amount_fen": 189900,
    }
    assert order_waits(**fields, at=now()) == 1
    row = Suggestion.objects.get()
    assert (row.rule, row.evidence["amount_fen"]) == ("unpaid_order", 189900)
    whose = {name: fields[name] for name in ("member_id", "brand_id")}
    assert order_settled(**whose, order_no="WH20261102") == 0
    assert order_settled(**whose, order_no="WH20261101") == 1
    assert not Suggestion.objects.filter(state="open").exists()


def waits(follow, order_no: str, *, hours_ago: int = 0) -> None:
    order_waits(
        member_id=follow.contact.member_id,
        brand_id=follow.guide.store.region.brand_id,
        order_no=order_no,
        amount_fen=100 * int(order_no),
        at=now() - timedelta(hours=hours_ago),
    )


def settled(follow, order_no: str, brand=None) -> list[str]:
    """The orders that are still asked for, once this one is settled."""
    order_settled(
        member_id=follow.contact.member_id,
        brand_id=(brand or follow.guide.store.region.brand).pk,
        order_no=order_no,
    )
    open_ones = Suggestion.objects.filter(rule="unpaid_order", state="open")
    return [row.evidence["order_no"] for row in open_ones]


@pytest.mark.parametrize("told", [("11", "22", "33"), ("33", "11", "22"), ("11", "22", "33", "11")])
def test_of_several_orders_that_wait_each_is_asked_for_until_it_is_settled(told):
    follow = make_follow(contact=make_contact(member=make_member()))
    for order_no in told:
        waits(follow, order_no, hours_ago=9 - int(order_no) // 11)
    assert settled(follow, "22") == ["33"]
    assert settled(follow, "33") == ["11"]
    row = Suggestion.objects.get(state="open")
    assert row.evidence["amount_fen"] == 1100
    assert now() < row.until <= now() + timedelta(days=3)
    assert settled(follow, "11") == []


def test_an_order_that_waited_too_long_is_not_asked_for_after_another():
    follow = make_follow(contact=make_contact(member=make_member()))
    waits(follow, "11", hours_ago=71)
    waits(follow, "22")
    with time_machine.travel(now() + timedelta(hours=2)):
        assert settled(follow, "22") == []


def test_what_was_put_off_stays_put_off_when_another_order_is_settled():
    follow = make_follow(contact=make_contact(member=make_member()))
    waits(follow, "11", hours_ago=5)
    waits(follow, "22")
    decide(Suggestion.objects.get(), "snoozed")
    assert settled(follow, "22") == ["11"]
    assert not Suggestion.objects.showable(at=now()).exists()


def test_an_order_of_the_same_number_at_another_brand_settles_nothing():
    follow = make_follow(contact=make_contact(member=make_member()))
    waits(follow, "11")
    assert settled(follow, "11", make_brand(name="别家")) == ["11"]


def test_a_view_ends_the_silence():
    row = make_suggestion(rule="silent")
    make_follow(contact=row.contact, guide=row.guide)
    propose(
        rule="viewed_material",
        contact=row.contact,
        guide=row.guide,
        evidence={"title": "大衣"},
        action_url="/g/",
        until=now() + timedelta(hours=1),
    )
    row.refresh_from_db()
    assert row.state == Suggestion.State.WITHDRAWN
