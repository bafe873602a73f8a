"""/hq/people/ in a real browser: a name that is searched for never reaches an address."""

from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser_support import Windows
from tests.factories import make_guide
from tests.screens import axe_findings, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(windows: Windows, live_server: Any, as_admin: Any) -> Page:
    """Headquarters' desk, with an administrator logged in."""
    page = windows.desk()
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": as_admin.cookies[name].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    return page


def test_people_are_found_while_typing_and_no_address_holds_the_name(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    make_guide(name="林小满")
    make_guide(name="顾北")
    page.goto(reverse("organisation:people"))
    page.get_by_label("搜人员").fill("小满")
    expect(page.get_by_role("row").filter(has_text="顾北")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="林小满")).to_be_visible()
    assert not any("%E5%B0%8F" in url or "q=" in url for url in [page.url, *asked])
    assert (axe_findings(page), sideways(page)) == ([], [])


def test_a_long_search_goes_on_at_a_button(page: Page) -> None:
    for n in range(55):
        make_guide(name=f"林{n}")
    page.goto(reverse("organisation:people"))
    with page.expect_response("**/search/"):
        page.get_by_label("搜人员").fill("林")
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.get_by_role("button", name="再看 50 位").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.get_by_label("搜人员")).to_have_value("林")
