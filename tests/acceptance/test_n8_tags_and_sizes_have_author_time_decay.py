"""Every tag and size says who noted it and when; it grows stale and, once confirmed, is fresh."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from guideapp.core.clock import now
from guideapp.members.models import Preference, Tag, TagMark
from guideapp.members.services import add_tag, note_preference
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def noted(story: Story, value: str, *, days_ago: int) -> Preference:
    at = now() - timedelta(days=days_ago)
    return note_preference(story.contact("zhou"), story.guide("linxm"), "top_size", value, at=at)


def test_who_noted_a_size_and_when_stands_beside_it(story: Story):
    noted(story, "M", days_ago=3)
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_text("谁记的").click()
    row = sidebar.locator("#tags .kv", has_text="M 码")
    expect(row.get_by_text("林小满")).to_be_visible()
    row.scroll_into_view_if_needed()
    shoot(page, "n8-authors", whole=False)


def test_a_tag_grows_stale_and_its_confirmation_is_a_new_time(story: Story):
    linxm = story.guide("linxm")
    follow = linxm.follows.get(contact=story.contact("zhou"))
    tag = Tag.objects.get(name="大衣")
    tag.group.stale_after_days = 90
    tag.group.save()
    add_tag(follow, tag, linxm)
    long_ago = now() - timedelta(days=91)
    TagMark.objects.filter(follow=follow, tag=tag).update(marked_at=long_ago)
    page, sidebar = story.chat("林小满", "周晚晴")
    expect(sidebar.locator(".tag-old", has_text="大衣")).to_be_visible()
    sidebar.locator("#tags").scroll_into_view_if_needed()
    shoot(page, "n8-stale-tag", whole=False)
    sidebar.get_by_role("button", name="是", exact=True).click()
    expect(sidebar.locator(".tag-old")).to_have_count(0)
    mark = TagMark.objects.get(follow=follow, tag=tag, removed_at=None)
    assert mark.marked_at == long_ago
    assert mark.confirmed_at
