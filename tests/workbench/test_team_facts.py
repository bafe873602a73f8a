"""The facts behind the boards: what counts, on which day, for whom."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from guideapp.core.clock import SHANGHAI, now
from guideapp.materials.models import Share
from guideapp.organisation.models import Guide, LoginDay, Role
from guideapp.workbench.chart import trend
from guideapp.workbench.team import Period, Tally, facts_of, guides_of
from tests.factories import (
    make_follow,
    make_guide,
    make_link,
    make_region,
    make_share,
    make_store,
    make_visit,
)

pytestmark = pytest.mark.django_db

WEEK = Period(date(2026, 11, 15), date(2026, 11, 21))


@pytest.fixture(autouse=True)
def _saturday() -> Any:
    """It is Saturday 2026-11-21, 14:20 in Shanghai."""
    with time_machine.travel(datetime(2026, 11, 21, 14, 20, tzinfo=SHANGHAI), tick=False):
        yield


def _at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def make_login(guide: Guide, day: int) -> LoginDay:
    """The guide used the product that day."""
    return LoginDay.objects.create(
        guide=guide, store=guide.store, day=date(2026, 11, day), first_at=_at(day, 9)
    )


def test_only_what_was_reported_as_sent_counts_as_sent() -> None:
    guide = make_guide()
    for state in Share.State.values:
        make_share(guide=guide, state=state)
    assert facts_of(WEEK, guides=[guide]).total().sent == 1


def test_a_send_that_was_opened_twice_is_seen_once_and_viewed_twice() -> None:
    share = make_share()
    make_share(guide=share.guide)
    make_visit(share=share)
    make_visit(share=share)
    total = facts_of(WEEK, guides=[share.guide]).total()
    assert (total.sent, total.seen, total.viewed, total.seen_rate) == (2, 1, 2, 0.5)


def test_an_opening_that_does_not_count_is_not_viewed() -> None:
    share = make_share()
    make_visit(share=share, counted=False)
    total = facts_of(WEEK, guides=[share.guide]).total()
    assert (total.seen, total.viewed) == (0, 0)


def test_without_a_send_there_is_no_rate() -> None:
    assert Tally().seen_rate is None


def test_a_day_begins_at_midnight_in_shanghai() -> None:
    guide = make_guide()
    make_share(guide=guide, tapped_at=_at(20, 23, 59))
    make_share(guide=guide, tapped_at=_at(21, 0, 0))
    by_day = facts_of(WEEK, guides=[guide]).by_day()
    assert {day.day: tally.sent for day, tally in by_day.items()} == {20: 1, 21: 1}


def test_the_day_after_the_period_does_not_count() -> None:
    guide = make_guide()
    make_share(guide=guide, tapped_at=_at(14, 23, 59))
    make_share(guide=guide, tapped_at=_at(22, 0, 0))
    assert facts_of(WEEK, guides=[guide]).total().sent == 0


def test_new_customers_and_logins_are_counted_by_guide() -> None:
    one, other = make_guide(), make_guide()
    make_follow(guide=one, followed_at=_at(20))
    make_follow(guide=one, followed_at=_at(20), ended_at=now())
    make_login(one, 20)
    make_login(other, 21)
    by_guide = facts_of(WEEK, stores=[one.store, other.store]).by_guide()
    assert (by_guide[one.pk].added, by_guide[one.pk].logins) == (2, 1)
    assert (by_guide[other.pk].added, by_guide[other.pk].logins) == (0, 1)


def test_facts_stay_with_the_store_of_then_when_a_guide_moves() -> None:
    share = make_share()
    old, new = share.store, make_store()
    Guide.objects.filter(pk=share.guide.pk).update(store=new)
    assert facts_of(WEEK, stores=[old]).total().sent == 1
    assert facts_of(WEEK, stores=[new]).total().sent == 0


def test_another_stores_facts_are_left_out() -> None:
    make_share()
    mine = make_store()
    assert facts_of(WEEK, stores=[mine]).rows == ()


def test_all_facts_are_one_query(django_assert_num_queries: Any) -> None:
    share = make_share()
    make_visit(share=share)
    with django_assert_num_queries(1):
        facts_of(WEEK, stores=[share.store])


def test_the_period_before_is_as_long_and_does_not_overlap() -> None:
    assert WEEK.before == Period(date(2026, 11, 8), date(2026, 11, 14))
    assert len(WEEK) == len(WEEK.before) == 7
    assert Period.last_days(7) == WEEK


def test_guides_of_a_store_are_those_who_work_there_now() -> None:
    store = make_store(region=make_region())
    guide = make_guide(store=store)
    make_guide(store=store, status=Guide.Status.DISABLED)
    make_guide(store=store, roles=(Role.STORE_MANAGER,))
    make_guide()
    assert list(guides_of([store])) == [guide]


def test_a_link_without_a_known_store_is_counted_for_its_guide() -> None:
    link = make_link(store=None)
    make_visit(link=link)
    assert facts_of(WEEK, guides=[link.guide]).total().viewed == 1


def test_a_line_chart_spans_the_days_and_labels_the_last() -> None:
    chart = trend([(date(2026, 11, 15) + timedelta(days=n), n) for n in range(7)])
    assert (chart.points[0].x, chart.last.x) == (28.0, 340.0)
    assert chart.last.is_labelled
    assert chart.highest.value == 6
    assert chart.ceiling >= 6


def test_a_line_chart_of_thirty_days_has_few_labels() -> None:
    chart = trend([(date(2026, 11, 1) + timedelta(days=n), 2000) for n in range(30)])
    assert sum(point.is_labelled for point in chart.points) <= 7
    assert chart.points[0].y >= 24
