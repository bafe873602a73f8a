"""The sidebar's states and sheets in a real browser, by keyboard where it matters."""

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from guideapp.members.models import Observation, TagMark
from tests.browser_support import Windows
from tests.conftest import GuideClient
from tests.factories import make_contact, make_follow, make_guide, make_tag, make_tag_group

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def follow():
    guide = make_guide(name="林小满")
    group = make_tag_group(name="偏好")
    for name in ("通勤", "羊毛"):
        make_tag(name=name, group=group)
    return make_follow(guide=guide, contact=make_contact(name="橘子汽水"))


@pytest.fixture
def page(windows: Windows, follow) -> Page:
    """A phone in which the guide is logged in."""
    opened = windows.open(width=360)
    session = GuideClient(follow.guide).cookies[settings.SESSION_COOKIE_NAME].value
    opened.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": windows.base_url}]
    )
    return opened


def test_a_sheet_keeps_the_focus_and_gives_it_back(page, follow):
    page.goto(reverse("workbench:customer", args=[follow.pk]))
    opener = page.get_by_role("button", name="加标签")
    opener.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="标签")
    expect(sheet).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('[role=dialog]') !== null")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()


def test_tags_are_tapped_one_after_the_other_in_a_sheet_that_stays(page, follow):
    page.goto(reverse("workbench:customer", args=[follow.pk]))
    page.get_by_role("button", name="加标签").click()
    sheet = page.get_by_role("dialog", name="标签")
    for name in ("通勤", "羊毛"):
        sheet.get_by_role("button", name=name).click()
        expect(sheet.get_by_role("button", name=name, pressed=True)).to_be_visible()
    page.locator(".mask").click(position={"x": 20, "y": 20})
    expect(page.locator("#tags")).to_contain_text("通勤")
    expect(page.locator("#tags")).to_contain_text("羊毛")
    assert TagMark.objects.filter(removed_at=None).count() == 2


def test_a_refused_note_stays_in_the_sheet_with_its_text(page, follow, windows):
    windows.forgive("422")
    page.goto(reverse("workbench:customer", args=[follow.pk]))
    page.get_by_role("link", name="记一笔").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_focused()  # not the text: its keyboard would hide what is two taps away
    box = sheet.get_by_role("textbox")
    box.fill("   ")
    page.get_by_role("button", name="记下").click()
    expect(page.get_by_role("status")).to_contain_text("先写点什么")
    box.fill("喜欢驼色")
    page.get_by_role("button", name="记下").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#notes")).to_contain_text("喜欢驼色")
    assert Observation.objects.get().text == "喜欢驼色"


def test_outside_wecom_the_sidebar_says_where_it_belongs(page):
    page.goto(reverse("workbench:sidebar"))
    expect(page.get_by_role("heading", name="请在企业微信里打开")).to_be_visible()
    page.get_by_role("link", name="看我的客户").click()
    expect(page.get_by_role("link", name="橘子汽水")).to_be_visible()


def test_a_lost_network_is_said_and_what_is_loaded_stays(page):
    page.goto(reverse("workbench:sidebar"))
    expect(page.get_by_role("heading", name="请在企业微信里打开")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("网络断了")
    expect(page.get_by_role("heading", name="请在企业微信里打开")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_outside_wecom_the_way_into_the_chat_is_a_hint(page, follow):
    page.goto(reverse("workbench:customer", args=[follow.pk]))
    page.get_by_role("button", name="去聊天发").click()
    expect(page.get_by_role("alert")).to_contain_text("在企业微信里打开这一页")


def test_customers_are_found_while_typing(page, follow):
    page.goto(reverse("workbench:customers"))
    page.get_by_label("搜客户").fill("没有的人")
    expect(page.get_by_role("heading", name="没找到「没有的人」")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
