"""Writing a welcome in a real browser: the live preview, the variables, a word that is refused."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.acquisition.models import WelcomeMessage
from guideapp.compliance.services import add_words
from guideapp.organisation.models import Role
from tests.acquisition.support import make_seller
from tests.browser_support import Windows
from tests.factories import make_guide, make_material, make_welcome
from tests.screens import axe_findings, shoot, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(windows: Windows, live_server: Any, client_for: Any) -> Page:
    """A desktop window of somebody in headquarters."""
    client = client_for(make_guide(roles=(Role.HQ_CONTENT,), store=None))
    page = windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    return page


def test_what_is_written_appears_on_the_phone_and_is_kept(desk: Page) -> None:
    seller = make_seller()
    make_material(title="大衣的五种穿法", summary="看一眼就会", brand=seller.store.region.brand)
    desk.goto("/hq/welcome/")
    desk.get_by_role("link", name="去写").click()
    text = desk.get_by_label("欢迎语", exact=True)
    text.fill("您好，我是")
    desk.get_by_role("button", name="导购").click()
    desk.get_by_label("附带素材").select_option(label="大衣的五种穿法")
    phone = desk.locator("#preview")
    expect(phone).to_contain_text("您好，我是小满")
    expect(phone).to_contain_text("大衣的五种穿法")
    assert axe_findings(desk) == []
    assert sideways(desk) == []
    shoot(desk, "hq-welcome-edit")
    desk.get_by_role("button", name="保存").click()
    expect(desk.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    assert WelcomeMessage.objects.get().text == "您好，我是{导购}"


def test_a_refused_word_is_marked_and_what_was_written_stays(desk: Page, windows: Windows) -> None:
    windows.forgive("422")
    add_words([("全网最低", "absolute_claim")])
    message = make_welcome()
    desk.goto(f"/hq/welcome/brands/{message.brand.pk}/")
    desk.get_by_label("欢迎语", exact=True).fill("今天全网最低价")
    desk.get_by_role("button", name="保存").click()
    expect(desk.get_by_role("alert")).to_contain_text("没有保存")
    expect(desk.locator("mark")).to_have_text("全网最低")
    expect(desk.get_by_label("欢迎语", exact=True)).to_have_value("今天全网最低价")
    assert axe_findings(desk) == []
    shoot(desk, "hq-welcome-refused")


def test_a_message_is_switched_off_from_the_list(desk: Page) -> None:
    make_welcome()
    desk.goto("/hq/welcome/")
    switch = desk.get_by_role("switch")
    expect(switch).to_be_checked()
    switch.press("Enter")
    expect(switch).not_to_be_checked()
    assert axe_findings(desk) == []
    assert not WelcomeMessage.objects.get().is_active
