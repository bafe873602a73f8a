"""/hq/suggestions/: shown, used, followed by an order."""

from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.members.models import Suggestion
from tests.factories import make_suggestion

pytestmark = pytest.mark.django_db

PAGE = reverse("workbench:rules")


def outcome(client, rule: str, **query):
    rows = client.get(PAGE, query).context["outcomes"]
    return next(row for row in rows if row.rule.name == rule)


def shown(days_ago: int = 1, **kw) -> Suggestion:
    return make_suggestion(first_shown_at=now() - timedelta(days=days_ago), **kw)


def test_a_rule_counts_what_was_shown_and_what_became_of_it(as_content):
    shown()
    shown(state=Suggestion.State.DONE, ordered_at=now())
    shown(state=Suggestion.State.DISMISSED)
    shown(snoozed_until=now())
    make_suggestion()  # nobody saw it
    row = outcome(as_content, "viewed_material")
    assert (row.shown, row.used, row.snoozed, row.useless, row.ordered) == (4, 1, 1, 1, 1)
    assert (row.used_rate, row.ordered_rate) == (0.25, 0.25)


@pytest.mark.parametrize(("days", "count"), [("7", 1), ("30", 2), ("90", 3), ("x", 2)])
def test_a_period_counts_from_the_first_showing(as_content, days, count):
    for ago in (2, 20, 80):
        shown(ago)
    assert outcome(as_content, "viewed_material", days=days).shown == count


def test_each_version_of_a_rule_is_a_row_of_its_own(as_content):
    shown(rule_version=7)
    rows = as_content.get(PAGE).context["outcomes"]
    versions = [row.version for row in rows if row.rule.name == "viewed_material"]
    assert versions == [7, 1]


def test_a_rule_whose_room_comes_later_says_so(as_content):
    page = as_content.get(PAGE).content.decode()
    assert page.count("还没有数据来源") == 1


@pytest.mark.parametrize("rows", [1, 30])
def test_the_page_costs_three_queries(as_content, rows, django_assert_num_queries):
    for _ in range(rows):
        shown()
    with django_assert_num_queries(3):
        as_content.get(PAGE)
