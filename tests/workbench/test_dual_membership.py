"""双料会员: whatever belongs to the mall or to the brand is read by its own staff alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.members.models import (
    Consent,
    Contact,
    FollowRelation,
    MemberAsset,
    MemberValue,
    Preference,
    TimelineEvent,
)
from guideapp.members.services import PurchaseLine, note_date, note_preference, record_purchase
from guideapp.organisation.models import Brand, Guide, Role, Store
from tests.conftest import GuideClient
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_event,
    make_follow,
    make_guide,
    make_member,
    make_observation,
    make_region,
    make_slot,
    make_store,
    make_suggestion,
    make_tag,
    make_tag_mark,
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
    "note": ("想要长大衣", "车停在地下二层"),
    "size": ("M 码", "XL 码"),
    "liking": ("驼色", "荧光黄"),
    "day": ("婚礼 · ", "出行 · "),
    "tag": ("通勤", "常来停车"),
    "view": ("大衣穿法", "周年庆攻略"),
    "event of a store": ("¥88", "¥99"),
    "event of a guide": ("试穿了羊绒衫", "试穿了雨靴"),
    "welcome": ("已自动发欢迎语", "欢迎语没发出去"),
    "contacted by": ("林小满", "何见山"),
}
# What the card of somebody without any card of ours shows; it alone has the welcome.
OF_STRANGERS = ("welcome", "note", "size", "day", "tag", "event of a store")


BRAND_SIDE = {
    "note": "想要长大衣",
    "size": "M",
    "colour": "驼色",
    "day": "wedding",
    "month": 5,
    "view": "大衣穿法",
    "scanned": 8800,
    "tried": "羊绒衫",
    "welcome": "welcome_sent",
}
MALL_SIDE = {
    "note": "车停在地下二层",
    "size": "XL",
    "colour": "荧光黄",
    "day": "trip",
    "month": 7,
    "view": "周年庆攻略",
    "scanned": 9900,
    "tried": "雨靴",
    "welcome": "welcome_missed",
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


def tells(guide: Guide, contact: Contact, shown: dict[str, Any]) -> None:
    """All that one owner's guides and shops saw and wrote down."""
    make_observation(contact=contact, author=guide, text=shown["note"])
    note_preference(contact, guide, "top_size", shown["size"])
    note_preference(contact, guide, "colour", shown["colour"])
    note_date(contact, guide, shown["day"], month=shown["month"])
    make_slot(contact=contact, guide=guide)
    at = {"contact": contact, "at": now() - timedelta(hours=1)}
    title = {"title": shown["view"], "times": 1}
    make_event(guide=guide, store=guide.store, params=title, **at)
    scanned = {"amount_fen": shown["scanned"]}
    make_event(kind="scan_buy", store=guide.store, params=scanned, **at)
    tried = {"title": shown["tried"]}
    make_event(kind="fitting_room", guide=guide, params=tried, **at)
    make_event(kind=shown["welcome"], guide=guide, store=guide.store, **at)


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
    return opened_by_both(make_contact(member=member), shop, desk)


@pytest.fixture
def strangers() -> dict[str, str]:
    """The same of somebody without any card."""
    desk = make_store(region=make_region(brand=make_brand(name="天汇广场", is_mall=True)))
    return opened_by_both(make_contact(), make_store(), desk)


def opened_by_both(contact: Contact, shop: Store, desk: Store) -> dict[str, str]:
    """The card for a guide of each, once both wrote down what they know."""
    of_brand, of_mall = make_guide(store=shop, name="林小满"), make_guide(store=desk, name="何见山")
    tells(of_brand, contact, BRAND_SIDE)
    tells(of_mall, contact, MALL_SIDE)
    for guide, field in ((of_brand, 0), (of_mall, 1)):
        follow = make_follow(guide=guide, contact=contact)
        make_tag_mark(follow=follow, tag=make_tag(name=FIELDS["tag"][field]))
    return {"brand": opened(of_brand, contact), "mall": opened(of_mall, contact)}


def opened(guide: Guide, contact: Contact) -> str:
    """The card in the sidebar of a colleague who reads all that the guide may, and more."""
    colleague = make_guide(store=guide.store, roles=(Role.STORE_MANAGER,))
    address = reverse("workbench:sidebar_customer", args=[contact.external_userid])
    return GuideClient(colleague).get(address).content.decode()


@pytest.mark.parametrize("field", [name for name in FIELDS if name != "welcome"])
def test_each_owners_staff_see_their_own_field_and_never_the_others(cards, field):
    of_brand, of_mall = FIELDS[field]
    assert of_brand in cards["brand"]
    assert of_mall not in cards["brand"]
    assert of_brand not in cards["mall"]
    if field != "home store":  # the member's own store is the brand's; the desk's guide has theirs
        assert of_mall in cards["mall"]


@pytest.mark.parametrize("field", OF_STRANGERS)
def test_so_it_is_with_somebody_without_a_card(strangers, field):
    of_brand, of_mall = FIELDS[field]
    assert (of_brand in strangers["brand"], of_mall in strangers["brand"]) == (True, False)
    assert (of_brand in strangers["mall"], of_mall in strangers["mall"]) == (False, True)


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


def two_guides() -> tuple[GuideClient, GuideClient, FollowRelation, FollowRelation]:
    """A guide of the brand and one of the mall who follow one dual member."""
    mall = make_brand(name="天汇广场", is_mall=True)
    desk = make_store(region=make_region(brand=mall))
    ours, theirs = make_guide(), make_guide(store=desk)
    member = make_member()
    for brand, level in ((make_brand(), "金卡"), (mall, "黑金")):
        make_card(member=member, brand=brand, level=level)
    contact = make_contact(member=member)
    return (
        GuideClient(ours),
        GuideClient(theirs),
        make_follow(guide=ours, contact=contact),
        make_follow(guide=theirs, contact=contact),
    )


def test_the_day_of_a_guide_names_the_level_of_the_own_card():
    for client, level in zip(two_guides()[:2], ("金卡", "黑金"), strict=True):
        contact = client.guide.follows.get().contact
        make_suggestion(guide=client.guide, contact=contact)
        assert [warm.level for warm in client.get("/g/").context["warm"]] == [level]


def test_a_new_size_of_the_brand_leaves_the_malls_alone():
    ours, theirs, our_follow, their_follow = two_guides()
    for client, follow, size in ((theirs, their_follow, "XL"), (ours, our_follow, "M")):
        client.post(
            reverse("workbench:prefer", args=[follow.pk]), {"kind": "top_size", "value": size}
        )
    assert set(Preference.objects.filter(ended_at=None).values_list("value", "author")) == {
        ("M", ours.guide.pk),
        ("XL", theirs.guide.pk),
    }


def test_the_sheet_of_notes_offers_nothing_of_the_others_to_take_back():
    ours, theirs, our_follow, their_follow = two_guides()
    liked = note_preference(their_follow.contact, theirs.guide, "colour", "荧光黄")
    day = note_date(their_follow.contact, theirs.guide, "trip", month=7)
    page = ours.get(reverse("workbench:note", args=[our_follow.pk]))
    assert "荧光黄" not in page.content.decode()
    assert list(page.context["dates"]) == []
    ours.post(
        reverse("workbench:prefer", args=[our_follow.pk]), {"kind": "colour", "off": "荧光黄"}
    )
    ours.post(reverse("workbench:note_date", args=[our_follow.pk]), {"end": day.pk})
    form = {"preference": liked.pk, "answer": "no"}
    ours.post(reverse("workbench:still", args=[our_follow.pk]), form)
    for row in (liked, day):
        row.refresh_from_db()
        assert row.ended_at is None


def test_an_event_of_nobody_in_particular_is_shown_where_there_is_one_owner_alone(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_event(kind="scan_buy", contact=follow.contact, params={"amount_fen": 123400})
    address = reverse("workbench:customer", args=[follow.pk])
    assert "¥1,234" in as_guide.get(address).content.decode()
    make_brand(name="天汇广场", is_mall=True)
    assert "¥1,234" not in as_guide.get(address).content.decode()
    assert TimelineEvent.objects.count() == 1


def test_a_guide_without_a_store_still_reads_what_they_wrote():
    guide = make_guide(store=None)
    follow = make_follow(guide=guide)
    make_observation(contact=follow.contact, author=guide, text="自己写的")
    make_observation(contact=follow.contact, author=make_guide(), text="别人写的")
    page = GuideClient(guide).get(reverse("workbench:customer", args=[follow.pk]))
    assert "自己写的" in page.content.decode()


def test_what_a_guide_noted_stays_where_they_worked_when_they_move():
    ours, theirs, our_follow, their_follow = two_guides()
    mover = make_guide(store=ours.guide.store)
    note_preference(our_follow.contact, mover, "colour", "驼色")
    make_observation(contact=our_follow.contact, author=mover, text="想要长大衣")
    Guide.objects.filter(pk=mover.pk).update(store=theirs.guide.store)
    ours_page, their_page = (
        client.get(reverse("workbench:customer", args=[follow.pk])).content.decode()
        for client, follow in ((ours, our_follow), (theirs, their_follow))
    )
    for words in ("驼色", "想要长大衣"):
        assert words in ours_page
        assert words not in their_page
