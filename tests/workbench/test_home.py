"""/g/ 今日: whom the guide talks to now, and how the week goes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from guideapp.core.clock import SHANGHAI, now
from guideapp.materials.models import Share
from guideapp.members.models import Contact, Suggestion
from tests.factories import (
    make_card,
    make_contact,
    make_event,
    make_follow,
    make_guide,
    make_member,
    make_share,
    make_suggestion,
    make_visit,
)


def warm_customer(guide: Any, name: str = "晚晴", **kw: Any) -> Suggestion:
    """A customer of `guide` who just looked at something."""
    follow = make_follow(guide=guide, contact=make_contact(name=name))
    evidence = {"title": "大衣穿法", "times": 2, "viewed_at": now().isoformat()}
    return make_suggestion(guide=guide, contact=follow.contact, evidence=evidence, **kw)


@pytest.mark.parametrize(
    ("hour", "words"),
    [(8, "早上好"), (12, "中午好"), (15, "下午好"), (20, "晚上好"), (2, "晚上好")],
)
def test_the_guide_is_greeted_by_the_time_of_day(client_for: Any, hour: int, words: str) -> None:
    with time_machine.travel(datetime(2026, 11, 21, hour, tzinfo=SHANGHAI), tick=False):
        assert client_for(make_guide()).get("/g/").context["greeting"] == words


def test_a_customer_who_looked_is_warm_and_leads_to_the_card(as_guide: Any) -> None:
    suggestion = warm_customer(as_guide.guide)
    follow = suggestion.contact.follows.get()
    page = as_guide.get("/g/").content.decode()
    assert "刚刚看了 2 次 · 大衣穿法" in page
    assert f'href="/g/customers/{follow.pk}/"' in page
    assert "聊聊" in page


def test_a_new_customer_is_warm(as_guide: Any) -> None:
    follow = make_follow(guide=as_guide.guide, contact=make_contact(name="橘子汽水"))
    make_suggestion(
        guide=as_guide.guide,
        contact=follow.contact,
        rule="new_customer",
        evidence={"added_at": now().isoformat()},
    )
    page = as_guide.get("/g/").content.decode()
    assert "橘子汽水" in page
    assert "新加了你" in page


def test_the_guides_own_name_for_the_customer_and_the_level_are_shown(as_guide: Any) -> None:
    member = make_member()
    make_card(member=member, level="金卡")
    follow = make_follow(
        guide=as_guide.guide, contact=make_contact(name="北", member=member), remark="顾北"
    )
    make_suggestion(guide=as_guide.guide, contact=follow.contact)
    (warm,) = as_guide.get("/g/").context["warm"]
    assert (warm.name, warm.level) == ("顾北", "金卡")


@pytest.mark.parametrize("closed", [None, now()])
def test_a_level_is_that_of_the_persons_open_card(as_guide: Any, closed: Any) -> None:
    kept = make_member()
    make_card(member=make_member(same_as=kept), level="金卡", closed_at=closed)
    follow = make_follow(guide=as_guide.guide, contact=make_contact(member=kept))
    make_suggestion(guide=as_guide.guide, contact=follow.contact)
    (warm,) = as_guide.get("/g/").context["warm"]
    assert warm.level == ("" if closed else "金卡")


@pytest.mark.parametrize(("levels", "shown"), [(("金卡", "银卡"), "金卡"), (("", "银卡"), "银卡")])
def test_of_two_cards_of_a_person_every_page_shows_the_same_level(
    as_guide: Any, levels: Any, shown: str
) -> None:
    kept = make_member()
    make_card(member=make_member(same_as=kept), level=levels[1])
    make_card(member=kept, level=levels[0], opened_at=now() - timedelta(days=9))
    follow = make_follow(guide=as_guide.guide, contact=make_contact(member=kept))
    make_suggestion(guide=as_guide.guide, contact=follow.contact)
    (warm,) = as_guide.get("/g/").context["warm"]
    card = as_guide.get(reverse("workbench:customer", args=[follow.pk])).context["card"]
    assert warm.level == card.level == shown


def test_a_customer_with_two_reasons_stands_there_once_with_the_better_one(as_guide: Any) -> None:
    first = warm_customer(as_guide.guide)
    make_suggestion(guide=as_guide.guide, contact=first.contact, rule="new_customer", priority=20)
    (warm,) = as_guide.get("/g/").context["warm"]
    assert not warm.is_new


@pytest.mark.parametrize(
    "change",
    [
        {"state": Suggestion.State.DONE},
        {"until": now() - timedelta(minutes=1)},
        {"snoozed_until": now() + timedelta(hours=1)},
    ],
)
def test_what_is_decided_past_or_asleep_is_not_warm(as_guide: Any, change: Any) -> None:
    warm_customer(as_guide.guide, **change)
    assert as_guide.get("/g/").context["warm"] == []


def viewer(guide: Any, **kw: Any) -> Contact:
    """A customer of `guide` who looked at something, without a suggestion any more."""
    contact = make_follow(guide=guide).contact
    make_event(contact=contact, guide=guide, params={"title": "大衣穿法", "times": 1}, **kw)
    return contact


def test_who_looked_within_two_days_stays_warm_after_the_suggestion_is_past(as_guide: Any) -> None:
    viewer(as_guide.guide, at=now() - timedelta(hours=30))
    viewer(as_guide.guide, at=now() - timedelta(hours=50))
    (warm,) = as_guide.get("/g/").context["warm"]
    assert (warm.title, warm.is_new) == ("大衣穿法", False)


def test_who_was_answered_or_laid_aside_since_is_not_warm(as_guide: Any) -> None:
    guide, earlier = as_guide.guide, now() - timedelta(hours=2)
    make_share(guide=guide, contact=viewer(guide, at=earlier))
    make_suggestion(
        guide=guide,
        contact=viewer(guide, at=earlier),
        state=Suggestion.State.DISMISSED,
        decided_at=now(),
    )
    make_suggestion(
        guide=guide, contact=viewer(guide, at=earlier), snoozed_until=now() + timedelta(days=1)
    )
    assert as_guide.get("/g/").context["warm"] == []


def test_another_guides_customers_are_not_there(as_guide: Any) -> None:
    follow = make_follow()
    make_suggestion(guide=follow.guide, contact=follow.contact)
    make_share()
    context = as_guide.get("/g/").context
    assert context["warm"] == []
    assert context["week"].sent == 0


def test_a_customer_who_left_is_not_warm(as_guide: Any) -> None:
    suggestion = warm_customer(as_guide.guide)
    suggestion.contact.follows.update(ended_at=now())
    assert as_guide.get("/g/").context["warm"] == []


def test_without_anybody_warm_the_page_says_what_to_do(as_guide: Any) -> None:
    page = as_guide.get("/g/").content.decode()
    assert "现在没有要趁热跟进的" in page
    assert 'href="/g/materials/"' in page


def test_the_week_counts_facts_and_sets_the_week_before_beside_them(as_guide: Any) -> None:
    guide = as_guide.guide
    share = make_share(guide=guide)
    make_visit(share=share)
    make_share(guide=guide, state=Share.State.CANCELLED)
    make_share(guide=guide, contact=share.contact, tapped_at=now() - timedelta(days=8))
    context = as_guide.get("/g/").context
    assert (context["week"].sent, context["week"].viewed, context["before"].sent) == (1, 1, 1)
    assert "¥" not in as_guide.get("/g/").content.decode()


@pytest.mark.parametrize("customers", [1, 50])
def test_the_page_costs_three_queries_with_one_and_with_fifty_customers(
    as_guide: Any, django_assert_num_queries: Any, customers: int
) -> None:
    for _n in range(customers):
        make_share(guide=as_guide.guide, contact=warm_customer(as_guide.guide).contact)
    with django_assert_num_queries(2 + 3):
        page = as_guide.get("/g/")
    assert len(page.context["warm"]) == min(customers, 5)


@pytest.mark.parametrize("who", ["as_content", "as_admin"])
def test_headquarters_has_no_day_of_a_guide(who: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(who).get("/g/").status_code == 403
