"""R24: a size or tag that nobody has said for long is greyed and asked again."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from guideapp.core.clock import now
from guideapp.members.models import Preference
from guideapp.members.services import note_preference
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def noted(story: Story, value: str, *, days_ago: int) -> Preference:
    at = now() - timedelta(days=days_ago)
    return note_preference(story.contact("zhou"), story.guide("linxm"), "top_size", value, at=at)


def test_row_a_size_of_400_days_ago_is_greyed_and_confirmed_with_one_tap(story: Story):
    size = noted(story, "M", days_ago=400)
    page, sidebar = story.chat("林小满", "周晚晴")
    expect(sidebar.get_by_text("还穿 M 码吗？")).to_be_visible()
    expect(sidebar.locator(".tag-old", has_text="M 码")).to_be_visible()
    sidebar.locator("#tags").scroll_into_view_if_needed()
    shoot(page, "r24-stale", whole=False)
    sidebar.get_by_role("button", name="是", exact=True).click()
    expect(sidebar.get_by_text("还穿 M 码吗？")).to_have_count(0)
    expect(sidebar.locator(".tag-old")).to_have_count(0)
    size.refresh_from_db()
    assert size.confirmed_at


def test_row_a_size_that_changed_is_two_taps(story: Story):
    noted(story, "M", days_ago=400)
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.locator("#still-change").click()
    sizes = sidebar.get_by_role("dialog").get_by_role("form", name="上装尺码")
    sizes.get_by_role("button", name="L", exact=True).click()
    page.keyboard.press("Escape")
    expect(sidebar.locator("#tags").get_by_text("L 码").first).to_be_visible()
    expect(sidebar.get_by_text("还穿 M 码吗？")).to_have_count(0)
    shoot(page, "r24-changed", whole=False)
