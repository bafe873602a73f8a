"""The guide's main job from end to end, in one go."""

import pytest
from playwright.sync_api import expect

from guideapp.materials.models import Share, Visit
from guideapp.organisation.models import LoginDay
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_from_the_login_to_viewed_and_from_a_new_customer_to_the_prompt(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")

    # The sidebar logged her in silently and knows the customer.
    expect(sidebar.get_by_role("heading", level=1, name="周晚晴")).to_be_visible()
    assert LoginDay.objects.filter(guide__userid="linxm").exists()

    # She looks for a material and sends it; the chat shows it.
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("searchbox").fill("羊绒")
    expect(sidebar.locator("article")).to_have_count(1)
    sidebar.get_by_role("button", name="发送 羊绒不起球，记住这 3 步").click()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    talk = page.get_by_role("log")
    expect(talk.get_by_role("link", name="羊绒不起球，记住这 3 步")).to_be_visible()
    assert Share.objects.get().state == Share.State.SENT

    # The customer opens it; the guide sees "viewed".
    with page.expect_popup() as opened:
        talk.get_by_role("link", name="羊绒不起球，记住这 3 步").click()
    expect(opened.value.get_by_role("heading", level=1)).to_be_visible()
    opened.value.close(run_before_unload=True)
    expect(sidebar.get_by_text("看过这条，共 1 次")).to_be_visible(timeout=25_000)
    assert Visit.objects.get(counted=True).link.share == Share.objects.get()
    shoot(page, "story-viewed", whole=False)

    # Somebody new adds her: welcomed at once, and she is told what to do.
    page.get_by_role("button", name="客户加导购").click()
    told = page.locator(".sb-conv").filter(has_text="应用消息").filter(has_text="加了你")
    expect(told).to_be_visible()
    page.locator(".sb-conv").nth(1).click()
    expect(page.get_by_role("log").get_by_text("想看什么直接问我")).to_be_visible()
    sidebar.get_by_role("link", name="客户").click()  # 素材 was the last tab
    expect(sidebar.get_by_role("region", name="下一步")).to_be_visible()
    shoot(page, "story-welcome", whole=False)
