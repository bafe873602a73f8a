"""Within five seconds of a new customer the guide has a prompt that says why and what to do."""

import time

import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_a_new_customer_brings_a_prompt_to_the_chat_and_to_the_guide(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    began = time.monotonic()
    page.get_by_role("button", name="客户加导购").click()
    line = page.locator(".sb-conv").filter(has_text="应用消息")
    expect(line).to_be_visible(timeout=5000)
    expect(line).to_contain_text("加", timeout=5000)
    assert time.monotonic() - began < 5
    (message,) = story.wecom.app_messages("linxm")
    assert message["msgtype"] == "textcard"

    page.locator(".sb-conv").nth(1).click()
    card = sidebar.get_by_role("region", name="下一步")
    expect(card).to_be_visible()
    card.get_by_text("为什么").click()
    expect(card.get_by_text("规则 new_customer")).to_be_visible()
    shoot(page, "r21-prompt", whole=False)


def test_the_prompt_is_gone_once_the_guide_sent_something(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    story.greet_newcomer(page, "wutong", "吴桐")
    prompt = sidebar.get_by_role("region", name="下一步")
    expect(prompt).to_be_visible()
    prompt.get_by_role("button").first.click()
    sidebar.get_by_role("button", name="发送 羊绒不起球，记住这 3 步").click()
    expect(sidebar.get_by_text("已发给吴桐")).to_be_visible()
    sidebar.get_by_role("link", name="客户").click()
    expect(sidebar.get_by_role("heading", level=1, name="吴桐")).to_be_visible()
    expect(prompt).to_have_count(0)
