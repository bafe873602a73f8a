"""Consent is given by purpose, checked in the transaction that uses it, and a withdrawal wins."""

import threading

import pytest
from django.db import connection, transaction

from guideapp.core.clock import now, today
from guideapp.core.models import AuditEntry
from guideapp.members.errors import NoConsent, PersonErased, TooYoung
from guideapp.members.models import Consent, ImportantDate, Suggestion
from guideapp.members.services import (
    consents_of,
    record_consent,
    refuse_withdrawn,
    require_consent,
    withdraw_consent,
)
from tests.factories import (
    make_brand,
    make_contact,
    make_follow,
    make_member,
    make_suggestion,
)

MARKETING, SHARING = Consent.Purpose.MARKETING, Consent.Purpose.SHARING


@pytest.fixture
def member(db):
    return make_member()


def give(member, *purposes, brand=None, version="2026-11"):
    return record_consent(
        member, brand or make_brand(), purposes or (MARKETING,), version=version, channel="page"
    )


def require(member, brand=None, purpose=MARKETING):
    with transaction.atomic():
        return require_consent(member, brand or make_brand(), purpose)


def test_it_holds_for_its_purpose_and_its_brand_alone(member):
    (row,) = give(member)
    assert require(member) == row
    for asked in ({"purpose": SHARING}, {"brand": make_brand(name="星汇商场", is_mall=True)}):
        with pytest.raises(NoConsent):
            require(member, **asked)


def test_the_same_text_again_is_the_same_consent_and_a_new_text_a_new_one(member):
    (first,) = give(member)
    assert give(member) == [first]
    (second,) = give(member, version="2027-01")
    assert [row.version for row in consents_of(member.pk)] == ["2027-01", "2026-11"]
    assert require(member) == second


def test_it_counts_for_every_record_of_the_person(member):
    twin = make_member(same_as=member)
    (row,) = give(twin)
    assert require(member) == row
    withdraw_consent(member, make_brand(), MARKETING, by="")
    with pytest.raises(NoConsent):
        require(twin)


@pytest.mark.django_db(transaction=True)
def test_nobody_asks_for_it_outside_a_transaction():
    with pytest.raises(RuntimeError):
        require_consent(make_member(), make_brand(), MARKETING)


def test_a_withdrawal_takes_what_is_queued_with_it(member):
    give(member, MARKETING, SHARING)
    follow = make_follow(contact=make_contact(member=member))
    suggestion = make_suggestion(guide=follow.guide, contact=follow.contact)
    assert withdraw_consent(member, make_brand(), MARKETING, by="wangsi") == 1
    suggestion.refresh_from_db()
    assert suggestion.state == Suggestion.State.WITHDRAWN
    assert AuditEntry.objects.get(action="consent.withdraw").detail["purpose"] == "marketing"
    assert require(member, purpose=SHARING)
    assert withdraw_consent(member, make_brand(), MARKETING, by="wangsi") == 0


def test_who_never_said_anything_may_be_written_to_and_who_said_no_may_not(member):
    contact, brand = make_contact(member=member), make_brand()
    refuse_withdrawn(make_contact(), brand, MARKETING)
    refuse_withdrawn(contact, brand, MARKETING)
    give(member)
    refuse_withdrawn(contact, brand, MARKETING)
    withdraw_consent(member, brand, MARKETING, by="")
    with pytest.raises(NoConsent):
        refuse_withdrawn(contact, brand, MARKETING)


@pytest.mark.parametrize(("years", "refused"), [(13, True), (14, False)])
def test_nobody_under_fourteen_gets_marketing(member, years, refused):
    give(member, MARKETING, SHARING)
    day = today()
    ImportantDate.objects.create(
        member=member, kind="birthday", year=day.year - years, month=1, day=1, at=now()
    )
    assert require(member, purpose=SHARING)
    if refused:
        with pytest.raises(TooYoung):
            require(member)
    else:
        assert require(member)


def test_a_pseudonym_consents_to_nothing(db):
    with pytest.raises(PersonErased):
        give(make_member(erased_at=now()))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_a_withdrawal_waits_for_the_transaction_that_uses_the_consent():
    member, brand = make_member(), make_brand()
    give(member)
    ended = []

    def withdraw():
        withdraw_consent(member, brand, MARKETING, by="")
        ended.append("withdrawn")
        connection.close()

    with transaction.atomic():
        require_consent(member, brand, MARKETING)
        thread = threading.Thread(target=withdraw)
        thread.start()
        thread.join(0.5)
        assert ended == []
    thread.join(10)
    assert ended == ["withdrawn"]
