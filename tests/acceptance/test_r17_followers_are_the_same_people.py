"""Who follows the official account is one person with the WeCom friend; a merge can be undone."""

from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.models import (
    IdentityLink,
    Member,
    MembershipCard,
    MergeCandidate,
    OfficialFollower,
)
from guideapp.members.services import (
    link_followers,
    merge_candidate,
    open_card,
    person_ids,
    queue_candidates,
    save_member,
)
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import shoot

pytestmark = pytest.mark.browser


def office(story: Story) -> Page:
    """A desk at headquarters, just logged in by QR code."""
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("wangsi")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    return page


def import_follower(unionid: str) -> OfficialFollower:
    """A fan as the retailer's export has them: openid, unionid, since when."""
    fan = OfficialFollower.objects.create(
        account="青禾服饰",
        openid=f"oFan{unionid[-6:]}",
        openid_bidx=blind_index(f"oFan{unionid[-6:]}"),
        unionid=unionid,
        unionid_bidx=blind_index(unionid),
        followed_at=now() - timedelta(days=300),
    )
    link_followers([fan])
    return fan


def state_of(member: Member) -> tuple[object, ...]:
    """What is this record's own."""
    member.refresh_from_db()
    cards = MembershipCard.objects.filter(member=member).order_by("pk")
    return (
        member.same_as_id,
        list(cards.values_list("number", "points")),
        list(member.events.order_by("pk").values_list("key", flat=True)),
        list(member.contacts.values_list("pk", flat=True)),
        list(member.official_follows.values_list("pk", flat=True)),
    )


def test_row_the_profile_knows_the_follower_and_an_undo_restores_both(story: Story):
    zhou = story.contact("zhou")
    fan = import_follower(zhou.unionid)
    assert zhou.member is not None
    assert fan.member == zhou.member
    page, sidebar = story.chat("林小满", "周晚晴")
    expect(sidebar.get_by_text("起关注公众号")).to_be_visible()
    shoot(page, "r17-follower", whole=False)

    twin = save_member(name="周女士", number="M99887766", phone="13800007788")
    open_card(
        member=twin,
        brand=story.brand,
        number="HY20269999",
        level="银卡",
        points=40,
        opened_at=now(),
    )
    before = state_of(zhou.member), state_of(twin)
    queue_candidates([(zhou.member.pk, twin.pk, "two_numbers")])
    merge_candidate(MergeCandidate.objects.get(), by="wangsi", reason="柜台核对过")
    assert person_ids(twin.pk) == [zhou.member.pk, twin.pk]
    story.turn_to(page, "橘子汽水")
    story.turn_to(page, "周晚晴")
    expect(sidebar.get_by_text("3,300")).to_be_visible()  # points of both cards

    desk = office(story)
    desk.goto("/hq/identity/links/")
    desk.get_by_role("row").filter(has_text="总部核对").get_by_role("link", name="查看").click()
    shoot(desk, "r17-link")
    desk.get_by_label("为什么").fill("是母女两位")
    desk.get_by_role("button", name="撤销关联").click()
    expect(desk.get_by_text("已撤销，两边各自的资料都还在")).to_be_visible()
    shoot(desk, "r17-undone")
    assert (state_of(zhou.member), state_of(twin)) == before
    assert IdentityLink.objects.get(joined=twin).undone_by == "wangsi"
    story.turn_to(page, "橘子汽水")
    story.turn_to(page, "周晚晴")
    expect(sidebar.get_by_text("3,260")).to_be_visible()
