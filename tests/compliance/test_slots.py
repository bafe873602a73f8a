"""One cap a day for a customer, across all guides and campaigns."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from guideapp.compliance.errors import ContactedEnough
from guideapp.compliance.models import ContactSlot
from guideapp.compliance.services import free_slot, slots_of_week, take_slot
from guideapp.core.clock import now
from guideapp.materials.models import Share
from tests.factories import (
    make_brand,
    make_contact,
    make_follow,
    make_guide,
    make_material,
    make_region,
    make_slot,
    make_store,
)

pytestmark = pytest.mark.django_db

WEDNESDAY = "2026-11-18T12:00:00+08:00"


def test_a_customer_is_contacted_so_often_a_day_and_no_more(settings):
    settings.CONTACTS_PER_DAY = 2
    contact = make_contact()
    take_slot(contact, "share", "share:1", make_guide())
    take_slot(contact, "campaign", "campaign:9")
    with pytest.raises(ContactedEnough) as refusal:
        take_slot(contact, "share", "share:2", make_guide())
    assert str(refusal.value.message) == "今天给 TA 发过 2 条了，明天再发"
    assert ContactSlot.objects.count() == 2


def test_tomorrow_there_are_slots_again(settings):
    settings.CONTACTS_PER_DAY = 1
    contact = make_contact()
    with time_machine.travel("2026-11-18T23:59:00+08:00"):
        take_slot(contact, "share", "share:1")
    with time_machine.travel("2026-11-19T00:01:00+08:00"):
        assert take_slot(contact, "share", "share:2").number == 1


def test_one_send_takes_one_slot_however_often_it_is_told():
    contact = make_contact()
    first = take_slot(contact, "share", "share:1")
    assert take_slot(contact, "share", "share:1").pk == first.pk


def test_what_was_not_sent_gives_its_slot_back(settings):
    settings.CONTACTS_PER_DAY = 1
    contact = make_contact()
    take_slot(contact, "share", "share:1")
    assert free_slot("share:1")
    assert not free_slot("share:1")
    assert take_slot(contact, "share", "share:2").number == 1


def test_the_week_names_who_contacted_the_customer_newest_first():
    contact = make_contact()
    with time_machine.travel(WEDNESDAY):
        guide = make_guide(name="何见山")
        take_slot(contact, "share", "share:1", guide, at=now() - timedelta(days=9))
        take_slot(contact, "share", "share:2", guide, at=now() - timedelta(days=1))
        take_slot(contact, "share", "share:3", make_guide(name="林小满"))
        assert [slot.guide.name for slot in slots_of_week(contact)] == ["林小满", "何见山"]


def test_another_brands_guides_are_not_named():
    contact = make_contact()
    elsewhere = make_guide(store=make_store(region=make_region(brand=make_brand(name="别家"))))
    own = make_guide()
    take_slot(contact, "share", "share:1", elsewhere)
    take_slot(contact, "share", "share:2", own)
    rows = slots_of_week(contact, brand_id=own.store.region.brand_id)
    assert [slot.guide for slot in rows] == [own]


# --- in sending -----------------------------------------------------------------------------------


def tap(client, follow, nonce: str):
    body = {"customer": follow.contact.external_userid, "nonce": nonce, "form": "card"}
    url = reverse("materials:send", args=[make_material().pk])
    return client.post(url, body, headers={"Accept": "application/json"})


def test_a_send_beyond_the_cap_is_refused_in_words(as_guide, settings):
    settings.CONTACTS_PER_DAY = 1
    follow = make_follow(guide=as_guide.guide)
    assert tap(as_guide, follow, "one").status_code == 200
    refused = tap(as_guide, follow, "two")
    assert (refused.status_code, refused.json()["code"]) == (409, "contacted_enough")
    assert Share.objects.count() == 1


@pytest.mark.parametrize(("outcome", "slots"), [("sent", 1), ("cancelled", 0), ("failed", 0)])
def test_only_what_was_sent_keeps_its_slot(as_guide, outcome, slots):
    follow = make_follow(guide=as_guide.guide)
    share = tap(as_guide, follow, "one").json()["share"]
    as_guide.post(reverse("materials:result", args=[share]), {"outcome": outcome})
    assert ContactSlot.objects.count() == slots


def sidebar(client, follow) -> str:
    query = {"customer": follow.contact.external_userid}
    return client.get(reverse("materials:sidebar"), query).content.decode()


def test_who_contacted_the_customer_today_is_said_before_the_tap(as_guide):
    follow = make_follow(guide=as_guide.guide)
    colleague = make_guide(name="何见山", store=as_guide.guide.store)
    make_slot(contact=follow.contact, guide=colleague, number=1)
    assert "今天已由何见山联系过 TA，还能发 2 条" in sidebar(as_guide, follow)


def test_own_contacts_are_no_warning(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_slot(contact=follow.contact, guide=as_guide.guide, number=1)
    assert "data-contacted" not in sidebar(as_guide, follow)


def test_at_the_cap_nothing_can_be_tapped(as_guide, settings):
    settings.CONTACTS_PER_DAY = 1
    make_material()
    follow = make_follow(guide=as_guide.guide)
    make_slot(contact=follow.contact, guide=make_guide(), number=1)
    page = sidebar(as_guide, follow)
    assert "今天给 TA 发过 1 条了，明天再发" in page
    assert 'data-form="card" disabled' in page


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_only_so_many_get_a_slot(settings):
    settings.CONTACTS_PER_DAY = 3
    contact, refused = make_contact(), []

    def want(number: int) -> None:
        try:
            take_slot(contact, "share", f"share:{number}")
        except ContactedEnough:
            refused.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=want, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ContactSlot.objects.filter(contact=contact).count() == 3
    assert len(refused) == 5
