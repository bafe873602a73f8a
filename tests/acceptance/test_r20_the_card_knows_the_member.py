"""The sidebar knows a member: who, level, phone, store, value, points, likes, tags and notes."""

from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.core.clock import now, today
from guideapp.core.models import AccessLog
from guideapp.members.models import FollowRelation, MemberAsset
from guideapp.members.services import note_date, note_preference
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.factories import make_brand, make_card
from tests.screens import axe_findings, shoot, sideways

pytestmark = pytest.mark.browser

FIELDS = (
    "金卡",
    "138****2046",
    "星河里店",
    "你的客户",
    "¥1,468",  # both purchases
    "2 单",
    "¥734",
    "18 天前",
    "3,260",
    "大衣",  # a tag from WeCom
    "圆领羊绒开衫",
    "想要轻一点的长款大衣",
    "HY****7731",
)

IN_FULL = (
    "双料会员",
    "2 张券",
    "1 张快到期",
    "¥500",
    "M 码",
    "怕起球",
    "还有 3 天",
    "全部 2 件",
)


def test_a_members_card_shows_what_the_retailer_and_wecom_know(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    expect(sidebar.get_by_role("heading", level=1, name="周晚晴")).to_be_visible()
    for field in FIELDS:
        expect(sidebar.get_by_text(field).first).to_be_visible()
    shoot(page, "r20-card", whole=False)
    assert "13800002046" not in sidebar.locator("html").inner_html()
    assert AccessLog.objects.filter(screen="sidebar").exists()


def test_first_content_of_the_card_is_there_within_a_second_of_the_sdks_answer(story: Story):
    page, sidebar = story.chat("林小满", "橘子汽水")
    expect(sidebar.get_by_role("heading", level=1, name="橘子汽水")).to_be_visible()
    story.turn_to(page, "周晚晴")
    expect(sidebar.get_by_text("¥1,468").first).to_be_visible()
    took = page.frames[-1].evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((entry) => entry.name.includes("/s/customer/"))
            .map((entry) => entry.duration)[0]"""
    )
    assert took < 1000


def test_a_colleagues_customer_is_not_shown(story: Story):
    page, _sidebar = story.chat("林小满", "周晚晴")
    answer = page.request.get(f"/s/customer/{story.wecom.customer('shen')}/")
    assert answer.status == 404


def test_a_tag_tapped_in_the_sidebar_reaches_wecom(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("button", name="加标签").click()
    sheet = sidebar.get_by_role("dialog")
    sheet.get_by_role("button", name="通勤").click()
    page.keyboard.press("Escape")
    expect(sidebar.locator("#tags .tag", has_text="通勤")).to_be_visible()
    page.wait_for_timeout(1500)
    tags = story.wecom.follow("linxm", story.wecom.customer("zhou"))["tags"]
    assert "通勤" in str(tags)


def test_a_note_is_two_taps_and_its_words(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sidebar.get_by_role("link", name="记一笔").or_(
        sidebar.get_by_role("button", name="记一笔")
    ).click()
    sheet = sidebar.get_by_role("dialog")
    sheet.get_by_role("textbox").fill("周末带妈妈来试大衣")
    sheet.get_by_role("button", name="记下").click()
    expect(sidebar.locator("#notes").get_by_text("周末带妈妈来试大衣")).to_be_visible()
    shoot(page, "r20-note", whole=False)


def on_the_phone(story: Story, width: int) -> Page:
    """周晚晴's page outside the chat, as 林小满 sees it."""
    linxm = story.guide("linxm")
    page = story.windows.phone(width=width)
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(linxm, by_qr=False).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    follow = FollowRelation.objects.get(guide=linxm, contact=story.contact("zhou"))
    page.goto(f"/g/customers/{follow.pk}/")
    return page


def fill_the_card(story: Story) -> None:
    """Everything else that a retailer and a guide may know."""
    zhou, linxm = story.contact("zhou"), story.guide("linxm")
    for number, days in enumerate((4, 40)):
        MemberAsset.objects.create(
            member=zhou.member,
            brand=story.brand,
            code=f"Q{number}",
            title="满 500 减 80",
            expires_at=now() + timedelta(days=days),
        )
    zhou.member.cards.update(balance_fen=50000)
    make_card(member=zhou.member, brand=make_brand(name="星河里购物中心", is_mall=True))
    note_preference(zhou, linxm, "top_size", "M")
    note_preference(zhou, linxm, "avoids", "怕起球", at=now() - timedelta(days=30))
    birthday = today() + timedelta(days=3)
    note_date(zhou, linxm, "birthday", month=birthday.month, day=birthday.day)


@pytest.mark.parametrize("width", [360, 390])
def test_row_the_card_in_full(story: Story, width: int):
    fill_the_card(story)
    page = on_the_phone(story, width)
    for words in IN_FULL:
        expect(page.get_by_text(words).first).to_be_visible()
    assert sideways(page) == []
    assert axe_findings(page) == []
    shoot(page, f"r20-card-in-full-{width}")
    page.get_by_role("link", name="全部 2 件").click()
    expect(page.get_by_role("dialog").get_by_text("圆领羊绒开衫").first).to_be_visible()
    shoot(page, f"r20-purchases-{width}", whole=False)
