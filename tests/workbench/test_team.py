"""/m/: managers see their stores, in figures that are facts, and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest

from guideapp.core.clock import now, today
from guideapp.core.models import AuditEntry
from guideapp.organisation.models import Guide, LoginDay
from tests.factories import (
    make_follow,
    make_guide,
    make_region,
    make_share,
    make_store,
    make_visit,
)


def colleague(client: Any, **kw: Any) -> Guide:
    """A guide of the manager's store."""
    return make_guide(store=client.guide.store, **kw)


def log_in_today(guide: Guide) -> None:
    """The guide used the product today."""
    LoginDay.objects.create(guide=guide, store=guide.store, day=today(), first_at=now())


def test_a_store_manager_begins_at_the_board_of_the_store(as_manager: Any) -> None:
    guide = colleague(as_manager)
    share = make_share(guide=guide)
    make_visit(share=share)
    response = as_manager.get("/m/")
    total = response.context["total"]
    assert (total.sent, total.viewed, total.seen) == (1, 1, 1)
    assert as_manager.guide.store.name in response.content.decode()


def test_the_week_before_is_set_beside(as_manager: Any) -> None:
    guide = colleague(as_manager)
    for days in (0, 1, 8):
        make_share(guide=guide, tapped_at=now() - timedelta(days=days))
    response = as_manager.get("/m/")
    assert response.context["before"].sent == 1
    assert response.context["change"] == 1.0
    assert "↑ 100%" in response.content.decode()


def test_where_nothing_changed_no_arrow_is_shown(as_manager: Any) -> None:
    guide = colleague(as_manager)
    for days in (0, 8):
        make_share(guide=guide, tapped_at=now() - timedelta(days=days))
    page = as_manager.get("/m/").content.decode()
    assert "和上期持平" in page
    assert "↑" not in page


@pytest.mark.parametrize(("days", "sent"), [("1", 1), ("7", 2), ("30", 3), ("9999", 2), ("x", 2)])
def test_the_period_can_be_chosen(as_manager: Any, days: str, sent: int) -> None:
    guide = colleague(as_manager)
    for ago in (0, 3, 20):
        make_share(guide=guide, tapped_at=now() - timedelta(days=ago))
    assert as_manager.get("/m/", {"days": days}).context["total"].sent == sent


def test_another_stores_facts_are_not_on_the_board(as_manager: Any) -> None:
    make_visit(share=make_share())
    total = as_manager.get("/m/").context["total"]
    assert (total.sent, total.viewed) == (0, 0)


def test_guides_are_ranked_by_what_customers_looked_at(as_manager: Any) -> None:
    quiet, busy, seen = (colleague(as_manager) for _n in range(3))
    for _n in range(3):
        make_share(guide=busy)
    share = make_share(guide=seen)
    make_visit(share=share)
    ranking = as_manager.get("/m/").context["ranking"]
    assert [place.who for place in ranking] == [seen, busy]
    assert [place.share for place in ranking] == [100, 0]
    assert quiet not in [place.who for place in ranking]


def test_who_left_has_a_line_so_that_the_figures_add_up(as_manager: Any) -> None:
    share = make_share(guide=colleague(as_manager))
    left = colleague(as_manager, status=Guide.Status.DISABLED)
    make_visit(share=make_share(guide=left))
    make_follow(guide=left)
    response = as_manager.get("/m/")
    context = response.context
    assert [place.who for place in context["ranking"]] == [share.guide]
    leavers = context["leavers"]
    assert (leavers.people, leavers.tally.sent, leavers.tally.added) == (1, 1, 2)
    rows = [place.tally.sent for place in context["ranking"]] + [leavers.tally.sent]
    assert sum(rows) == context["total"].sent == 2
    assert "已离开的导购" in response.content.decode()


def test_where_nobody_left_there_is_no_such_line(as_manager: Any) -> None:
    make_share(guide=colleague(as_manager))
    assert "已离开的导购" not in as_manager.get("/m/").content.decode()


def test_who_has_not_logged_in_today_is_named(as_manager: Any) -> None:
    here, away = colleague(as_manager), colleague(as_manager, name="唐暖")
    log_in_today(here)
    response = as_manager.get("/m/")
    assert response.context["absent"] == [away]
    assert response.context["login_rate"] == pytest.approx(1 / 14)
    assert "唐暖" in response.content.decode()


def test_rates_without_anybody_are_unknown_not_zero(as_manager: Any) -> None:
    context = as_manager.get("/m/").context
    assert (context["login_rate"], context["share_rate"], context["total"].seen_rate) == (
        None,
        None,
        None,
    )


def test_new_customers_count(as_manager: Any) -> None:
    make_follow(guide=colleague(as_manager))
    assert as_manager.get("/m/").context["total"].added == 1


def test_the_chart_has_a_sentence_and_a_table(as_manager: Any) -> None:
    make_share(guide=colleague(as_manager))
    page = as_manager.get("/m/").content.decode()
    assert 'role="img" aria-label="每天发出的条数' in page
    assert "看明细" in page
    assert page.count('<th scope="row">') == 7


def test_no_yuan_is_on_the_board(as_manager: Any) -> None:
    make_share(guide=colleague(as_manager))
    assert "¥" not in as_manager.get("/m/").content.decode()


@pytest.mark.parametrize("guides", [1, 50])
def test_the_board_costs_three_queries_with_one_and_with_fifty_guides(
    as_manager: Any, django_assert_num_queries: Any, guides: int
) -> None:
    for _n in range(guides):
        make_visit(share=make_share(guide=colleague(as_manager)))
    with django_assert_num_queries(2 + 3):
        as_manager.get("/m/")


def test_a_regional_manager_sees_the_stores_first(as_regional: Any) -> None:
    region = as_regional.guide.store.region
    other = make_store(region=region, name="武康路店")
    make_visit(share=make_share(guide=make_guide(store=other)))
    response = as_regional.get("/m/")
    assert response.context["stores"] == 2
    assert response.context["ranking"][0].who == other
    assert f'href="/m/stores/{other.pk}/"' in response.content.decode()


def test_a_regional_manager_opens_one_store_and_then_a_guide(as_regional: Any) -> None:
    store = make_store(region=as_regional.guide.store.region)
    guide = make_guide(store=store)
    make_share(guide=guide)
    assert as_regional.get(f"/m/stores/{store.pk}/").context["total"].sent == 1
    assert as_regional.get(f"/m/guides/{guide.pk}/").context["total"].sent == 1


@pytest.mark.parametrize("stores", [2, 50])
def test_the_board_of_a_region_costs_three_queries(
    as_regional: Any, django_assert_num_queries: Any, stores: int
) -> None:
    for _n in range(stores):
        store = make_store(region=as_regional.guide.store.region)
        make_visit(share=make_share(guide=make_guide(store=store)))
    with django_assert_num_queries(2 + 3):
        as_regional.get("/m/")


def test_the_list_of_guides_has_the_stores_guides_alone(as_manager: Any) -> None:
    mine = colleague(as_manager)
    make_guide()
    response = as_manager.get("/m/guides/")
    assert [guide for guide, _tally in response.context["guides"]] == [mine]


@pytest.mark.parametrize("guides", [1, 50])
def test_the_list_of_guides_costs_two_queries(
    as_manager: Any, django_assert_num_queries: Any, guides: int
) -> None:
    for _n in range(guides):
        make_share(guide=colleague(as_manager))
    with django_assert_num_queries(2 + 2):
        as_manager.get("/m/guides/")


def test_a_long_list_goes_on_on_a_second_page(as_manager: Any) -> None:
    for _n in range(51):
        colleague(as_manager)
    assert as_manager.get("/m/guides/").context["has_more"]
    assert len(as_manager.get("/m/guides/", {"page": "2"}).context["guides"]) == 1
    assert as_manager.get("/m/guides/", {"page": "-1"}).status_code == 200


def test_one_guides_days_are_listed_newest_first(as_manager: Any) -> None:
    guide = colleague(as_manager)
    make_share(guide=guide, tapped_at=now() - timedelta(days=2))
    log_in_today(guide)
    days = as_manager.get(f"/m/guides/{guide.pk}/").context["days"]
    assert days[0][0] == today()
    assert [tally.sent for _day, tally in days] == [0, 0, 1, 0, 0, 0, 0]
    assert days[0][1].logins == 1


def test_one_guides_page_costs_two_queries(as_manager: Any, django_assert_num_queries: Any) -> None:
    guide = colleague(as_manager)
    make_share(guide=guide)
    with django_assert_num_queries(2 + 2):
        as_manager.get(f"/m/guides/{guide.pk}/")


@pytest.mark.parametrize("kind", ["other_store", "other_region", "unknown", "disabled"])
def test_a_guide_out_of_reach_is_not_found(as_manager: Any, kind: str) -> None:
    here = as_manager.guide.store
    guide = {
        "other_store": lambda: make_guide(store=make_store(region=here.region)),
        "other_region": lambda: make_guide(store=make_store(region=make_region())),
        "unknown": lambda: Guide(pk=999_999),
        "disabled": lambda: make_guide(store=here, status=Guide.Status.DISABLED),
    }[kind]()
    assert as_manager.get(f"/m/guides/{guide.pk}/").status_code == 404
    assert AuditEntry.objects.filter(action="refused").count() == 1


def test_a_store_out_of_reach_is_not_found(as_manager: Any, as_regional: Any) -> None:
    foreign = make_store()
    assert as_manager.get(f"/m/stores/{foreign.pk}/").status_code == 404
    assert as_regional.get(f"/m/stores/{foreign.pk}/").status_code == 404


@pytest.mark.parametrize("who", ["as_guide", "as_content", "as_admin"])
@pytest.mark.parametrize("address", ["/m/", "/m/guides/", "/m/stores/1/", "/m/guides/1/"])
def test_only_managers_come_in(who: str, address: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(who).get(address).status_code == 403
