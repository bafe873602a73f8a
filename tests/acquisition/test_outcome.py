"""What becomes of a welcome: the timeline's line and the guide's prompt, each once."""

from datetime import timedelta

import pytest
import time_machine

from guideapp.acquisition.services import settle
from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import FollowRelation, Suggestion, TimelineEvent
from guideapp.members.services import decide, refresh_soon
from guideapp.members.signals import contact_left
from guideapp.wecom.models import OutboxCall
from tests.acquisition.support import brand_of, ended, greet_now
from tests.factories import make_follow, make_share, make_welcome

pytestmark = pytest.mark.django_db

State = OutboxCall.State


@pytest.fixture
def follow() -> FollowRelation:
    """A customer who came by a scanned code, at a brand with a welcome."""
    follow = make_follow(add_way=1, state="store31-qr7")
    make_welcome(brand=brand_of(follow))
    return follow


@pytest.mark.parametrize(
    ("state", "errcode", "kind", "reason", "told"),
    [
        (State.DONE, 0, "welcome_sent", None, "sent"),
        (State.FAILED, None, "welcome_missed", "too_late", "missed"),
        (State.FAILED, 41050, "welcome_missed", "too_late", "missed"),
        (State.FAILED, 41051, "welcome_missed", "already_talking", "missed"),
        (State.FAILED, 41096, "welcome_missed", "too_late", "missed"),
        (State.FAILED, 84061, "welcome_missed", "refused", "missed"),
        (State.UNCERTAIN, None, "welcome_missed", "uncertain", "uncertain"),
    ],
)
def test_each_end_of_the_call_is_told_on_the_timeline_and_to_the_guide(
    follow: FollowRelation, state: str, errcode: int | None, kind: str, reason: str, told: str
) -> None:
    delivery = greet_now(follow)
    assert delivery is not None
    settle(ended(delivery, state, errcode))
    event = TimelineEvent.objects.get()
    assert (event.kind, event.params.get("reason")) == (kind, reason)
    assert (event.contact, event.guide) == (follow.contact, follow.guide)
    assert Suggestion.objects.get().evidence["welcome"] == told


def test_the_prompt_says_when_and_how_the_customer_came(follow: FollowRelation) -> None:
    came = now()
    delivery = greet_now(follow, at=came)
    assert delivery is not None
    settle(ended(delivery, State.DONE))
    suggestion = Suggestion.objects.get()
    assert suggestion.rule == "new_customer"
    assert suggestion.evidence["added_at"] == came.isoformat()
    assert suggestion.evidence["source"] == {"add_way": 1, "state": "store31-qr7"}
    assert suggestion.proposed_at == came


def test_while_the_call_is_under_way_nothing_is_told(follow: FollowRelation) -> None:
    delivery = greet_now(follow)
    assert delivery is not None
    assert settle(delivery) is None
    assert not TimelineEvent.objects.exists()
    assert not Suggestion.objects.exists()


def test_settling_twice_changes_nothing(follow: FollowRelation) -> None:
    delivery = greet_now(follow)
    assert delivery is not None
    settle(ended(delivery, State.DONE))
    settle(delivery)
    assert TimelineEvent.objects.count() == 1
    assert Suggestion.objects.count() == 1


def test_the_end_of_the_call_settles_the_welcome_by_itself(follow: FollowRelation) -> None:
    delivery = greet_now(follow)
    assert delivery is not None
    with time_machine.travel(now() + timedelta(seconds=21)):
        run_due(("urgent", "normal"))
    assert TimelineEvent.objects.get().kind == "welcome_missed"


def test_what_the_guide_is_told_waits_in_no_lane_of_welcomes_and_before_readings(
    follow: FollowRelation,
) -> None:
    delivery = greet_now(follow)
    assert delivery is not None
    refresh_soon("wmSomebody")
    with time_machine.travel(now() + timedelta(seconds=21)):
        run_due(("urgent",))
        assert not TimelineEvent.objects.exists()
        (job,) = ledger.claim("normal", worker="w", limit=1, lease_seconds=10)
    assert job.task.endswith("settle_call")


def test_the_guide_gets_one_message_from_the_prompt(follow: FollowRelation) -> None:
    delivery = greet_now(follow)
    assert delivery is not None
    settle(ended(delivery, State.DONE))
    greet_now(follow, code="")
    assert OutboxCall.objects.filter(kind="message_text_card").count() == 1


def test_a_guide_who_has_sent_something_already_is_not_prompted(follow: FollowRelation) -> None:
    delivery = greet_now(follow)
    assert delivery is not None
    make_share(guide=follow.guide, contact=follow.contact)
    settle(ended(delivery, State.DONE))
    assert not Suggestion.objects.exists()


def test_after_the_guide_decided_a_repeated_event_does_not_prompt_again(
    follow: FollowRelation,
) -> None:
    came = now()
    greet_now(follow, code="", at=came)
    decide(Suggestion.objects.get(), "done")
    greet_now(follow, code="", at=came)
    assert Suggestion.objects.get().state == Suggestion.State.DONE


def test_a_customer_who_has_left_again_is_no_longer_prompted_for(follow: FollowRelation) -> None:
    greet_now(follow, code="")
    contact_left.send(FollowRelation, follow_id=follow.pk, reason="by_customer", at=now())
    assert Suggestion.objects.get().state == Suggestion.State.WITHDRAWN


def test_an_ended_relation_gets_no_prompt(follow: FollowRelation) -> None:
    follow.ended_at = now()
    greet_now(follow, code="")
    assert not Suggestion.objects.exists()
