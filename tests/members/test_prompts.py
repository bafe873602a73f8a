"""Which prompts reach a guide at once, which together in the evening, and which never."""

from datetime import timedelta

import pytest
import time_machine

from guideapp.core.clock import now
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import FollowRelation
from guideapp.members.services import decide, propose, withdraw
from guideapp.members.services.prompts import tell_the_rest
from guideapp.organisation.models import Guide
from guideapp.wecom.models import OutboxCall
from tests.factories import make_follow, make_guide

pytestmark = pytest.mark.django_db

NOON = "2026-11-21T12:00:00+08:00"
EVENING = "2026-11-21T19:00:00+08:00"


@pytest.fixture
def guide(settings) -> Guide:
    """Seven messages a day: four for whatever comes, two for the best, one for the evening."""
    settings.GUIDE_MESSAGES_PER_DAY = 7
    return make_guide()


@pytest.fixture
def noon():
    """It is noon."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def viewed(guide: Guide, **kw: object) -> FollowRelation:
    """A customer of the guide looked at a material."""
    follow = make_follow(guide=guide)
    propose_about(follow, **kw)
    return follow


def propose_about(follow: FollowRelation, **kw: object):
    fields = {
        "rule": "viewed_material",
        "evidence": {"title": "大衣"},
        "action_url": "/g/",
        "until": now() + timedelta(days=1),
    }
    return propose(contact=follow.contact, guide=follow.guide, **(fields | kw))


def messages(guide: Guide) -> list[OutboxCall]:
    rows = OutboxCall.objects.filter(kind="message_text_card", payload__userids=[guide.userid])
    return list(rows.order_by("pk"))


def digests(guide: Guide) -> list[OutboxCall]:
    return [row for row in messages(guide) if row.key.startswith("digest:")]


def test_of_equal_prompts_all_go_out_but_the_evenings_place(guide, noon):
    for _ in range(9):
        viewed(guide)
    assert len(messages(guide)) == 6


def test_at_most_twelve_messages_a_day_and_again_tomorrow(settings, noon):
    assert settings.GUIDE_MESSAGES_PER_DAY == 12
    guide = make_guide()
    for _ in range(20):
        viewed(guide)
    noon.move_to(EVENING)
    tell_the_rest.func(guide.pk)
    viewed(guide)
    assert len(messages(guide)) == 12
    noon.shift(timedelta(days=1))
    viewed(guide)
    assert len(messages(guide)) == 13


def test_when_the_places_run_short_the_less_valuable_waits(guide, noon):
    for _ in range(4):
        viewed(guide, earn_fen=10_000)
    viewed(guide, earn_fen=2_000)
    viewed(guide, rule="new_customer")
    assert len(messages(guide)) == 4
    viewed(guide, earn_fen=10_000)
    assert len(messages(guide)) == 5


def test_where_nobody_typed_an_amount_it_counts_as_usual(guide, noon):
    for _ in range(4):
        viewed(guide, earn_fen=10_000)
    viewed(guide)
    assert len(messages(guide)) == 5


def test_what_was_held_back_comes_in_the_evening_the_best_first(guide, noon, settings):
    for _ in range(6):
        viewed(guide, earn_fen=10_000)
    small = viewed(guide, earn_fen=1_000)
    big = viewed(guide, earn_fen=9_000)
    run_due()
    assert digests(guide) == []
    noon.move_to(EVENING)
    run_due(("normal",))
    (digest,) = digests(guide)
    assert digest.payload["title"] == "今天还有 2 位客户值得聊聊"
    assert digest.payload["description"].splitlines() == [
        f"{follow.shown_name} 看了《大衣》" for follow in (big, small)
    ]
    assert digest.payload["url"] == f"{settings.SITE_URL}/g/"


def test_the_evening_message_is_one_however_often_it_is_asked_for(guide, noon):
    for _ in range(9):
        viewed(guide)
    assert Job.objects.filter(dedupe_key__startswith="members:digest:").count() == 1
    noon.move_to(EVENING)
    tell_the_rest.func(guide.pk)
    tell_the_rest.func(guide.pk)
    assert len(digests(guide)) == 1


def test_what_was_done_or_lost_its_reason_is_not_in_the_evening_message(guide, noon):
    for _ in range(6):
        viewed(guide)
    done, gone = make_follow(guide=guide), viewed(guide)
    decide(propose_about(done), "done")
    withdraw(rule="viewed_material", contact=gone.contact)
    noon.move_to(EVENING)
    tell_the_rest.func(guide.pk)
    assert digests(guide) == []


def test_with_places_to_spare_there_is_no_evening_message(guide, noon):
    viewed(guide)
    viewed(guide, at=now() - timedelta(hours=2))  # old news is the card's alone
    assert not Job.objects.filter(dedupe_key__startswith="members:digest:").exists()


def test_a_guide_who_left_gets_no_evening_message(guide, noon):
    for _ in range(9):
        viewed(guide)
    Guide.objects.filter(pk=guide.pk).update(status=Guide.Status.DISABLED)
    noon.move_to(EVENING)
    tell_the_rest.func(guide.pk)
    assert digests(guide) == []
