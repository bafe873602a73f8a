"""双料会员: one consent makes two memberships, each owner's own."""

from datetime import timedelta

import pytest

from guideapp.core import limits
from guideapp.core.clock import now
from guideapp.core.errors import OverLimit
from guideapp.core.fields import blind_index
from guideapp.members.errors import AskAtDesk, ConsentMissing, PhoneRefused
from guideapp.members.models import Consent, Member, MembershipCard, MergeCandidate, Tombstone
from guideapp.members.services import (
    codes,
    join,
    join_token,
    owners_of,
    save_member,
    store_of_token,
)
from guideapp.members.services.memberships import CONSENT_VERSION
from guideapp.organisation.models import Store
from tests.factories import make_brand, make_store

pytestmark = pytest.mark.django_db
PHONE = "+8613800002046"


class Sent:
    """A sender that remembers what it carried."""

    box: list[tuple[str, str]] = []

    def send(self, phone: str, code: str) -> None:
        """Keep it."""
        self.box.append((phone, code))


@pytest.fixture
def store() -> Store:
    """A brand's store in a mall."""
    return make_store(mall=make_brand(name="天汇广场", is_mall=True))


def test_the_code_of_a_store_names_it_and_cannot_be_made_up(store):
    assert store_of_token(join_token(store)) == store
    assert store_of_token(f"{store.pk}~x") is None
    assert store_of_token("x") is None
    Store.objects.update(closed_on=now().date())
    assert store_of_token(join_token(store)) is None


def test_who_left_and_joins_again_has_an_open_card_under_the_old_number(store):
    first = join(store=store, phone="13800002046", agreed=True)
    MembershipCard.objects.update(closed_at=now())
    again = join(store=store, phone="13800002046", agreed=True)
    assert {card.pk for card in again.new} == {card.pk for card in first.cards}
    assert not MembershipCard.objects.filter(closed_at__isnull=False).exists()
    assert join(store=store, phone="13800002046", agreed=True).new == []


def test_one_scan_and_one_consent_are_two_memberships(store):
    done = join(store=store, phone="13800002046", agreed=True, purposes=["marketing"])
    brand, mall = owners_of(store)
    assert mall.is_mall
    assert {card.brand for card in done.cards} == {brand, mall}
    assert len({card.number for card in done.cards}) == 2
    given = Consent.objects.order_by("brand", "purpose").values_list("brand", "purpose", "channel")
    assert set(given) == {
        (owner.pk, purpose, "page")
        for owner in (brand, mall)
        for purpose in ("membership", "marketing")
    }
    member = Member.objects.get()
    assert (member.phone, member.phone_verified) == (PHONE, False)


def test_a_store_outside_a_mall_is_one_membership():
    assert len(join(store=make_store(), phone=PHONE, agreed=True).cards) == 1


def test_the_same_scan_again_changes_nothing(store):
    first = join(store=store, phone=PHONE, agreed=True)
    again = join(store=store, phone=PHONE, agreed=True)
    assert (again.member, again.cards, again.new) == (first.member, first.cards, [])
    assert (MembershipCard.objects.count(), Consent.objects.count()) == (2, 2)


def test_nobody_joins_without_having_agreed(store):
    with pytest.raises(ConsentMissing):
        join(store=store, phone=PHONE, agreed=False)
    with pytest.raises(PhoneRefused):
        join(store=store, phone="", agreed=True)
    assert not Member.objects.exists()


def test_a_typed_number_takes_nobodys_membership(store):
    known = save_member(name="周晚晴", phone=PHONE)
    done = join(store=store, phone=PHONE, agreed=True)
    assert done.member != known
    assert not known.cards.exists()
    assert MergeCandidate.objects.get().reason == "phone_unverified"


def test_a_verified_number_finds_its_member(store):
    known = save_member(name="周晚晴", phone=PHONE)
    assert join(store=store, phone=PHONE, agreed=True, phone_verified=True).member == known


def test_an_erased_person_may_come_back_by_their_own_consent(store):
    Tombstone.objects.create(kind=Tombstone.Kind.PHONE, key=blind_index(PHONE), at=now())
    with pytest.raises(ConsentMissing):
        join(store=store, phone=PHONE, agreed=False, phone_verified=True)
    assert Tombstone.objects.filter(lifted_at=None).exists()
    join(store=store, phone=PHONE, agreed=True, phone_verified=True)
    assert not Tombstone.objects.filter(lifted_at=None).exists()
    assert Consent.objects.filter(purpose="membership").count() == 2


def test_a_second_consent_to_a_new_text_stands_in_the_place_of_the_first(store):
    old = {"version": "2026-01", "channel": "page", "given_at": now() - timedelta(days=90)}
    join(store=store, phone=PHONE, agreed=True)
    Consent.objects.update(**old)
    join(store=store, phone=PHONE, agreed=True)
    standing = Consent.objects.filter(withdrawn_at=None)
    assert {row.version for row in standing} == {CONSENT_VERSION}
    assert standing.count() == Consent.objects.exclude(withdrawn_at=None).count() == 2


def test_a_typed_number_lifts_no_tombstone(store):
    Tombstone.objects.create(kind=Tombstone.Kind.PHONE, key=blind_index(PHONE), at=now())
    with pytest.raises(AskAtDesk):
        join(store=store, phone="138 0000 2046", agreed=True)
    assert Tombstone.objects.filter(lifted_at=None).exists()
    assert not Member.objects.exists()
    assert not Consent.objects.exists()


def test_a_code_proves_the_number_it_was_sent_to(settings):
    settings.PHONE_CODE_SENDER = "tests.members.test_memberships.Sent"
    limits.reset()
    Sent.box.clear()
    proof = codes.send_code(PHONE)
    ((_phone, code),) = Sent.box
    assert codes.code_is_right(proof, phone=PHONE, code=code)
    assert not codes.code_is_right(proof, phone="+8613900000000", code=code)
    assert not codes.code_is_right("made up", phone=PHONE, code=code)
    assert code not in proof
    wrong = "000000" if code != "000000" else "000001"
    for _try in range(3):
        assert not codes.code_is_right(proof, phone=PHONE, code=wrong)
    with pytest.raises(OverLimit):
        codes.code_is_right(proof, phone=PHONE, code=code)


def test_without_a_sender_nothing_is_verified(settings):
    assert not settings.PHONE_CODE_SENDER
    assert not codes.codes_are_sent()
