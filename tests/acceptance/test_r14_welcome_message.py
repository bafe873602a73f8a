"""A new customer is welcomed within two seconds of WeCom's callback, by name of guide and store."""

import pytest
from playwright.sync_api import expect

from guideapp.attribution.models import TrackedLink
from guideapp.sandbox.models import Callback, WireLog
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_the_welcome_arrives_with_a_card_that_leads_back_to_guide_store_and_channel(story: Story):
    page, _sidebar = story.chat("林小满", "周晚晴")
    added = story.wecom.raise_event(
        "add_external_contact",
        userid="linxm",
        external_userid=story.wecom.customer("wutong"),
        state="fit-room",
    )
    chat = page.locator(".sb-conv").filter(has=page.get_by_text("吴桐", exact=True))
    chat.first.click()
    talk = page.get_by_role("log")
    expect(talk.get_by_text("我是星河里店的林小满，想看什么直接问我")).to_be_visible()
    expect(talk.get_by_text("燕麦色大衣的 5 种穿法")).to_be_visible()
    shoot(page, "r14-welcome", whole=False)

    told = Callback.objects.get(change_type="add_external_contact")
    call = WireLog.objects.get(kind="api", title="externalcontact/send_welcome_msg")
    assert added
    assert call.errcode == 0
    assert (call.at - told.delivered_at).total_seconds() < 2

    link = TrackedLink.objects.get(kind=TrackedLink.Kind.WELCOME)
    assert (link.guide.userid, link.store.code, link.channel) == ("linxm", "QH001", "fit-room")
    with page.expect_popup() as opened:
        talk.get_by_role("link", name="燕麦色大衣的 5 种穿法").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("燕麦色大衣的 5 种穿法")
    assert link.token in opened.value.url
