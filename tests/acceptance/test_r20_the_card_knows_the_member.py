"""The sidebar knows a member: who, level, phone, store, value, points, likes, tags and notes."""

import pytest
from playwright.sync_api import expect

from guideapp.core.models import AccessLog
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser

FIELDS = (
    "金卡",
    "138****2046",
    "星河里店",
    "你的客户",
    "¥1,468",  # both purchases
    "2 单",
    "¥734",
    "18 天前",
    "3,260",
    "大衣",  # a tag from WeCom
    "圆领羊绒开衫",
    "想要轻一点的长款大衣",
    "HY****7731",
)


def test_a_members_card_shows_what_the_retailer_and_wecom_know(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    expect(sidebar.get_by_role("heading", level=1, name="周晚晴")).to_be_visible()
    for field in FIELDS:
        expect(sidebar.get_by_text(field).first).to_be_visible()
    shoot(page, "r20-card", whole=False)
    assert "13800002046" not in sidebar.locator("html").inner_html()
    assert AccessLog.objects.filter(screen="sidebar").exists()


def test_first_content_of_the_card_is_there_within_a_second_of_the_sdks_answer(story: Story):
    page, sidebar = story.chat("林小满", "橘子汽水")
    expect(sidebar.get_by_role("heading", level=1, name="橘子汽水")).to_be_visible()
    story.turn_to(page, "周晚晴")
    expect(sidebar.get_by_text("¥1,468").first).to_be_visible()
    took = page.frames[-1].evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((entry) => entry.name.includes("/s/customer/"))
            .map((entry) => entry.duration)[0]"""
    )
    assert took < 1000


def test_a_colleagues_customer_is_not_shown(story: Story):
    page, _sidebar = story.chat("林小满", "周晚晴")
    answer = page.request.get(f"/s/customer/{story.wecom.customer('shen')}/")
    assert answer.status == 404


def test_a_tag_tapped_in_the_sidebar_reaches_wecom(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("button", name="加标签").click()
    sheet = sidebar.get_by_role("dialog")
    sheet.get_by_role("button", name="通勤").click()
    page.keyboard.press("Escape")
    expect(sidebar.locator("#tags").get_by_text("通勤")).to_be_visible()
    page.wait_for_timeout(1500)
    tags = story.wecom.follow("linxm", story.wecom.customer("zhou"))["tags"]
    assert "通勤" in str(tags)


def test_a_note_is_two_taps_and_its_words(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="记一笔").or_(
        sidebar.get_by_role("button", name="记一笔")
    ).click()
    sheet = sidebar.get_by_role("dialog")
    sheet.get_by_role("textbox").fill("周末带妈妈来试大衣")
    sheet.get_by_role("button", name="记下").click()
    expect(sidebar.locator("#notes").get_by_text("周末带妈妈来试大衣")).to_be_visible()
    shoot(page, "r20-note", whole=False)
