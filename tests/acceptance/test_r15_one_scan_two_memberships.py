"""双料会员: one scan and one consent page are two memberships; brand and mall see their own."""

import pytest
from playwright.sync_api import expect

from guideapp.members.models import Consent, Member, MembershipCard
from guideapp.members.services import join_contact, join_token
from guideapp.organisation.models import Brand, Store
from tests.acceptance.conftest import Story
from tests.screens import shoot, sideways

pytestmark = pytest.mark.browser


def test_row_one_scan_and_one_consent_make_two_memberships(story: Story):
    mall = Brand.objects.create(name="天汇广场", is_mall=True)
    Store.objects.filter(code="QH001").update(mall=mall)
    store = Store.objects.get(code="QH001")
    page = story.windows.open(width=360, height=780)
    page.goto(f"/c/join/{join_token(store)}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("一次开通两张会员卡")
    assert sideways(page) == []
    shoot(page, "r15-consent")
    page.get_by_label("手机号").fill("138 0000 8831")
    page.get_by_role("checkbox", name="同意成为").check()
    page.get_by_role("checkbox", name="愿意收到上新和优惠").check()
    page.get_by_role("button", name="同意并开通").click()
    expect(page.get_by_text("会员卡开好了")).to_be_visible()
    shoot(page, "r15-joined")

    cards = MembershipCard.objects.filter(member__phone_tail_bidx__gt="", points=0)
    assert set(cards.values_list("brand__name", flat=True)) == {"青禾", "天汇广场"}
    given = Consent.objects.values_list("brand__name", "purpose")
    assert set(given) == {
        (owner, purpose)
        for owner in ("青禾", "天汇广场")
        for purpose in ("membership", "marketing")
    }
    assert not Member.objects.get(
        consents__brand=mall, consents__purpose="membership"
    ).phone_verified

    _the_brands_guide_sees_the_brands_card(story, mall)


def _the_brands_guide_sees_the_brands_card(story: Story, mall: Brand) -> None:
    """The mall raised its card meanwhile; none of that is on the brand's side."""
    member = Member.objects.get(consents__brand=mall, consents__purpose="membership")
    MembershipCard.objects.filter(member=member, brand=mall).update(
        number="TH55554444", level="黑金", points=98765, balance_fen=4_321_00
    )
    join_contact(story.contact("juzi"), member, evidence="customer")
    page, sidebar = story.chat("林小满", "橘子汽水")
    expect(sidebar.get_by_text("双料会员")).to_be_visible()
    shoot(page, "r15-card", whole=False)
    html = sidebar.locator("html").inner_html()
    for theirs in ("4444", "黑金", "98,765", "4,321"):
        assert theirs not in html
