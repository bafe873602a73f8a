"""Two guides, one customer: the second is told before the tap, and nobody goes over the cap."""

import pytest
from playwright.sync_api import expect

from guideapp.compliance.models import ContactSlot
from guideapp.compliance.services import take_slot
from guideapp.core.clock import now
from guideapp.members.models import FollowRelation
from guideapp.organisation.models import Guide
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser

TITLE = "燕麦色大衣的 5 种穿法"


def another_guide_of_the_store(story: Story) -> Guide:
    """唐暖, who follows 周晚晴 as well."""
    linxm = story.guide("linxm")
    guide = Guide.objects.create(userid="tangn", name="唐暖", store=linxm.store)
    contact = story.contact("zhou")
    FollowRelation.objects.create(guide=guide, contact=contact, followed_at=now())
    return guide


def test_row_the_second_guide_sees_who_contacted_the_customer_today(story: Story):
    take_slot(story.contact("zhou"), "share", "share:before", another_guide_of_the_store(story))
    page, sidebar = story.chat("林小满", "周晚晴")
    expect(sidebar.get_by_text("累计消费")).to_be_visible()  # a tap before is lost with a reload
    sidebar.get_by_role("link", name="素材").click()
    expect(sidebar.get_by_text("今天已由唐暖联系过 TA，还能发 2 条")).to_be_visible()
    shoot(page, "n9-contacted-today", whole=False)
    sidebar.get_by_role("button", name=f"发送 {TITLE}").click()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    assert ContactSlot.objects.filter(contact=story.contact("zhou")).count() == 2


def test_row_at_the_cap_nothing_more_can_be_sent(story: Story):
    colleague = another_guide_of_the_store(story)
    for number in range(2):
        take_slot(story.contact("zhou"), "share", f"share:before-{number}", colleague)
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("button", name=f"发送 {TITLE}").click()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    story.windows.forgive("409 (Conflict)")
    sidebar.get_by_role("button", name="发送 羊绒不起球，记住这 3 步").click()
    expect(sidebar.get_by_role("alert")).to_contain_text("今天给 TA 发过 3 条了，明天再发")
    shoot(page, "n9-refused", whole=False)
    page.reload()
    expect(sidebar.get_by_text("今天给 TA 发过 3 条了，明天再发")).to_be_visible()
    expect(sidebar.get_by_role("button", name=f"再发 {TITLE}")).to_be_disabled()
    shoot(page, "n9-cap-reached", whole=False)
    assert ContactSlot.objects.filter(contact=story.contact("zhou")).count() == 3
