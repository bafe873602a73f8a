"""A client of one brand: it writes and reads what is its own, and learns nothing of the rest."""

import pytest

from guideapp.attribution.models import Order
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.models import (
    Member,
    MembershipCard,
    MergeCandidate,
    OfficialFollower,
    TimelineEvent,
)
from guideapp.organisation.models import Store
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
    make_region,
    make_store,
)
from tests.integration.support import System

PHONE = "+8613800002046"
NEWS = {"number": "MALL1", "name": "改名", "phone": "13900001111", "phone_verified": True}


@pytest.fixture
def mall(db):
    return make_brand(name="星汇商场", is_mall=True)


@pytest.fixture
def till(mall):
    """A system that may write for the usual brand alone; its store is SH01."""
    make_store(code="SH01")
    make_store(code="MALLDESK", region=make_region(brand=mall))
    return System(name="till", brands=(make_brand(),))


@pytest.fixture
def theirs(mall):
    """A member whom the mall alone knows."""
    member = make_member(
        number="MALL1", name="周晚晴", phone=PHONE, phone_verified=True, unionid="oU1"
    )
    make_card(member=member, brand=mall, number="MC1")
    return member


def code(response):
    return response.json().get("code", "")


def test_a_member_of_the_mall_alone_is_unknown_to_it(till, theirs):
    assert code(till.post("members", NEWS)) == "unknown_member"
    theirs.refresh_from_db()
    assert (theirs.name, theirs.phone) == ("周晚晴", PHONE)


def test_it_writes_members_with_its_card_or_its_home_store(till, theirs):
    make_card(member=theirs, number="K1")
    assert till.post("members", NEWS).json()["status"] == "updated"
    make_member(number="HY2", home_store=make_store(code="SH02"))
    assert till.post("members", {"number": "HY2", "name": "李"}).json()["status"] == "updated"


@pytest.mark.parametrize("proof", [{"unionid": "oU1"}, {"phone": PHONE, "phone_verified": True}])
def test_what_hits_somebody_elses_member_makes_a_record_of_its_own(till, theirs, proof):
    Member.objects.filter(pk=theirs.pk).update(number="")
    mine = {"number": "HY1", "name": "晚晴", "home_store": "SH01"}
    assert till.post("members", mine | proof).json() == {"status": "created"}
    theirs.refresh_from_db()
    assert (theirs.number, theirs.name) == ("", "周晚晴")
    assert MergeCandidate.objects.get().one_id == theirs.pk
    assert till.post("members", mine).json() == {"status": "unchanged"}


def test_a_new_member_of_it_has_a_home_store_of_its_own(till):
    assert code(till.post("members", NEWS)) == "required"
    assert code(till.post("members", NEWS | {"home_store": "MALLDESK"})) == "unknown_store"
    assert till.post("members", NEWS | {"home_store": "SH01"}).status_code == 201


def test_it_names_no_customer_whom_another_brand_follows(till, mall):
    desk = make_guide(store=make_store(code="MD2", region=make_region(brand=mall)))
    follow = make_follow(guide=desk, contact=make_contact())
    named = {"external_userid": follow.contact.external_userid}
    assert till.post("members", NEWS | named | {"home_store": "SH01"}).status_code == 201
    follow.contact.refresh_from_db()
    assert follow.contact.member_id is None


@pytest.mark.parametrize("named", [{"member": "MALL1"}, {"card": "MC1"}])
@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("assets", {"brand": "青禾", "code": "C1", "title": "券"}),
        ("events", {"kind": "scan_buy", "key": "E1", "store": "SH01", "at": now().isoformat()}),
        (
            "orders",
            {
                "order_no": "O1",
                "store": "SH01",
                "ordered_at": "2026-11-01T10:00:00+08:00",
                "lines": [{"sku_code": "S1", "title": "大衣", "amount_fen": 1}],
            },
        ),
    ],
)
def test_nothing_of_it_lands_on_somebody_elses_member(till, theirs, name, record, named):
    assert code(till.post(name, record | named)) == "unknown_member"
    assert not Order.objects.exists()
    assert not TimelineEvent.objects.exists()


def test_no_card_of_it_makes_somebody_elses_member_its_own(till, theirs):
    card = {"number": "K1", "member": "MALL1", "brand": "青禾", "level": "金卡"}
    assert code(till.post("cards", card | {"opened_at": now().isoformat()})) == "unknown_member"
    assert MembershipCard.objects.count() == 1


def test_an_event_of_it_names_a_store_of_its_own(till):
    member = make_member(number="HY1")
    make_card(member=member)
    event = {"kind": "scan_buy", "key": "E1", "member": "HY1", "at": now().isoformat()}
    assert code(till.post("events", event)) == "required"
    assert code(till.post("events", event | {"store": "MALLDESK"})) == "unknown_store"
    assert till.post("events", event | {"store": "SH01"}).status_code == 201


@pytest.mark.parametrize("field", ["external_userid", "unionid"])
def test_an_event_of_it_is_about_a_customer_of_its_guides(till, field):
    contact = make_contact(unionid="oU9", unionid_bidx=blind_index("oU9"))
    event = {"kind": "scan_buy", "key": "E1", "store": "SH01", "at": now().isoformat()}
    event[field] = getattr(contact, field)
    assert code(till.post("events", event)) == "unknown_person"
    make_follow(guide=make_guide(), contact=contact)
    assert till.post("events", event).status_code == 201


def test_followers_are_of_no_one_brand(till):
    fan = {"account": "星汇", "openid": "oP1", "followed_at": now().isoformat()}
    assert (till.post("followers", fan).status_code, code(till.post("followers", fan))) == (
        403,
        "not_for_brands",
    )
    assert till.get("followers").status_code == 403
    assert not OfficialFollower.objects.exists()


def test_it_reads_nothing_of_another_owner(till, theirs):
    """One person with a record of the mall and one that has a card of the brand."""
    desk = Store.objects.get(code="MALLDESK")
    mine = make_member(number="HY1", same_as=theirs, source="mall crm", home_store=desk)
    make_card(member=mine)
    (row,) = till.get("members").json()["items"]
    assert row["number"] == "HY1"
    assert [row[name] for name in ("home_store", "source", "same_person_as")] == [None] * 3
    whole = {row["number"]: row for row in System().get("members").json()["items"]}
    assert (whole["HY1"]["home_store"], whole["HY1"]["same_person_as"]) == ("MALLDESK", "MALL1")


def test_it_reads_members_of_its_stores_without_a_card(till):
    make_member(number="HY1", home_store=Store.objects.get(code="SH01"))
    assert [row["number"] for row in till.get("members").json()["items"]] == ["HY1"]
