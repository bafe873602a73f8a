"""Adding a guide wakes a dormant member: by unionid, by verified phone, or a question for HQ."""

import pytest
from django.conf import settings
from playwright.sync_api import FrameLocator, Page, expect

from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.members.models import Evidence, IdentityLink, Member, MergeCandidate
from guideapp.members.services import identify_contact, open_card, person_ids, save_member
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import shoot, sideways

pytestmark = pytest.mark.browser


def office(story: Story) -> Page:
    """A desk at headquarters, just logged in by QR code."""
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("wangsi")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    return page


def dormant(story: Story, number: str, level: str, **facts: str) -> Member:
    """A member of the retailer's from before WeCom, with a card of the brand."""
    member = save_member(**facts)
    open_card(member=member, brand=story.brand, number=number, level=level, opened_at=now())
    return member


def test_row_four_cases_of_a_new_friend(story: Story):
    su, juzi = story.contact("su"), story.contact("juzi")
    hexia, wutong = story.contact("hexia"), story.wecom.customer("wutong")
    by_unionid = dormant(story, "HY10000001", "银卡", name="苏一禾", unionid=su.unionid)
    by_phone = dormant(story, "HY10000002", "普卡", name="陈橘", phone="13800005519")
    one = save_member(name="何夏", number="M77310001", unionid="oSomebodyElse")
    other = dormant(story, "HY10000003", "金卡", name="何小夏", phone="13800006620")

    # 1 · the WeChat identity is the member's: joined when the retailer or WeCom told of it
    su.refresh_from_db()
    assert su.member == by_unionid
    # 2 · the retailer's mini program knows the verified phone of this customer
    save_member(phone="13800005519", external_userid=juzi.external_userid)
    juzi.refresh_from_db()
    assert juzi.member == by_phone
    # 3 · one says this, the other that: nobody is joined, headquarters is asked
    hexia.unionid = "oSomebodyElse"
    found = identify_contact(hexia, phone="+8613800006620")
    assert not found.is_clear
    # 4 · nothing hits
    page, sidebar = story.chat("林小满", "周晚晴")
    story.greet_newcomer(page, "wutong", "吴桐")
    expect(sidebar.get_by_text("TA 还不是会员")).to_be_visible()
    expect(sidebar.get_by_text("TA 可能已有卡")).to_be_visible()
    shoot(page, "r16-prospect", whole=False)
    assert story.contact("wutong").external_userid == wutong
    assert story.contact("wutong").member is None

    story.turn_to(page, "苏一禾")
    expect(sidebar.get_by_text("银卡").first).to_be_visible()
    expect(sidebar.get_by_text("HY****0001")).to_be_visible()
    story.turn_to(page, "橘子汽水")
    expect(sidebar.get_by_text("普卡").first).to_be_visible()
    shoot(page, "r16-by-phone", whole=False)
    assert IdentityLink.objects.get(contact=juzi).evidence == Evidence.PHONE

    asked = MergeCandidate.objects.get()
    assert {asked.one, asked.other} == {one, other}
    hexia.refresh_from_db()
    assert hexia.member is None
    _headquarters_decides(story, asked)


def _headquarters_decides(story: Story, asked: MergeCandidate) -> None:
    page = office(story)
    page.goto("/hq/identity/")
    line = page.get_by_role("row").filter(has_text="何*")
    expect(line).to_contain_text("微信身份是一个会员的，手机号是另一个会员的")
    shoot(page, "r16-queue")
    line.get_by_role("link", name="对照").click()
    expect(page.get_by_role("row").filter(has_text="手机号")).to_contain_text("138****6620")
    assert "13800006620" not in page.content()
    assert sideways(page) == []
    shoot(page, "r16-side-by-side")
    page.get_by_label("为什么").first.fill("电话里核对过，是同一位")
    page.get_by_role("button", name="合并").click()
    expect(page.get_by_role("heading", name="已合并")).to_be_visible()
    shoot(page, "r16-merged")
    assert person_ids(asked.one_id) == sorted([asked.one_id, asked.other_id])
    assert AuditEntry.objects.get(action="identity.merge").reason == "电话里核对过，是同一位"


def test_row_a_card_that_the_guide_found_is_joined_only_by_the_customer(story: Story):
    member = dormant(story, "HY10000002", "普卡", name="陈橘", phone="13800005519")
    page, sidebar = story.chat("林小满", "橘子汽水")
    _look_up(sidebar, "13800005519")
    sheet = sidebar.get_by_role("dialog")
    expect(sheet.get_by_text("手机尾号 5519 的会员")).to_be_visible()
    assert "陈橘" not in sidebar.locator("html").inner_html()
    shoot(page, "r16-possible-card", whole=False)
    sheet.get_by_role("button", name="请 TA 确认").click()
    expect(sidebar.locator("#claim").get_by_text("已发送，等 TA 确认")).to_be_visible()
    assert story.contact("juzi").member is None

    with page.expect_popup() as opened:
        page.get_by_role("log").get_by_role("link", name="请确认你的会员卡").click()
    phone = story.windows.open(width=390, height=844)
    phone.goto(opened.value.url)
    shoot(phone, "r16-confirm")
    story.windows.forgive("status of 422")
    phone.get_by_label("会员卡的手机号").fill("13900000000")
    phone.get_by_role("button", name="确认是我的卡").click()
    expect(phone.get_by_role("alert")).to_contain_text("还能再试 4 次")
    phone.get_by_label("会员卡的手机号").fill("138 0000 5519")
    phone.get_by_role("button", name="确认是我的卡").click()
    expect(phone.get_by_text("已确认，会员卡接上了")).to_be_visible()
    shoot(phone, "r16-confirmed")
    assert story.contact("juzi").member == member
    assert IdentityLink.objects.get(contact=story.contact("juzi")).evidence == Evidence.CUSTOMER

    story.turn_to(page, "周晚晴")
    story.turn_to(page, "橘子汽水")
    expect(sidebar.get_by_text("普卡").first).to_be_visible()
    expect(sidebar.get_by_text("本人确认")).to_be_visible()


def _look_up(sidebar: FrameLocator, phone: str) -> None:
    sidebar.get_by_role("button", name="用手机号查会员卡").click()
    sheet = sidebar.get_by_role("dialog")
    sheet.get_by_label("TA 告诉你的手机号").fill(phone)
    sheet.get_by_role("button", name="查会员卡").click()
