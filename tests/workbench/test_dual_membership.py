"""双料会员: whatever belongs to the mall or to the brand is read by its own staff alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.members.models import Consent, FollowRelation, MemberAsset, MemberValue
from guideapp.members.services import PurchaseLine, record_purchase
from guideapp.organisation.models import Brand, Guide, Role, Store
from tests.conftest import GuideClient
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
    make_region,
    make_store,
)

pytestmark = pytest.mark.django_db

# field class → (what the brand's staff see, what the mall's staff see)
FIELDS = {
    "number": ("HY****1111", "TH****2222"),
    "level": ("金卡", "黑金"),
    "points": ("3,261", "98,762"),
    "balance": ("¥511", "¥722"),
    "value": ("¥1,301", "¥24,602"),
    "orders": ("圆领羊绒开衫", "地下二层停车"),
    "assets": ("1 张", "2 张"),
    "consent": ("个性化推荐", "营销信息"),
    "home store": ("星河里店", "一楼服务台"),
}


def owns(brand: Brand, store: Store, member: Any, shown: dict[str, Any]) -> None:
    """All that one owner knows about the member."""
    make_card(
        member=member,
        brand=brand,
        number=shown["number"],
        level=shown["level"],
        points=shown["points"],
        balance_fen=shown["balance"],
    )
    record_purchase(
        member=member,
        order_no=shown["number"],
        lines=[PurchaseLine("K1", shown["title"], "", "", 1, shown["value"])],
        store=store,
        at=now() - timedelta(days=9),
    )
    for n in range(shown["coupons"]):
        MemberAsset.objects.create(
            member=member,
            brand=brand,
            code=f"{shown['number']}{n}",
            title="券",
            expires_at=now() + timedelta(days=40),
        )
    for purpose in ("membership", shown["purpose"]):
        Consent.objects.create(
            member=member,
            brand=brand,
            purpose=purpose,
            version="1",
            channel=Consent.Channel.PAGE,
            given_at=now(),
        )


@pytest.fixture
def cards() -> dict[str, str]:
    """The card of one dual member as a guide of the brand and one of the mall see it."""
    mall = make_brand(name="天汇广场", is_mall=True)
    shop = make_store(name="星河里店", mall=mall)
    desk = make_store(name="一楼服务台", region=make_region(brand=mall))
    member = make_member(name="周晚晴", phone="+8613800002046", home_store=shop)
    brand_side = {"number": "HY20261111", "level": "金卡", "points": 3261, "balance": 51100}
    owns(
        shop.region.brand,
        shop,
        member,
        brand_side
        | {"value": 130100, "title": "圆领羊绒开衫", "coupons": 1, "purpose": "profiling"},
    )
    mall_side = {"number": "TH20262222", "level": "黑金", "points": 98762, "balance": 72200}
    owns(
        mall,
        desk,
        member,
        mall_side
        | {"value": 2460200, "title": "地下二层停车", "coupons": 2, "purpose": "marketing"},
    )
    contact = make_contact(member=member)
    return {
        "brand": opened(make_guide(store=shop), contact),
        "mall": opened(make_guide(store=desk), contact),
    }


def opened(guide: Guide, contact: Any) -> str:
    """The card in the guide's sidebar."""
    make_follow(guide=guide, contact=contact)
    address = reverse("workbench:sidebar_customer", args=[contact.external_userid])
    return GuideClient(guide).get(address).content.decode()


@pytest.mark.parametrize("field", FIELDS)
def test_each_owners_staff_see_their_own_field_and_never_the_others(cards, field):
    of_brand, of_mall = FIELDS[field]
    assert of_brand in cards["brand"]
    assert of_mall not in cards["brand"]
    assert of_brand not in cards["mall"]
    if field != "home store":  # the member's own store is the brand's; the desk's guide has theirs
        assert of_mall in cards["mall"]


def test_both_see_that_it_is_a_dual_member(cards):
    assert "双料会员" in cards["brand"]
    assert "双料会员" in cards["mall"]


def test_the_sums_are_kept_apart(cards):
    sums = dict(MemberValue.objects.values_list("brand__is_mall", "spend_fen"))
    assert sums == {False: 130100, True: 2460200}


def test_a_brands_manager_reads_as_the_brand(cards):
    store = Store.objects.get(name="星河里店")
    manager = make_guide(store=store, roles=(Role.STORE_MANAGER,))
    follow = FollowRelation.objects.get(guide__store=store)
    page = GuideClient(manager).get(reverse("workbench:customer", args=[follow.pk]))
    text = page.content.decode()
    for of_brand, of_mall in FIELDS.values():
        assert of_mall not in text, of_brand
