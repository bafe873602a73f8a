"""Sent to two customers and opened by one for four seconds: only that one is a viewer."""

import re

import pytest
from playwright.sync_api import Page, expect

from guideapp.materials.models import Share, Visit
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser

TITLE = "燕麦色大衣的 5 种穿法"


def send_to(story: Story, page: Page, name: str) -> None:
    story.turn_to(page, name)
    sidebar = page.frame_locator("iframe")
    expect(sidebar.get_by_role("heading", level=1, name=name)).to_be_attached()
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("button", name=f"发送 {TITLE}").click()
    expect(sidebar.get_by_text(f"已发给{name}")).to_be_visible()


def nothing_seen_beside(story: Story, page: Page, name: str) -> None:
    """What the guide sees beside the other customer says nothing of a view."""
    story.turn_to(page, name)
    sidebar = page.frame_locator("iframe")
    expect(sidebar.get_by_role("heading", level=1, name=name)).to_be_attached()
    sidebar.get_by_role("link", name="素材").click()
    expect(sidebar.get_by_role("article").filter(has_text=TITLE)).to_be_visible()
    expect(sidebar.get_by_text(re.compile("看过这条"))).to_have_count(0)


def test_only_the_customer_who_looked_is_a_viewer_with_the_time_they_took(story: Story):
    page, sidebar = story.chat("林小满")
    send_to(story, page, "苏一禾")
    send_to(story, page, "周晚晴")

    with page.expect_popup() as opened:
        page.get_by_role("log").get_by_role("link", name=TITLE).click()
    public = opened.value
    expect(public.get_by_text("浏览记录会告知你的专属导购")).to_be_visible()
    shoot(public, "r27-public")
    public.wait_for_timeout(4000)
    public.close(run_before_unload=True)

    visit = Visit.objects.get(counted=True)
    assert visit.link.contact == story.contact("zhou")
    expect(sidebar.get_by_text(re.compile("看过这条，共 1 次"))).to_be_visible(timeout=25_000)
    shoot(page, "r27-viewed", whole=False)
    visit.refresh_from_db()
    assert 3000 <= visit.dwell_ms <= 5500

    sidebar.get_by_role("link", name="客户").click()
    expect(sidebar.get_by_text(f"看了《{TITLE}》").first).to_be_visible()
    seconds = round(visit.dwell_ms / 1000)
    expect(sidebar.get_by_text(re.compile(f"停留 {seconds} 秒")).first).to_be_visible()
    expect(sidebar.get_by_role("region", name="下一步")).to_be_visible()
    assert not Visit.objects.filter(link__contact=story.contact("su")).exists()
    nothing_seen_beside(story, page, "苏一禾")
    messages = story.wecom.app_messages("linxm")
    assert len(messages) == 1
    assert "周晚晴" in messages[0]["payload"]["title"]


def test_a_plain_picture_says_that_views_cannot_be_seen(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="素材").click()
    row = sidebar.locator("article").filter(has_text=TITLE)
    expect(row.get_by_text("原文件看不到 TA 看没看")).to_be_visible()
    page.wait_for_timeout(1000)  # the picture is uploaded ahead by a job
    row.get_by_role("button", name="发原图").click()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    assert Share.objects.get().form == Share.Form.ORIGINAL
    shoot(page, "r27-original", whole=False)
