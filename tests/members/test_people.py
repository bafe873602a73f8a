"""Members: one person, their phone kept unreadable, their card."""

import pytest
from django.db import IntegrityError, connection, transaction

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.errors import PhoneRefused
from guideapp.members.models import Member
from guideapp.members.services import link_member, normal_phone, open_card, save_member
from tests.factories import make_brand, make_contact, make_store

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed", ["13800002046", "138 0000 2046", "+86 138-0000-2046", "008613800002046"]
)
def test_a_phone_is_one_number_however_it_is_typed(typed):
    assert normal_phone(typed) == "+8613800002046"


@pytest.mark.parametrize("typed", ["12", "abc", "1380000204612345"])
def test_what_cannot_be_called_is_refused(typed):
    with pytest.raises(PhoneRefused):
        save_member(phone=typed)
    assert not Member.objects.exists()


def test_the_database_holds_no_readable_phone():
    member = save_member(name="周晚晴", phone="13800002046", unionid="oSecret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM members_member")
        row = str(cursor.fetchone())
    assert "13800002046" not in row
    assert "oSecret" not in row
    assert Member.objects.get().phone == "+8613800002046"
    assert member.phone_bidx == blind_index("+8613800002046")


def test_the_same_phone_is_the_same_member_and_nothing_known_is_blanked():
    store = make_store()
    first = save_member(name="周晚晴", phone="13800002046", home_store=store)
    again = save_member(phone="+8613800002046", unionid="oZhou")
    assert again.pk == first.pk
    assert (again.name, again.home_store) == ("周晚晴", store)


def test_the_unionid_decides_where_both_are_known():
    by_wechat = save_member(unionid="oZhou")
    save_member(phone="13800002046")
    assert save_member(unionid="oZhou", phone="13800002046").pk == by_wechat.pk


def test_a_new_member_takes_the_contact_with_the_same_unionid():
    contact = make_contact(unionid="oZhou", unionid_bidx=blind_index("oZhou"))
    member = save_member(unionid="oZhou")
    contact.refresh_from_db()
    assert contact.member == member


def test_a_contact_finds_its_member_by_unionid_once():
    member = save_member(unionid="oZhou")
    contact = make_contact(unionid="oZhou", unionid_bidx=blind_index("oZhou"))
    assert link_member(contact)
    assert not link_member(contact)
    contact.refresh_from_db()
    assert contact.member == member


def test_people_without_a_unionid_are_nobody_in_common():
    save_member(phone="13800002046")
    contact = make_contact()
    assert not link_member(contact)
    assert save_member(name="甲").pk != save_member(name="乙").pk


def test_a_card_that_exists_takes_the_new_level():
    member, brand, at = save_member(phone="13800002046"), make_brand(), now()
    open_card(member=member, brand=brand, number="HY1", level="银卡", points=10, opened_at=at)
    card = open_card(member=member, brand=brand, number="HY2", level="金卡", opened_at=now())
    assert (card.number, card.level, card.opened_at) == ("HY1", "金卡", at)


def test_one_unionid_is_one_member(db):
    save_member(name="周晚晴", unionid="oExample")
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(unionid_bidx=blind_index("oExample"))
