"""Two who write the same person at the same time: nobody is merged silently, nobody comes back."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.errors import PersonErased
from guideapp.members.models import FollowRelation, Member, MergeCandidate, Suggestion, Tombstone
from guideapp.members.services import decide, order_settled, order_waits, save_member, save_members
from guideapp.members.services.tombstones import bury
from tests.factories import make_contact, make_follow, make_member

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"
    ),
]

PHONE = "+8613800002046"


def row(number: str, **kw: Any) -> dict[str, Any]:
    return {"number": number, "phone": PHONE, "phone_verified": True} | kw


def save(*rows: dict[str, Any]) -> list[str]:
    results = save_members(list(rows), source="CRM", brands=None)
    return [f"{result.status}:{result.code}".rstrip(":") for result in results]


class Other:
    """Somebody else, who does `act` at the same time; `end` waits for what it answered."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.answer: Any = None
        self._thread = threading.Thread(target=self._run, args=(act,))
        self._thread.start()
        self._thread.join(0.5)  # far enough to wait for a lock, if there is one

    def _run(self, act: Callable[[], Any]) -> None:
        try:
            self.answer = act()
        except PersonErased as error:
            self.answer = error.code
        connection.close()

    def end(self) -> Any:
        self._thread.join(10)
        return self.answer


def test_two_numbers_claim_one_record_and_the_second_is_a_question():
    record = make_member(phone=PHONE, phone_verified=True)
    with transaction.atomic():
        assert save(row("N2")) == ["updated"]
        other = Other(lambda: save(row("N3")))
    assert other.end() == ["created:maybe_same_person"]
    record.refresh_from_db()
    assert record.number == "N2"
    assert MergeCandidate.objects.get().reason == "two_numbers"


def test_two_new_numbers_with_one_phone_are_a_question():
    with transaction.atomic():
        save(row("A1"))
        assert Other(lambda: save(row("B2"))).end() == ["created"]
    candidate = MergeCandidate.objects.get()
    assert {candidate.one.number, candidate.other.number} == {"A1", "B2"}


def test_two_forms_with_one_phone_are_a_question():
    with transaction.atomic():
        save_member(phone=PHONE)
        Other(lambda: save_member(phone=PHONE)).end()
    assert MergeCandidate.objects.get().reason == "same_phone"


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (lambda: save(row("N2")), ["refused:erased"]),
        (lambda: save_member(phone=PHONE), "erased"),
        (lambda: save_member(phone=PHONE, number="N1"), "erased"),
    ],
)
def test_who_is_being_erased_is_not_written_again(act, answer):
    record = make_member(phone=PHONE, phone_verified=True, number="N1")
    if answer == ["refused:erased"]:
        Member.objects.update(number="")
    with transaction.atomic():
        Member.objects.select_for_update().get(pk=record.pk)
        other = Other(act)
        bury([(Tombstone.Kind.PHONE, blind_index(PHONE))])
        bury([(Tombstone.Kind.NUMBER, blind_index("N1"))])
        nobody = {"name": "", "number": "", "phone": "", "phone_bidx": "", "erased_at": now()}
        Member.objects.filter(pk=record.pk).update(**nobody)
    assert other.end() == answer
    record.refresh_from_db()
    assert (record.name, record.phone) == ("", "")
    assert Member.objects.count() == 1


def whose(follow: FollowRelation) -> dict[str, Any]:
    return {
        "member_id": follow.contact.member_id,
        "brand_id": follow.guide.store.region.brand_id,
    }


def waits(follow: FollowRelation, order_no: str, *, hours_ago: int) -> int:
    at = now() - timedelta(hours=hours_ago)
    return order_waits(**whose(follow), order_no=order_no, amount_fen=100, at=at)


def test_an_order_that_is_told_late_leaves_the_guides_answer_as_it_is():
    follow = make_follow(contact=make_contact(member=make_member()))
    waits(follow, "22", hours_ago=1)
    with transaction.atomic():
        decide(Suggestion.objects.get(), "dismissed")
        other = Other(lambda: waits(follow, "11", hours_ago=2))
    other.end()
    row = Suggestion.objects.get()
    assert (row.state, bool(row.decided_at)) == (Suggestion.State.DISMISSED, True)


@pytest.mark.parametrize("hours_ago", [1, 4])
def test_an_order_that_is_paid_meanwhile_is_not_asked_for(hours_ago):
    follow = make_follow(contact=make_contact(member=make_member()))
    waits(follow, "11", hours_ago=3)
    waits(follow, "22", hours_ago=2)
    with transaction.atomic():
        order_settled(**whose(follow), order_no="11")
        other = Other(lambda: waits(follow, "33", hours_ago=hours_ago))
    other.end()
    evidence = Suggestion.objects.get(state=Suggestion.State.OPEN).evidence
    told = {evidence["order_no"], *(order["order_no"] for order in evidence["others"])}
    assert told == {"22", "33"}
