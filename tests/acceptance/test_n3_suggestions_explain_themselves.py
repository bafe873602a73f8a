"""A suggestion shows trigger, evidence, dates and rule version; snooze and 没用 are heeded."""

import pytest
from playwright.sync_api import expect

from guideapp.members.models import Suggestion
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_why_is_answered_and_snooze_takes_the_suggestion_away(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    story.greet_newcomer(page, "wutong", "吴桐")
    card = sidebar.get_by_role("region", name="下一步")
    card.get_by_text("为什么").click()
    expect(card.get_by_text("提出时间")).to_be_visible()
    expect(card.get_by_text("规则 new_customer · 第 1 版")).to_be_visible()
    shoot(page, "n3-why", whole=False)
    card.get_by_role("button", name="明天再说").click()
    expect(card).to_have_count(0)
    assert Suggestion.objects.get().snoozed_until is not None


def test_no_use_is_remembered(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    story.greet_newcomer(page, "wutong", "吴桐")
    card = sidebar.get_by_role("region", name="下一步")
    card.get_by_role("button", name="没用").click()
    expect(card).to_have_count(0)
    page.reload()
    expect(sidebar.get_by_role("heading", level=1, name="吴桐")).to_be_visible()
    expect(card).to_have_count(0)
    assert Suggestion.objects.get().state == Suggestion.State.DISMISSED
