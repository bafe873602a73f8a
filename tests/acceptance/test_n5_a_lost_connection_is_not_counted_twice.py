"""A network cut between tap and result: the result is kept, told later and counted once."""

import re

import pytest
from playwright.sync_api import expect

from guideapp.materials.models import Share
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser

RESULT = re.compile(r"/s/shares/\d+/result/$")


def test_a_result_that_could_not_be_reported_is_reported_later_and_once(story: Story):
    story.windows.forgive("/result/")
    story.windows.forgive("ERR_")
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="素材").click()
    page.context.route(RESULT, lambda route: route.abort())
    sidebar.get_by_role("button", name="发送 燕麦色大衣的 5 种穿法").click()
    expect(page.get_by_role("log").get_by_text("燕麦色大衣的 5 种穿法")).to_be_visible()
    page.wait_for_timeout(500)
    assert Share.objects.get().state == Share.State.UNKNOWN
    shoot(page, "n5-kept", whole=False)

    page.context.unroute(RESULT)
    page.reload()
    expect(sidebar.get_by_role("heading", level=1).first).to_be_attached()
    page.wait_for_timeout(2000)
    share = Share.objects.get()
    assert share.state == Share.State.SENT
    sent = story.wecom.chat("linxm", story.wecom.customer("zhou"))
    assert sum(row["source"] == "sidebar" for row in sent) == 1


def test_a_double_tap_sends_once(story: Story):
    _page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("button", name="发送 燕麦色大衣的 5 种穿法").dblclick()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    assert Share.objects.count() == 1
    sent = story.wecom.chat("linxm", story.wecom.customer("zhou"))
    assert sum(row["source"] == "sidebar" for row in sent) == 1
