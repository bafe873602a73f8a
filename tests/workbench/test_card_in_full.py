"""The card in full: one person of several records, assets, sizes with decay, who contacted TA."""

from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now, today
from guideapp.core.models import AccessLog
from guideapp.members.models import (
    Consent,
    ImportantDate,
    MemberAsset,
    Preference,
    TagGroup,
    TagMark,
)
from guideapp.members.services import merge, note_date
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
    make_preference,
    make_region,
    make_slot,
    make_store,
    make_tag,
    make_tag_group,
    make_tag_mark,
    make_tag_rule,
)
from tests.workbench.test_card import address, advise, buy, member_of, see

pytestmark = pytest.mark.django_db


def card_of(client, follow) -> str:
    return client.get(address(follow), headers={"HX-Request": "true"}).content.decode()


def asset(member, brand, code="c1", **kw) -> MemberAsset:
    return MemberAsset.objects.create(
        **{"member": member, "brand": brand, "code": code, "title": "满 500 减 80"} | kw
    )


def test_coupons_that_can_be_used_are_counted_and_the_near_ends_named(as_guide):
    follow = member_of(as_guide.guide)
    member, brand = follow.contact.member, as_guide.guide.store.region.brand
    at = now()
    asset(member, brand, "near", expires_at=at + timedelta(days=2))
    asset(member, brand, "open")
    asset(member, brand, "past", expires_at=at - timedelta(days=1))
    asset(member, brand, "used", used_at=at)
    asset(member, make_brand(name="商场", is_mall=True), "malls")
    page = card_of(as_guide, follow)
    assert "2 张券" in page
    assert "1 张快到期" in page


def test_the_balance_of_the_own_card_is_shown(as_guide):
    follow = member_of(as_guide.guide)
    follow.contact.member.cards.update(balance_fen=50000)
    assert "<b>¥500</b>" in card_of(as_guide, follow)


def test_who_holds_cards_of_mall_and_brand_is_a_dual_member(as_guide):
    follow = member_of(as_guide.guide)
    assert "双料会员" not in card_of(as_guide, follow)
    mall = make_brand(name="某商场", is_mall=True)
    make_card(member=follow.contact.member, brand=mall, level="钻石卡", points=98765)
    page = card_of(as_guide, follow)
    assert "双料会员" in page
    assert [word in page for word in ("钻石卡", "98,765", "某商场")] == [False] * 3


def test_records_of_one_person_are_one_card(as_guide):
    follow = member_of(as_guide.guide)
    brand = as_guide.guide.store.region.brand
    other = make_member(phone="+8613800002046")
    make_card(member=other, brand=brand, points=40)
    buy(follow, n=1, fen=100000)
    buy(make_follow(guide=as_guide.guide, contact=make_contact(member=other)), n=2, fen=50000)
    merge(follow.contact.member, other, evidence="phone", by="linxm")
    page = card_of(as_guide, follow)
    for words in ("¥1,500", "2 单", "¥750", "3,300", "全部 2 件"):
        assert words in page
    assert "已按手机号和微信身份合并为同一人" in page


def test_what_the_mall_sold_is_not_the_brands_to_see(as_guide):
    follow = member_of(as_guide.guide)
    mall = make_brand(name="某商场", is_mall=True)
    desk = make_guide(store=make_store(region=make_region(brand=mall)))
    buy(make_follow(guide=desk, contact=follow.contact), n=9, fen=777700)
    page = card_of(as_guide, follow)
    assert "¥7,777" not in page
    assert "最近买过" not in page


def test_old_data_of_the_member_system_says_as_of_when(as_guide):
    follow = member_of(as_guide.guide)
    follow.contact.member.cards.update(as_of=now() - timedelta(hours=3))
    assert "会员资料截至" not in card_of(as_guide, follow)
    follow.contact.member.cards.update(as_of=now() - timedelta(days=5))
    assert "会员资料截至" in card_of(as_guide, follow)


def test_a_size_of_400_days_ago_is_greyed_and_asked_again(as_guide):
    follow = member_of(as_guide.guide)
    author = make_guide(name="何见山")
    made = make_preference(contact=follow.contact, author=author, at=now() - timedelta(days=400))
    page = card_of(as_guide, follow)
    for words in ("tag-old", "还穿 M 码吗？", "何见山", "很久没确认"):
        assert words in page
    url = reverse("workbench:still", args=[follow.pk])
    answer = as_guide.post(
        url, {"preference": made.pk, "answer": "yes"}, headers={"HX-Request": "true"}
    )
    assert "还穿 M 码吗？" not in answer.content.decode()
    assert "tag-old" not in card_of(as_guide, follow)


def test_a_size_that_changed_closes_the_old_one(as_guide):
    follow = member_of(as_guide.guide)
    make_preference(contact=follow.contact, at=now() - timedelta(days=400))
    as_guide.post(reverse("workbench:prefer", args=[follow.pk]), {"kind": "top_size", "value": "L"})
    page = card_of(as_guide, follow)
    assert "L 码" in page
    assert "M 码" not in page


def test_a_stale_tag_is_asked_for_and_can_go(as_guide):
    follow = make_follow(guide=as_guide.guide)
    tag = make_tag(name="通勤", group=make_tag_group(stale_after_days=90))
    make_tag_mark(follow=follow, tag=tag, marked_at=now() - timedelta(days=91))
    assert "“通勤”还对吗？" in card_of(as_guide, follow)
    as_guide.post(reverse("workbench:still", args=[follow.pk]), {"tag": tag.pk, "answer": "no"})
    assert TagMark.objects.get().removed_by == as_guide.guide


def test_automatic_tags_are_blue_and_come_last(as_guide):
    follow = make_follow(guide=as_guide.guide)
    rule = make_tag_rule()
    make_tag_mark(follow=follow, tag=rule.tag, evidence={"times": 2})
    make_tag_mark(follow=follow, tag=make_tag(name="通勤"))
    page = card_of(as_guide, follow)
    assert "tag-auto" in page
    assert page.index("通勤") < page.index(rule.tag.name)


def test_tags_for_managers_and_a_colleagues_own_are_not_shown_to_a_guide(as_guide, as_manager):
    guide = make_guide(store=as_manager.guide.store)
    follow = make_follow(guide=guide)
    secret = make_tag(name="重点关注", group=make_tag_group(seen_by_guides=False))
    personal = make_tag_group(kind=TagGroup.Kind.PERSONAL, wecom_id=None)
    own = make_tag(name="好说话", group=personal, owner=guide, wecom_id=None)
    for tag in (secret, own):
        make_tag_mark(follow=follow, tag=tag)
    page = card_of(as_manager, follow)
    assert "重点关注" in page
    assert "好说话" not in page


def test_days_that_matter_are_shown_with_what_is_left(as_guide):
    follow = member_of(as_guide.guide)
    soon = today() + timedelta(days=3)
    ImportantDate.objects.create(
        member=follow.contact.member, kind="birthday", month=soon.month, day=soon.day, at=now()
    )
    page = card_of(as_guide, follow)
    assert "生日" in page
    assert "还有 3 天" in page


def birthday(month: int, **whose) -> ImportantDate:
    fields = {"kind": "birthday", "month": month, "day": 3, "at": now()}
    return ImportantDate.objects.create(**fields | whose)


def test_there_is_one_birthday_and_the_member_systems_counts(as_guide):
    follow = member_of(as_guide.guide)
    note_date(follow.contact, as_guide.guide, "birthday", month=5, day=3)
    assert "5月3日" in card_of(as_guide, follow)
    birthday(8, member=follow.contact.member, at=now() - timedelta(days=9))
    page = card_of(as_guide, follow)
    assert [day in page for day in ("8月3日", "5月3日")] == [True, False]


def test_of_two_joined_records_the_birthday_told_last_counts(as_guide):
    follow = member_of(as_guide.guide)
    birthday(8, member=follow.contact.member, at=now() - timedelta(days=9))
    birthday(6, member=make_member(same_as=follow.contact.member))
    page = card_of(as_guide, follow)
    assert [day in page for day in ("6月3日", "8月3日")] == [True, False]


def test_a_card_whose_level_nobody_told_is_a_card(as_guide):
    follow = member_of(as_guide.guide)
    follow.contact.member.cards.update(level="")
    buy(follow)
    page = card_of(as_guide, follow)
    for words in ("会员</span>", "138****2046", "¥899", "3,260", "最近买过"):
        assert words in page
    assert "未开卡" not in page


def test_who_bought_here_without_a_card_is_no_member_and_yet_known(as_guide):
    follow = member_of(as_guide.guide)
    member, brand = follow.contact.member, as_guide.guide.store.region.brand
    buy(follow)
    birthday(8, member=member)
    consent = {"purpose": "marketing", "version": "1", "channel": "store", "given_at": now()}
    Consent.objects.create(member=member, brand=brand, **consent)
    member.cards.update(closed_at=now())
    page = card_of(as_guide, follow)
    for words in ("未开卡", "¥899", "最近买过", "8月3日", "已同意：营销信息", "微信客户"):
        assert words in page
    for words in ("TA 还不是会员", "138****2046", "金卡", "3,260", "会员号", "查看号码"):
        assert words not in page


def test_who_contacted_ta_today_is_told_first(as_guide):
    follow = member_of(as_guide.guide)
    colleague = make_guide(store=as_guide.guide.store, name="何见山")
    make_slot(contact=follow.contact, guide=colleague)
    make_slot(contact=follow.contact, guide=as_guide.guide)
    page = card_of(as_guide, follow)
    assert "今天已由 何见山 联系过" in page
    assert "本周联系过 TA" in page


def test_another_brands_contacts_are_its_own(as_guide):
    follow = member_of(as_guide.guide)
    region = make_region(brand=make_brand(name="别家"))
    stranger = make_guide(store=make_store(region=region), name="外人")
    make_slot(contact=follow.contact, guide=stranger)
    assert "外人" not in card_of(as_guide, follow)


def test_consent_is_shown_in_words(as_guide):
    follow = member_of(as_guide.guide)
    assert "还没有同意记录" in card_of(as_guide, follow)
    Consent.objects.create(
        member=follow.contact.member,
        brand=as_guide.guide.store.region.brand,
        purpose="marketing",
        version="1",
        channel="store",
        given_at=now(),
    )
    assert "已同意：营销信息" in card_of(as_guide, follow)


def test_all_purchases_are_a_page_that_goes_on(as_guide, django_assert_num_queries):
    follow = member_of(as_guide.guide)
    for n in range(25):
        buy(follow, n=n, days_ago=n + 1, fen=(n + 1) * 100)
    url = reverse("workbench:purchases", args=[follow.pk])
    with django_assert_num_queries(5):
        first = as_guide.get(url).content.decode()
    assert first.count('class="cell-end"') == 20
    after = first.partition("?after=")[2].partition('"')[0]
    rest = as_guide.get(f"{url}?after={after}").content.decode()
    assert rest.count('class="cell-end"') == 5
    assert AccessLog.objects.filter(screen="purchases").count() == 2


@pytest.mark.parametrize("rows", [1, 50])
def test_a_full_card_of_several_records_costs_no_more(
    as_guide, rows, django_assert_max_num_queries
):
    follow = member_of(as_guide.guide)
    member, brand = follow.contact.member, as_guide.guide.store.region.brand
    other = make_member()
    merge(member, other, evidence="hq", by="wangsi")
    for n in range(rows):
        see(follow, minutes_ago=n, n=n)
        buy(follow, n=n, days_ago=n)
        asset(other, brand, f"c{n}")
        make_tag_mark(follow=follow)
        make_preference(contact=follow.contact, kind="style", value=f"风格{n}")
        make_slot(contact=follow.contact, guide=as_guide.guide)
    for n in range(4):
        advise(follow, rule=("viewed_material", "new_customer")[n % 2])
    as_guide.get(address(follow), headers={"HX-Request": "true"})  # marks what is shown
    with django_assert_max_num_queries(7):
        card_of(as_guide, follow)


def test_a_size_noted_and_a_tag_of_the_same_name_are_shown_once(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_tag_mark(follow=follow, tag=make_tag(name="M 码"))
    make_preference(contact=follow.contact)
    page = card_of(as_guide, follow)
    assert page.count('<span class="tag">M 码') == 1
    assert Preference.objects.count() == 1
