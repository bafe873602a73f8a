"""A send that the guide cancelled, or that failed, is shown as such and counted nowhere."""

import pytest
from playwright.sync_api import Route, expect

from guideapp.compliance.models import ContactSlot
from guideapp.materials.models import Material, MaterialDay, Share
from guideapp.members.models import TimelineEvent
from guideapp.workbench.team import Period, facts_of
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_a_cancelled_send_shows_cancelled(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    page.get_by_role("button", name="发送时取消").click()
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("button", name="发送 燕麦色大衣的 5 种穿法").click()
    expect(sidebar.get_by_text("你取消了发送")).to_be_visible()
    shoot(page, "r7-cancelled", whole=False)
    share = Share.objects.get()
    assert share.state == Share.State.CANCELLED
    counted_nowhere()
    assert story.wecom.chat("linxm", story.wecom.customer("zhou"))[-1]["source"] != "sidebar"


def test_a_refused_send_says_so_in_words_and_offers_another_try(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="素材").click()
    page.context.route("**/send/", lambda route: leave_the_chat(story, route))
    sidebar.get_by_role("button", name="发送 燕麦色大衣的 5 种穿法").click()
    expect(sidebar.get_by_role("alert")).to_contain_text("请从客户聊天里打开")
    expect(sidebar.get_by_role("button", name="重发")).to_be_visible()
    shoot(page, "r7-failed", whole=False)
    assert Share.objects.get().state == Share.State.FAILED
    counted_nowhere()


def counted_nowhere() -> None:
    """Not in the library's figures, on no board, on no timeline, and not against the day's cap."""
    assert not Material.objects.filter(sent_count__gt=0).exists()
    assert not MaterialDay.objects.filter(sent__gt=0).exists()
    assert facts_of(Period.last_days(1)).total().sent == 0
    assert not TimelineEvent.objects.filter(kind="material_sent").exists()
    assert not ContactSlot.objects.exists()


def leave_the_chat(story: Story, route: Route) -> None:
    """Between our server's answer and the SDK's call the client is no longer in a customer chat."""
    story.wecom.raise_event("client_switch", value="wrong_context")
    route.continue_()
