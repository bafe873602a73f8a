"""A person reads what is held about them, changes their mind, and is erased: for good."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.members.models import Consent, Contact, FollowRelation, Member
from guideapp.members.services import reconcile, record_consent, save_members
from guideapp.organisation.models import Role
from guideapp.organisation.services import grant_role
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import axe_findings, shoot, sideways

pytestmark = pytest.mark.browser

PHONE = "13800002046"


def officer_desk(story: Story) -> Page:
    """The privacy officer at headquarters, just logged in by QR code."""
    officer = story.guide("wangsi")
    grant_role(actor_userid="", guide=officer, role=Role.PRIVACY_OFFICER)
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(officer).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    return page


def find(page: Page, asked: str) -> None:
    """Look somebody up."""
    page.goto("/hq/privacy/")
    page.get_by_label("手机号、会员号").fill(asked)
    page.get_by_label("为什么").fill("工单 2046")
    page.get_by_role("button", name="找", exact=True).click()


def is_fine(page: Page) -> None:
    """Nothing for an eye or a screen reader to stumble on."""
    assert axe_findings(page) == []
    assert sideways(page) == []


def zhou(story: Story) -> Member:
    """周晚晴 with the consents that she gave."""
    member = Member.objects.get(contacts=story.contact("zhou"))
    purposes = (Consent.Purpose.MEMBERSHIP, Consent.Purpose.MARKETING)
    record_consent(member, story.brand, purposes, version="2026-11", channel="page")
    return member


def test_row_n7_a_person_gets_a_copy_and_changes_their_mind(story: Story, tmp_path: Path):
    zhou(story)
    chat, app = story.chat("林小满", "周晚晴")
    expect(app.get_by_text("138****2046")).to_be_visible()
    expect(app.get_by_text(PHONE)).to_have_count(0)
    chat.close()
    page = officer_desk(story)
    find(page, PHONE)
    expect(page.get_by_role("heading", name="周晚晴")).to_be_visible()
    expect(page.get_by_text("138****2046")).to_be_visible()
    assert PHONE not in page.content()
    reads = page.locator("section").filter(has_text="最近谁看过")
    expect(reads.get_by_role("row").filter(has_text="林小满").first).to_contain_text("聊天侧边栏")
    is_fine(page)
    shoot(page, "n7-person")
    page.get_by_label("为什么").fill("工单 2046")
    with page.expect_download() as copy:
        page.get_by_role("button", name="数据文件").click()
    data = json.loads(Path(copy.value.path()).read_text())
    assert data["tables"]["members.Member"]["rows"][0]["phone"] == f"+86{PHONE}"
    with page.expect_download() as copy:
        page.get_by_role("button", name="能直接看的").click()
    readable = tmp_path / "copy.html"
    readable.write_text(Path(copy.value.path()).read_text())
    reader = story.windows.desk()
    reader.goto(readable.as_uri())
    expect(reader.get_by_text("想要轻一点的长款大衣")).to_be_visible()
    shoot(reader, "n7-copy")
    marketing = page.get_by_role("row").filter(has_text="营销信息")
    marketing.get_by_role("button", name="撤回").click()
    expect(marketing).to_contain_text("撤回")
    expect(marketing.get_by_role("button")).to_have_count(0)
    assert Consent.objects.filter(withdrawn_at=None).get().purpose == Consent.Purpose.MEMBERSHIP


def test_row_n7_the_whole_number_costs_a_reason(story: Story):
    zhou(story)
    follow = FollowRelation.objects.get(guide__userid="linxm", remark="周晚晴")
    page = story.windows.open(width=390, height=844)
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("linxm")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    page.goto(f"/g/customers/{follow.pk}/")
    page.get_by_role("link", name="查看号码").click()
    expect(page.get_by_text("今天还能看 20 次")).to_be_visible()
    assert PHONE not in page.content()
    is_fine(page)
    shoot(page, "n7-reveal-ask", whole=False)
    page.get_by_role("button", name="TA 请我打电话").click()
    expect(page.get_by_text(PHONE)).to_be_visible()
    shoot(page, "n7-reveal", whole=False)
    page.get_by_role("button", name="好了").click()
    expect(page.get_by_text(PHONE)).to_be_hidden()
    page.goto("/g/accesses/")
    expect(page.get_by_text("周晚晴")).to_have_count(2)
    expect(page.get_by_text("看了完整手机号")).to_be_visible()
    is_fine(page)
    shoot(page, "n7-own-reads")


def test_row_n7_a_synced_erased_person_stays_erased(story: Story):
    zhou(story)
    external_userid = story.wecom.customer("zhou")
    page = officer_desk(story)
    find(page, PHONE)
    page.get_by_role("link", name="去确认").click()
    expect(page.get_by_role("heading", name="删除 周晚晴 的资料")).to_be_visible()
    is_fine(page)
    shoot(page, "n7-confirm")
    page.get_by_label("为什么").fill("工单 2046")
    page.get_by_label("核对过").check()
    page.get_by_label("知道删了").check()
    page.get_by_role("button", name="删除", exact=True).click()
    line = page.get_by_role("row").filter(has_text="工单 2046")
    for _try in range(40):
        if line.get_by_text("已删完").is_visible():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(line).to_contain_text("已删完")
    is_fine(page)
    shoot(page, "n7-erased")

    reconcile()  # WeCom still tells of her
    (told,) = save_members(
        [{"number": "HYNEW0001", "phone": PHONE, "name": "周晚晴"}], source="crm", brands=None
    )
    assert (told.status, told.code) == ("refused", "erased")
    assert not Contact.objects.filter(external_userid=external_userid).exists()
    assert not Member.objects.exclude(name="").filter(name="周晚晴").exists()
    assert not FollowRelation.objects.filter(remark="周晚晴").exists()
    find(page, PHONE)
    expect(page.get_by_text("没有找到")).to_be_visible()
    _chat, app = story.chat("林小满", "周晚晴")
    expect(app.get_by_text("金卡")).to_have_count(0)
    expect(app.get_by_text("想要轻一点的长款大衣")).to_have_count(0)
