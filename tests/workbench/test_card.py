"""The customer card: who, value, behaviour, tags, purchases, notes, the next step."""

from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.models import AccessLog
from guideapp.members.models import FollowRelation
from guideapp.members.services import PurchaseLine, propose, record_event, record_purchase
from guideapp.organisation.models import Role
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_follow,
    make_grant,
    make_guide,
    make_member,
    make_observation,
    make_product,
    make_sku,
    make_store,
    make_tag,
    make_tag_mark,
)

pytestmark = pytest.mark.django_db


def address(follow: FollowRelation) -> str:
    return reverse("workbench:sidebar_customer", args=[follow.contact.external_userid])


def member_of(guide, **kw) -> FollowRelation:
    """A gold member who follows `guide`."""
    fields = {"name": "周晚晴", "phone": "+8613800002046", "unionid": "oZhou"}
    member = make_member(**fields | kw)
    make_card(
        member=member,
        brand=guide.store.region.brand,
        level="金卡",
        number="HY20237731",
        points=3260,
    )
    contact = make_contact(
        name="晚晴", member=member, unionid_bidx=blind_index("oZhou"), synced_at=now()
    )
    return make_follow(guide=guide, contact=contact, remark="周晚晴")


def buy(follow: FollowRelation, *, days_ago: int = 18, n: int = 1, fen: int = 89900, **kw) -> None:
    line = PurchaseLine("SK-KNIT", "圆领羊绒开衫", "鼠尾草绿", "M", 1, fen)
    record_purchase(
        member=follow.contact.member,
        order_no=f"{follow.pk}-{n}",
        lines=[line],
        store=follow.guide.store,
        at=now() - timedelta(days=days_ago),
        **kw,
    )


def see(follow: FollowRelation, *, minutes_ago: int, n: int = 1) -> None:
    record_event(
        kind="material_viewed",
        key=f"visit:{follow.pk}:{n}",
        contact=follow.contact,
        guide=follow.guide,
        params={"title": f"穿法{n}", "times": 2, "visit": n, "material": n},
        at=now() - timedelta(minutes=minutes_ago),
    )


def advise(follow: FollowRelation, **kw) -> object:
    fields = {
        "rule": "viewed_material",
        "evidence": {"title": "燕麦色大衣", "times": 2, "viewed_at": now().isoformat()},
        "action_url": "/g/",
        "until": now() + timedelta(hours=5),
    }
    return propose(contact=follow.contact, guide=follow.guide, **fields | kw)


def test_the_card_says_who_this_is(as_guide):
    follow = member_of(as_guide.guide)
    page = as_guide.get(address(follow), headers={"HX-Request": "true"}).content.decode()
    for words in ("周晚晴", "金卡", "138****2046", as_guide.guide.store.name, "你的客户"):
        assert words in page
    assert "会员号 HY****7731" in page
    assert "按微信身份认出" in page
    assert "更新于 刚刚" in page


def test_no_full_phone_nor_member_number_is_in_the_page(as_guide):
    follow = member_of(as_guide.guide)
    page = as_guide.get(address(follow)).content.decode()
    assert "13800002046" not in page
    assert "HY20237731" not in page
    assert "oZhou" not in page


def test_the_value_is_the_sum_of_purchases(as_guide):
    follow = member_of(as_guide.guide)
    make_sku(code="SK-KNIT", product=make_product(drawing="g-knit"))
    buy(follow, n=1, fen=89900, guide=as_guide.guide)
    buy(follow, n=2, days_ago=60, fen=56900)
    page = as_guide.get(address(follow)).content.decode()
    for words in ("¥1,468", "2 单", "¥734", "18 天前", "3,260", "圆领羊绒开衫 · 鼠尾草绿 M"):
        assert words in page
    assert page.count("归属你") == 1
    assert "#g-knit" in page


def test_a_member_who_never_bought_shows_dashes_not_zeros(as_guide):
    page = as_guide.get(address(member_of(as_guide.guide))).content.decode()
    assert page.count("<b>—</b>") == 2
    assert "最近买过" not in page


def test_the_last_three_things_are_shown_and_a_fresh_one_can_be_followed_up(as_guide):
    follow = member_of(as_guide.guide)
    for n, minutes in enumerate((10, 40, 300, 6000), start=1):
        see(follow, minutes_ago=minutes, n=n)
    page = as_guide.get(address(follow)).content.decode()
    assert [f"穿法{n}" in page for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert page.count('class="hot"') == 1
    assert "跟进</button>" in page


def test_what_the_guide_sent_is_no_behaviour_of_the_customer(as_guide):
    follow = member_of(as_guide.guide)
    record_event(
        kind="material_sent",
        key="share:1",
        contact=follow.contact,
        params={"title": "发出的", "form": "card"},
        at=now(),
    )
    assert "TA 最近在看" not in as_guide.get(address(follow)).content.decode()


def test_a_suggestion_has_three_lines_and_its_reasons(as_guide):
    follow = member_of(as_guide.guide)
    advise(follow, earn_fen=15200)
    page = as_guide.get(address(follow)).content.decode()
    for words in (
        "TA 在看《燕麦色大衣》，趁热跟进",
        "¥152",
        "为什么",
        "看过次数",
        "viewed_material",
    ):
        assert words in page
    assert "第 1 版" in page


def test_no_money_is_invented(as_guide):
    follow = make_follow(guide=as_guide.guide)
    advise(follow)
    assert "¥" not in as_guide.get(address(follow)).content.decode()


def test_only_one_suggestion_is_shown(as_guide):
    follow = member_of(as_guide.guide)
    advise(follow)
    advise(follow, rule="new_customer", evidence={})
    page = as_guide.get(address(follow)).content.decode()
    assert page.count('class="nba"') == 1
    assert page.index("还可以做") < page.index("新客户，先打个招呼")


def test_somebody_without_a_card_is_no_member_and_no_gift_is_made_up(as_guide):
    follow = make_follow(guide=as_guide.guide, contact=make_contact(name="橘子汽水"), add_way=1)
    page = as_guide.get(address(follow)).content.decode()
    for words in ("TA 还不是会员", "未开卡", "扫了你的二维码", "没有自动发欢迎语", "加你"):
        assert words in page
    assert "累计消费" not in page
    assert "¥" not in page


@pytest.mark.parametrize(
    ("kind", "words"),
    [("welcome_sent", "已自动发欢迎语"), ("welcome_missed", "欢迎语没发出去")],
)
def test_the_card_says_what_became_of_the_welcome(as_guide, kind, words):
    follow = make_follow(guide=as_guide.guide)
    whose = {"contact": follow.contact, "guide": follow.guide}
    record_event(kind=kind, key="w:1", **whose, params={}, at=now())
    assert words in as_guide.get(address(follow)).content.decode()


def test_an_unknown_way_of_adding_is_worded_not_shown_as_a_number(as_guide):
    follow = make_follow(guide=as_guide.guide, add_way=9876)
    page = as_guide.get(address(follow)).content.decode()
    assert "来源未知" in page
    assert "9876" not in page


def test_tags_and_the_last_note_are_there(as_guide):
    follow = member_of(as_guide.guide)
    make_tag_mark(follow=follow, tag=make_tag(name="通勤"))
    make_tag_mark(follow=follow, tag=make_tag(name="旧标签"), removed_at=now())
    make_tag_mark(follow=follow, tag=make_tag(name="没了", gone_at=now()))
    make_observation(contact=follow.contact, text="早先", at=now() - timedelta(days=9))
    make_observation(contact=follow.contact, text="想要长大衣", author=make_guide(name="何见山"))
    page = as_guide.get(address(follow)).content.decode()
    assert [word in page for word in ("通勤", "旧标签", "没了")] == [True, False, False]
    assert "想要长大衣" in page
    assert "何见山" in page
    assert "早先" not in page


def test_a_card_of_another_brand_counts_for_nothing_here(as_guide):
    member = make_member(phone="+8613800002046")
    make_card(member=member, brand=make_brand(name="别的品牌"))
    follow = make_follow(guide=as_guide.guide, contact=make_contact(member=member))
    page = as_guide.get(address(follow)).content.decode()
    assert "TA 还不是会员" in page
    assert "138****2046" not in page


def test_a_hostile_name_stays_text(as_guide):
    follow = make_follow(guide=as_guide.guide, remark="<script>alert(1)</script>")
    page = as_guide.get(address(follow)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_every_read_of_a_card_is_kept(as_guide):
    follow = member_of(as_guide.guide)
    as_guide.get(address(follow))
    as_guide.get(reverse("workbench:customer", args=[follow.pk]))
    rows = AccessLog.objects.order_by("pk").values_list("actor_id", "subject", "screen")
    subject = f"contact:{follow.contact_id}"
    assert list(rows) == [
        (as_guide.guide.pk, subject, "sidebar"),
        (as_guide.guide.pk, subject, "customer"),
    ]


def test_a_manager_sees_a_colleagues_customer_and_whose_it_is(as_manager):
    colleague = make_guide(store=as_manager.guide.store, name="林小满")
    follow = member_of(colleague)
    advise(follow)
    page = as_manager.get(address(follow)).content.decode()
    assert "林小满的客户" in page
    assert "加标签" in page
    assert 'class="nba"' not in page


def test_a_regional_manager_reads_and_does_not_write(as_regional):
    region = as_regional.guide.store.region
    follow = member_of(make_guide(store=make_store(region=region)))
    page = as_regional.get(address(follow)).content.decode()
    assert "周晚晴" in page
    assert "加标签" not in page
    assert "记一笔" not in page


def test_somebody_who_is_guide_and_manager_sees_the_own_relation_first(as_guide):
    make_grant(guide=as_guide.guide, role=Role.STORE_MANAGER)
    colleague = make_guide(store=as_guide.guide.store)
    hers = make_follow(guide=colleague, remark="她的备注", followed_at=now() - timedelta(days=9))
    make_follow(guide=as_guide.guide, contact=hers.contact, remark="我的备注")
    page = as_guide.get(address(hers)).content.decode()
    assert "我的备注" in page
    assert "她的备注" not in page


@pytest.mark.parametrize("rows", [1, 50])
def test_a_card_costs_eight_queries_however_much_there_is(
    as_guide, rows, django_assert_num_queries
):
    follow = member_of(as_guide.guide)
    for n in range(rows):
        see(follow, minutes_ago=n, n=n)
        buy(follow, n=n, days_ago=n)
        make_tag_mark(follow=follow)
        make_observation(contact=follow.contact)
    advise(follow)
    with django_assert_num_queries(8):
        as_guide.get(address(follow), headers={"HX-Request": "true"})


def test_a_stranger_costs_no_more(as_guide, django_assert_max_num_queries):
    follow = make_follow(guide=as_guide.guide)
    see(follow, minutes_ago=1)
    with django_assert_max_num_queries(8):
        as_guide.get(address(follow), headers={"HX-Request": "true"})
