"""R26: the store page shows the three tags that stand out against the brand, with counts."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from guideapp.core.clock import now
from guideapp.organisation.models import Guide
from tests.acceptance.conftest import Story
from tests.factories import (
    make_card,
    make_contact,
    make_follow,
    make_member,
    make_tag,
    make_tag_group,
    make_tag_mark,
)
from tests.screens import axe_findings, shoot, sideways

pytestmark = pytest.mark.browser

# tag → how many of the 40 customers here, and of the 60 elsewhere, have it
TAGS = {"通勤": (34, 12), "羊毛": (18, 6), "送礼": (12, 4), "度假": (4, 30), "老客": (14, 21)}


def customers(guide: Guide, count: int) -> list[object]:
    """Customers of a guide, every third one with a card."""
    rows = []
    for number in range(count):
        member = make_member()
        if number % 3 == 0:
            make_card(member=member, level="金卡", brand=guide.store.region.brand)
        contact = make_contact(member=member, gender=2, active_at=now() - timedelta(days=number))
        rows.append(make_follow(guide=guide, contact=contact))
    return rows


def seeded(story: Story) -> Guide:
    """The manager of the first store, whose customers differ from the second's."""
    own = customers(story.guide("chenyu"), 40)
    others = customers(story.guide("zhaoke"), 60)
    group = make_tag_group(name="喜好")
    for name, (at_store, elsewhere) in TAGS.items():
        tag = make_tag(name=name, group=group)
        for follow in [*own[:at_store], *others[:elsewhere]]:
            make_tag_mark(tag=tag, follow=follow)
    cache.clear()
    return story.guide("hejs")


def test_row_the_store_page_shows_what_is_special_about_its_customers(
    story: Story, client_for, live_server, settings
):
    manager = seeded(story)
    page = story.windows.open(width=390)
    name = settings.SESSION_COOKIE_NAME
    value = client_for(manager).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    page.goto("/m/")
    picture = page.get_by_role("region", name="这家店的客户，和品牌比")
    expect(picture).to_be_visible()
    rows = picture.locator(".rank")
    expect(rows).to_have_count(3)
    for place, (tag, count) in enumerate([("通勤", 34), ("羊毛", 18), ("送礼", 12)]):
        expect(rows.nth(place)).to_contain_text(tag)
        expect(rows.nth(place)).to_contain_text(f"{count} 位")
    expect(picture).not_to_contain_text("度假")
    shoot(page, "r26-store-board")
    picture.get_by_text("看构成").click()
    expect(picture.get_by_role("row", name="有会员卡")).to_be_visible()
    assert axe_findings(page) == []
    assert sideways(page) == []
    picture.scroll_into_view_if_needed()
    shoot(page, "r26-store-picture", whole=False)
