"""With 7,000 customers more, a guide's card and a manager's board cost no query more."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from guideapp.core.clock import now
from guideapp.members.models import Contact, FollowRelation, TimelineEvent
from guideapp.organisation.models import Guide, Role, Store
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.factories import make_grant
from tests.screens import shoot

pytestmark = pytest.mark.browser

STORES, GUIDES, CUSTOMERS = 100, 1_000, 7_000
CARD_QUERIES, BOARD_QUERIES = 8, 5


def test_card_and_board_stay_as_they_were(story: Story) -> None:
    guide, zhou = story.guide("linxm"), story.contact("zhou")
    card = GuideClient(guide)
    manager = GuideClient(story.guide("hejs"))
    address = f"/s/customer/{zhou.external_userid}/"
    before = queries_of(card, address), queries_of(manager, "/m/")
    rows = rows_of(card, address), rows_of(manager, "/m/")
    grow(guide)
    assert (rows_of(card, address), rows_of(manager, "/m/")) == rows
    after = queries_of(card, address), queries_of(manager, "/m/")
    assert after == before
    assert after[0] <= CARD_QUERIES
    assert after[1] <= BOARD_QUERIES

    _page, sidebar = story.chat("林小满", "周晚晴")
    expect(sidebar.get_by_text("累计消费")).to_be_visible()
    board = story.windows.phone()
    board.context.add_cookies([cookie_of(manager, story.windows.base_url)])
    board.goto("/m/")
    expect(board.get_by_role("heading", level=1, name="星河里店")).to_be_visible()
    shoot(board, "r46-board", whole=False)


def grow(guide: Guide) -> None:
    """A large company around the small one; every customer has a history."""
    at, home = now(), guide.store
    assert home is not None
    stores = Store.objects.bulk_create(
        Store(region=home.region, name=f"大店{n}", code=f"L{n}") for n in range(STORES)
    )
    guides = Guide.objects.bulk_create(
        Guide(userid=f"large{n}", name=f"导购{n}", store=stores[n % STORES]) for n in range(GUIDES)
    )
    for one in guides[:5]:
        make_grant(guide=one, role=Role.GUIDE)
    contacts = Contact.objects.bulk_create(
        Contact(external_userid=f"wmLarge{n:025d}", name=f"客户{n}") for n in range(CUSTOMERS)
    )
    FollowRelation.objects.bulk_create(
        FollowRelation(guide=guides[n % GUIDES], contact=contact, followed_at=at)
        for n, contact in enumerate(contacts)
    )
    TimelineEvent.objects.bulk_create(
        TimelineEvent(
            kind="material_viewed",
            key=f"large:{n}",
            contact=contact,
            guide=guides[n % GUIDES],
            params={"title": "燕麦色大衣", "times": 1},
            at=at,
        )
        for n, contact in enumerate(contacts)
    )


def queries_of(client: GuideClient, address: str) -> int:
    """How many queries the page costs, session, person and access row included."""
    client.get(address)  # what a process learns once
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def rows_of(client: GuideClient, address: str) -> int:
    """How many rows become objects for the page: what is read and thrown away counts, too."""
    made, here = [], threading.get_ident()  # the workers of the story run beside us

    def count(**_about: Any) -> None:
        if threading.get_ident() == here:
            made.append(1)

    client.get(address)
    post_init.connect(count)
    try:
        assert client.get(address).status_code == 200
    finally:
        post_init.disconnect(count)
    return len(made)


def cookie_of(client: GuideClient, base_url: str) -> Any:
    """The session of a test client, for a real browser."""
    (name, morsel) = next(iter(client.cookies.items()))
    return {"name": name, "value": morsel.value, "url": base_url}
