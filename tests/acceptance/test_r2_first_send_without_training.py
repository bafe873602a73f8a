"""A guide who never logged in sends a material in two taps, types nothing, within 20 seconds."""

import time

import pytest
from playwright.sync_api import expect

from guideapp.organisation.models import GuideSession
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_a_fresh_guide_sends_a_material_in_at_most_three_taps(story: Story):
    assert not GuideSession.objects.exists()
    page, sidebar = story.chat("林小满", "周晚晴")
    began = time.monotonic()
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("button", name="发送 燕麦色大衣的 5 种穿法").click()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    assert time.monotonic() - began < 20
    expect(page.get_by_role("log").get_by_text("燕麦色大衣的 5 种穿法")).to_be_visible()
    shoot(page, "r2-sent", whole=False)
    (sent,) = [
        row
        for row in story.wecom.chat("linxm", story.wecom.customer("zhou"))
        if row["source"] == "sidebar"
    ]
    assert sent["msgtype"] == "news"
