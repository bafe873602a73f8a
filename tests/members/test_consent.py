"""Consent is given by purpose, checked in the transaction that uses it, and a withdrawal wins."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from guideapp.core.clock import now, today
from guideapp.core.models import AuditEntry
from guideapp.members.errors import NoConsent, PersonErased, TooYoung
from guideapp.members.models import Consent, ImportantDate, Suggestion, TagGroup
from guideapp.members.services import (
    consents_of,
    propose,
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
    make_tag,
    make_tag_mark,
)

MARKETING, SHARING = Consent.Purpose.MARKETING, Consent.Purpose.SHARING
PROFILING = Consent.Purpose.PROFILING


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


def test_a_child_by_any_of_the_persons_records_gets_no_marketing(member):
    give(member, MARKETING)
    for row, age in ((member, 30), (make_member(same_as=member), 10)):
        year = today().year - age
        ImportantDate.objects.create(
            member=row, kind="birthday", year=year, month=1, day=1, at=now()
        )
    with pytest.raises(TooYoung):
        require(member)


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


def test_a_consent_through_another_door_is_a_consent_of_its_own(member):
    record_consent(member, make_brand(), [MARKETING], version="2026-11", channel="import")
    give(member)
    assert [(row.channel, bool(row.withdrawn_at)) for row in consents_of(member.pk)] == [
        ("page", False),
        ("import", True),
    ]


def test_nobody_is_told_to_write_to_who_said_no(member):
    follow = make_follow(contact=make_contact(member=member))
    asked = {
        "rule": "viewed_material",
        "contact": follow.contact,
        "guide": follow.guide,
        "evidence": {"title": "大衣"},
        "action_url": "/g/",
        "until": now() + timedelta(days=1),
    }
    give(member)
    assert propose(**asked, at=now() - timedelta(minutes=1)) is not None
    withdraw_consent(member, make_brand(), MARKETING, by="")
    assert propose(**asked) is None
    assert not Suggestion.objects.filter(state=Suggestion.State.OPEN).exists()


def test_nobody_is_told_to_write_to_a_child(member):
    ImportantDate.objects.create(
        member=member, kind="birthday", year=today().year - 10, month=1, day=1, at=now()
    )
    follow = make_follow(contact=make_contact(member=member))
    proposed = propose(
        rule="viewed_material",
        contact=follow.contact,
        guide=follow.guide,
        evidence={},
        action_url="/g/",
        until=now() + timedelta(days=1),
    )
    assert proposed is None


def test_without_profiling_no_automatic_tag_stands(member):
    give(member, PROFILING)
    follow = make_follow(contact=make_contact(member=member))
    group = TagGroup.objects.create(kind=TagGroup.Kind.AUTOMATIC, name="自动标签")
    mark = make_tag_mark(follow=follow, tag=make_tag(group=group))
    own = make_tag_mark(follow=follow)
    withdraw_consent(member, make_brand(), PROFILING, by="wangsi")
    mark.refresh_from_db()
    own.refresh_from_db()
    assert (bool(mark.removed_at), own.removed_at) == (True, None)
