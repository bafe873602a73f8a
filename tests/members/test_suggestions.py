"""Next best actions: proposed once a fact, told within limits, answered by the guide."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import translation

from guideapp.core.clock import now
from guideapp.members.models import FollowRelation, Suggestion
from guideapp.members.services import decide, explain, propose, withdraw
from guideapp.wecom.models import OutboxCall
from tests.factories import make_contact, make_follow, make_guide

pytestmark = pytest.mark.django_db

NOON = "2026-11-21T12:00:00+08:00"


def view(follow: FollowRelation, **kw: object) -> Suggestion:
    """The customer looked at the coat."""
    fields = {
        "rule": "viewed_material",
        "evidence": {"title": "燕麦色大衣", "times": 2, "viewed_at": now().isoformat()},
        "action_url": "/g/",
        "until": now() + timedelta(days=1),
    }
    return propose(contact=follow.contact, guide=follow.guide, **(fields | kw))


def told(follow: FollowRelation) -> list[str]:
    rows = OutboxCall.objects.filter(
        kind="message_text_card", payload__userids=[follow.guide.userid]
    )
    return [row.payload["title"] for row in rows.order_by("pk")]


def shown(follow: FollowRelation) -> Suggestion | None:
    rows = Suggestion.objects.filter(guide=follow.guide, contact=follow.contact)
    return rows.showable(at=now()).order_by("priority").first()


def test_a_suggestion_says_what_how_why_and_by_which_rule():
    follow = make_follow(remark="周晚晴")
    words = explain(view(follow, earn_fen=15200), name=follow.shown_name)
    assert words.what == "TA 在看《燕麦色大衣》，趁热跟进"
    assert words.how
    assert [(fact.label, fact.text) for fact in words.facts[:2]] == [
        ("素材", "燕麦色大衣"),
        ("看过次数", "2"),
    ]
    assert words.facts[2].moment
    assert shown(follow).rule_version >= 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("扫码添加 · store31-qr7", "没有发")),
        ("en", ("Scanned QR code · store31-qr7", "None sent")),
    ],
)
def test_evidence_is_worded_for_who_reads_it(language, words):
    evidence = {"source": {"add_way": 1, "state": "store31-qr7"}, "welcome": "none"}
    suggestion = view(make_follow(), rule="new_customer", evidence=evidence)
    with translation.override(language):
        facts = explain(suggestion, name="周晚晴").facts
    assert tuple(fact.text for fact in facts) == words


def test_evidence_that_was_stored_in_words_reads_as_before():
    evidence = {"source": "扫码添加 · store31-qr7", "welcome": "没发出去"}
    facts = explain(view(make_follow(), evidence=evidence), name="周晚晴").facts
    assert [fact.text for fact in facts] == ["扫码添加 · store31-qr7", "没发出去"]


def test_a_source_that_nobody_knows_is_left_out():
    evidence = {"source": {"add_way": 0, "state": ""}, "welcome": "sent"}
    facts = explain(view(make_follow(), evidence=evidence), name="周晚晴").facts
    assert [fact.label for fact in facts] == ["欢迎语"]


def test_missing_evidence_reads_as_unknown():
    words = explain(view(make_follow(), evidence={}), name="周晚晴")
    assert "《—》" in words.what
    assert words.facts == ()


def test_the_same_fact_told_twice_is_one_suggestion_and_one_message():
    follow, at = make_follow(), now()
    first = view(follow, at=at)
    assert view(follow, at=at) == first
    assert view(follow, at=at - timedelta(minutes=5)) == first
    assert len(told(follow)) == 1


def test_a_fact_decided_upon_does_not_come_back_when_told_again():
    follow, at = make_follow(), now()
    decide(view(follow, at=at), "done")
    view(follow, at=at)
    assert shown(follow) is None


def test_a_newer_fact_brings_the_open_suggestion_up_to_date():
    follow = make_follow()
    older = view(follow, at=now() - timedelta(minutes=9))
    newer = view(follow, evidence={"title": "围巾", "times": 3})
    assert newer == older
    assert shown(follow).evidence == {"title": "围巾", "times": 3}
    assert Suggestion.objects.count() == 1


def test_the_guide_hears_of_a_customer_once_an_hour():
    with time_machine.travel(NOON, tick=False) as clock:
        follow = make_follow(remark="周晚晴")
        view(follow)
        clock.shift(timedelta(minutes=59))
        view(follow)
        assert told(follow) == ["周晚晴 看了《燕麦色大衣》"]
        clock.shift(timedelta(minutes=2))
        view(follow)
    assert len(told(follow)) == 2


def test_old_news_is_suggested_without_a_message():
    follow = make_follow()
    view(follow, at=now() - timedelta(hours=2))
    assert shown(follow)
    assert told(follow) == []


def test_a_guide_who_lost_the_customer_or_left_is_not_told():
    ended = make_follow(ended_at=now())
    left = make_follow(guide=make_guide(status=5))
    view(ended)
    view(left)
    assert told(ended) == told(left) == []


def test_the_message_leads_to_the_customer_and_names_only_typed_money(settings):
    follow = make_follow()
    view(follow, earn_fen=None)
    payload = OutboxCall.objects.get(kind="message_text_card").payload
    assert payload["url"] == f"{settings.SITE_URL}/g/customers/{follow.pk}/"
    assert "¥" not in payload["description"]
    other = make_follow()
    view(other, earn_fen=15200)
    payload = OutboxCall.objects.latest("pk").payload
    assert "约赚 ¥152" in payload["description"]


def test_tomorrow_means_tomorrow_morning():
    with time_machine.travel(NOON, tick=False) as clock:
        follow = make_follow()
        decide(view(follow), "snoozed")
        assert shown(follow) is None
        clock.move_to("2026-11-22T08:59:00+08:00")
        assert shown(follow) is None
        clock.move_to("2026-11-22T09:00:00+08:00")
        assert shown(follow)


def test_a_newer_fact_does_not_wake_what_sleeps():
    with time_machine.travel(NOON, tick=False) as clock:
        follow = make_follow()
        decide(view(follow), "snoozed")
        clock.shift(timedelta(hours=2))
        view(follow)
        assert shown(follow) is None
        assert len(told(follow)) == 1
        clock.move_to("2026-11-22T09:00:00+08:00")
        assert shown(follow)


def test_useless_keeps_the_rule_silent_about_this_customer_for_days():
    with time_machine.travel(NOON, tick=False) as clock:
        follow = make_follow()
        other = make_follow(guide=follow.guide)
        decide(view(follow), "dismissed")
        clock.shift(timedelta(days=2))
        view(follow)
        view(other)
        assert shown(follow) is None
        assert shown(other)
        clock.shift(timedelta(days=2))
        view(follow)
        assert shown(follow)


def test_what_lost_its_reason_is_withdrawn_for_one_guide_or_all():
    contact = make_contact()
    mine, hers = make_follow(contact=contact), make_follow(contact=contact)
    view(mine)
    view(hers)
    assert withdraw(rule="viewed_material", contact=contact, guide=mine.guide) == 1
    assert (shown(mine), bool(shown(hers))) == (None, True)
    assert withdraw(rule="viewed_material", contact=contact) == 1


def test_an_answer_to_a_withdrawn_suggestion_changes_nothing():
    follow = make_follow()
    suggestion = view(follow)
    withdraw(rule="viewed_material", contact=follow.contact)
    assert decide(suggestion, "done").state == Suggestion.State.WITHDRAWN


def test_the_most_urgent_rule_is_shown_first():
    follow = make_follow()
    view(follow, rule="new_customer", evidence={})
    view(follow)
    assert shown(follow).rule == "viewed_material"


def test_a_rule_that_the_table_lacks_is_a_mistake():
    with pytest.raises(KeyError):
        view(make_follow(), rule="made_up")
