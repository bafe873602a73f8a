"""A network cut between tap and result: the result is kept, told later and counted once."""

import re

import pytest
from playwright.sync_api import Route, expect

from guideapp.materials.models import Material, MaterialDay, Share
from guideapp.members.models import TimelineEvent
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
    counted_once(share)
    sent = story.wecom.chat("linxm", story.wecom.customer("zhou"))
    assert sum(row["source"] == "sidebar" for row in sent) == 1


def test_a_result_that_arrived_without_its_answer_is_told_again_and_counted_once(story: Story):
    story.windows.forgive("/result/")
    story.windows.forgive("ERR_")
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="素材").click()
    page.context.route(RESULT, lose_the_answer)
    sidebar.get_by_role("button", name="发送 燕麦色大衣的 5 种穿法").click()
    expect(sidebar.get_by_text("已发出，连上网后记录")).to_be_visible()
    share = Share.objects.get()
    assert share.state == Share.State.SENT
    page.context.unroute(RESULT)
    with page.expect_response(RESULT) as told:
        page.reload()
    assert told.value.ok
    counted_once(share)


def lose_the_answer(route: Route) -> None:
    """The request reaches us, the network is cut before the answer arrives."""
    route.fetch()
    route.abort()


def counted_once(share: Share) -> None:
    """In the library's figures, in the day's, and on the timeline."""
    assert Material.objects.get(pk=share.material_id).sent_count == 1
    assert MaterialDay.objects.get(material=share.material_id).sent == 1
    assert TimelineEvent.objects.filter(kind="material_sent").count() == 1


def test_a_double_tap_sends_once(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="素材").click()
    with page.expect_response(RESULT):
        sidebar.get_by_role("button", name="发送 燕麦色大衣的 5 种穿法").dblclick()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    assert Share.objects.count() == 1
    counted_once(Share.objects.get())
    sent = story.wecom.chat("linxm", story.wecom.customer("zhou"))
    assert sum(row["source"] == "sidebar" for row in sent) == 1
