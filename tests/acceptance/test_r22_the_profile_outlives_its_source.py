"""The member system fills the profile; when it is gone the profile opens with its last values."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from playwright.sync_api import expect

from guideapp.core.clock import now
from guideapp.integration.services import pull_sources
from guideapp.members.services.freshness import forget_sources
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.integration.played_source import TOKEN, PlayedSource, played_source
from tests.screens import shoot, sideways

pytestmark = pytest.mark.browser


@pytest.fixture
def source(settings: Any) -> Iterator[PlayedSource]:
    """The retailer's member system: it knows 周晚晴's card and her points."""
    with played_source() as played:
        settings.MEMBER_SOURCE_URL, settings.MEMBER_SOURCE_TOKEN = played.url, TOKEN
        settings.MEMBER_SOURCE_RESOURCES = ["members", "cards"]
        played.as_of = now() - timedelta(minutes=20)
        forget_sources()
        yield played
    forget_sources()


def know_zhou(story: Story, source: PlayedSource, points: int) -> None:
    told = {"as_of": now().isoformat()}
    member = {"number": "HY20267731", "unionid": story.contact("zhou").unionid}
    card = {"number": "HY20267731", "member": "HY20267731", "brand": "青禾", "level": "金卡"}
    source.records = {"members": [member | told], "cards": [card | told | {"points": points}]}


def test_the_source_is_killed_and_the_profile_opens_with_what_it_said_last(
    story: Story, source: PlayedSource
):
    know_zhou(story, source, points=4180)
    assert pull_sources.call() == 2
    page, card = story.chat("林小满", "周晚晴")
    expect(card.get_by_text("4,180")).to_be_visible()
    expect(card.get_by_text(re.compile("资料截至"))).to_have_count(0)

    source.status = 503  # it answers nothing any more
    assert pull_sources.call() == 0
    forget_sources()  # what a page finds out by itself half a minute later
    page.reload()
    card = page.frame_locator("iframe")
    expect(card.get_by_text("4,180")).to_be_visible()
    expect(card.get_by_text(re.compile("资料截至"))).to_be_visible()
    shoot(page, "r22-as-of", whole=False)

    phone = story.windows.open(width=390, height=844)
    name = configured.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("linxm")).cookies[name].value
    phone.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    follow = story.contact("zhou").follows.get(guide__userid="linxm")
    phone.goto(f"/g/customers/{follow.pk}/")
    expect(phone.get_by_text(re.compile("资料截至"))).to_be_visible()
    assert sideways(phone) == []
    shoot(phone, "r22-phone")

    desk = story.windows.desk()
    value = GuideClient(story.guide("wangsi")).cookies[name].value
    desk.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    desk.goto("/hq/imports/")
    expect(desk.get_by_text("连不上").first).to_be_visible()
    shoot(desk, "r22-sources")


def test_a_source_that_comes_back_takes_the_stamp_away(story: Story, source: PlayedSource):
    know_zhou(story, source, points=100)
    source.status = 503
    pull_sources.call()
    source.status = 200
    pull_sources.call()
    forget_sources()
    _page, card = story.chat("林小满", "周晚晴")
    expect(card.get_by_text(re.compile("资料截至"))).to_have_count(0)
