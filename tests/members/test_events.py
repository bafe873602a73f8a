"""The timeline keeps each fact once; purchases raise the sums on write."""

from datetime import timedelta

import pytest
import time_machine

from guideapp.core.clock import now
from guideapp.members.models import Contact, TimelineEvent
from guideapp.members.services import (
    NewEvent,
    Purchase,
    PurchaseLine,
    record_event,
    record_events,
    record_purchase,
    record_purchases,
    refresh_year_sums,
)
from tests.factories import make_contact, make_guide, make_member, make_store

pytestmark = pytest.mark.django_db


def view(key: str, contact: Contact, **kw: object) -> TimelineEvent | None:
    fields = {"kind": "material_viewed", "params": {"title": "大衣", "times": 1}, "at": now()}
    return record_event(key=key, contact=contact, **(fields | kw))


def line(amount_fen: int = 89900, **kw: object) -> PurchaseLine:
    fields = {"sku_code": "Q1-M", "title": "开衫", "colour": "绿", "size": "M", "quantity": 1}
    return PurchaseLine(**(fields | {"amount_fen": amount_fen} | kw))


def test_a_fact_is_kept_once_however_often_it_is_told():
    contact = make_contact()
    assert view("visit:1", contact)
    assert view("visit:1", contact) is None
    assert TimelineEvent.objects.count() == 1


def test_a_timeline_cannot_be_rewritten():
    event = view("visit:1", make_contact())
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        TimelineEvent.objects.all().delete()


def test_a_customer_is_as_warm_as_the_last_thing_they_did():
    contact, late, early = make_contact(), now(), now() - timedelta(days=3)
    view("visit:1", contact, at=late)
    view("visit:2", contact, at=early)
    contact.refresh_from_db()
    assert contact.active_at == late


def test_what_the_guide_did_warms_nobody():
    contact = make_contact()
    view("share:1", contact, kind="material_sent")
    contact.refresh_from_db()
    assert contact.active_at is None


def test_many_facts_are_kept_once_too():
    contact, at = make_contact(), now()
    facts = [
        NewEvent(kind="material_viewed", key=f"visit:{n}", contact=contact, at=at)
        for n in (1, 2, 2, 3)
    ]
    assert record_events(facts) == 3
    assert record_events(facts) == 0
    contact.refresh_from_db()
    assert contact.active_at == at


def test_many_facts_cost_few_queries(django_assert_max_num_queries):
    contact = make_contact()
    facts = [
        NewEvent(kind="material_viewed", key=f"visit:{n}", contact=contact, at=now())
        for n in range(900)
    ]
    with django_assert_max_num_queries(8):
        record_events(facts)


def test_a_purchase_raises_the_sums_once():
    member, store, at = make_member(), make_store(), now()
    for _ in range(2):
        record_purchase(
            member=member, order_no="A1", lines=[line(89900), line(56900)], store=store, at=at
        )
    value = member.values.get()
    assert (value.spend_fen, value.year_spend_fen, value.year_orders) == (146800, 146800, 1)
    assert value.last_purchase_at == at


def test_an_older_purchase_that_comes_later_changes_sums_but_not_the_last():
    member, store = make_member(), make_store()
    late, early = now(), now() - timedelta(days=400)
    record_purchase(member=member, order_no="A2", lines=[line(100)], store=store, at=late)
    record_purchase(member=member, order_no="A1", lines=[line(50)], store=store, at=early)
    value = member.values.get()
    assert (value.spend_fen, value.year_spend_fen, value.year_orders) == (150, 100, 1)
    assert value.last_purchase_at == late


def test_many_purchases_sum_up_like_single_ones():
    members, store, guide = [make_member(), make_member()], make_store(), make_guide()
    orders = [
        Purchase(
            member=member,
            order_no=f"{member.pk}-{n}",
            lines=[line(1000)],
            store=store,
            guide=guide,
            at=now() - timedelta(days=n * 200),
        )
        for member in members
        for n in range(3)
    ]
    assert record_purchases(orders) == 6
    assert record_purchases(orders) == 0
    for member in members:
        value = member.values.get()
        assert (value.spend_fen, value.year_spend_fen, value.year_orders) == (3000, 2000, 2)


def test_a_purchase_leaves_the_year_on_the_night_it_is_365_days_old():
    member, store = make_member(), make_store()
    with time_machine.travel("2026-01-10T12:00:00+08:00"):
        record_purchase(member=member, order_no="A1", lines=[line(700)], store=store, at=now())
    with time_machine.travel("2027-01-09T00:10:00+08:00"):
        refresh_year_sums.call()
        value = member.values.get()
        assert (value.year_spend_fen, value.year_orders) == (700, 1)
    with time_machine.travel("2027-01-10T00:10:00+08:00"):
        refresh_year_sums.call()
    value = member.values.get()
    assert (value.spend_fen, value.year_spend_fen, value.year_orders) == (700, 0, 0)
