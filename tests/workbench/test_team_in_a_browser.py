"""The homes in a real browser: 360 px wide, light and dark, without a finding."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.organisation.models import Guide, Role
from tests.browser_support import Windows
from tests.factories import (
    make_contact,
    make_follow,
    make_grant,
    make_guide,
    make_share,
    make_store,
    make_suggestion,
    make_visit,
)
from tests.screens import axe_findings, shoot, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

type Phone = Callable[..., Page]


@pytest.fixture
def phone(windows: Windows, live_server: Any, client_for: Any) -> Phone:
    """Open a phone of 360 px on which `guide` is logged in."""

    def opened(guide: Guide, look: str = "light") -> Page:
        page = windows.open(width=360, color_scheme=look)
        name = settings.SESSION_COOKIE_NAME
        value = client_for(guide).cookies[name].value
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        return page

    return opened


@pytest.fixture
def store_at_work() -> Guide:
    """The manager of a store whose guides have long names and did something."""
    manager = make_guide(name="何见山", roles=(Role.STORE_MANAGER,))
    for name in ("欧阳娜娜名字很长很长的导购", "林小满"):
        guide = make_guide(name=name, store=manager.store)
        share = make_share(guide=guide)
        make_visit(share=share)
    return manager


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_board_shows_the_week_and_its_table(
    phone: Phone, store_at_work: Guide, look: str
) -> None:
    page = phone(store_at_work, look)
    page.goto("/m/")
    expect(page.get_by_role("heading", level=1)).to_have_text(store_at_work.store.name)
    page.get_by_text("看明细").click()
    expect(page.get_by_role("row")).to_have_count(8)
    assert axe_findings(page) == []
    assert sideways(page) == []


def test_a_manager_goes_from_the_ranking_to_one_guide(phone: Phone, store_at_work: Guide) -> None:
    page = phone(store_at_work)
    page.goto("/m/")
    page.get_by_role("region", name="导购榜").get_by_role("link", name="林小满").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("林小满")
    assert axe_findings(page) == []
    assert sideways(page) == []


def test_a_region_leads_to_its_stores(phone: Phone, store_at_work: Guide) -> None:
    region = store_at_work.store.region
    make_store(region=region)
    leader = make_guide(store=None, roles=())
    make_grant(guide=leader, role=Role.REGIONAL_MANAGER, region=region)
    page = phone(leader)
    page.goto("/m/")
    expect(page.get_by_role("heading", level=1)).to_have_text(region.name)
    assert axe_findings(page) == []
    shoot(page, "manager-region")
    page.get_by_role("link", name=store_at_work.store.name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(store_at_work.store.name)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_guides_day_leads_to_the_warm_customer(phone: Phone, look: str) -> None:
    guide = make_guide(name="小满")
    follow = make_follow(guide=guide, contact=make_contact(name="名字有十二个字那么长的客户"))
    make_visit(share=make_share(guide=guide, contact=follow.contact))
    make_suggestion(
        guide=guide, contact=follow.contact, evidence={"title": "大衣的五种穿法", "times": 3}
    )
    page = phone(guide, look)
    page.goto("/g/")
    assert axe_findings(page) == []
    assert sideways(page) == []
    page.get_by_role("link", name="名字有十二个字那么长的客户").click()
    expect(page).to_have_url(page.url.split("/g/")[0] + f"/g/customers/{follow.pk}/")


def test_the_first_page_of_the_demo_has_its_doors(windows: Windows) -> None:
    page = windows.open(width=360)
    page.goto("/")
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(4)
    assert axe_findings(page) == []
    assert sideways(page) == []
