"""素材 beside a chat: what is there, in which order, for whom."""

from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.core.search import search_terms
from guideapp.materials.models import Material, Share
from tests.factories import (
    make_brand,
    make_card,
    make_category,
    make_contact,
    make_follow,
    make_material,
    make_member,
    make_region,
    make_share,
    make_store,
    make_visit,
)


def open_list(client, follow, **query):
    """The fragment as htmx asks for it."""
    query = {"customer": follow.contact.external_userid} | query
    return client.get(reverse("materials:sidebar"), query, headers={"HX-Request": "true"})


def titles(response):
    shelf = response.context["shelf"]
    return [row.material.title for row in (*shelf.viewed, *shelf.rows)]


def test_the_header_says_who_it_goes_to(as_guide):
    follow = make_follow(guide=as_guide.guide, remark="周晚晴")
    assert "周晚晴" in open_list(as_guide, follow).text


@pytest.mark.parametrize("closed", [None, now()])
def test_the_header_has_the_level_of_the_persons_open_card(as_guide, closed):
    kept = make_member()
    make_card(member=make_member(same_as=kept), level="金卡", closed_at=closed)
    make_card(member=kept, brand=make_brand(name="天汇广场", is_mall=True), level="黑金")
    follow = make_follow(guide=as_guide.guide, contact=make_contact(member=kept))
    page = open_list(as_guide, follow).text
    assert ("金卡" in page, "黑金" in page) == (closed is None, False)


def test_a_plain_request_gets_the_whole_page(as_guide):
    follow = make_follow(guide=as_guide.guide)
    response = as_guide.get(
        reverse("materials:sidebar"), {"customer": follow.contact.external_userid}
    )
    assert response.status_code == 200
    assert "<html" in response.text


def test_another_guides_customer_is_not_found_and_the_try_is_kept(as_guide):
    foreign = make_follow()
    response = open_list(as_guide, foreign)
    assert response.status_code == 404
    entry = AuditEntry.objects.get(action="refused")
    assert entry.subject == f"customer:{foreign.contact.external_userid}"


def test_a_customer_who_left_is_not_found(as_guide):
    gone = make_follow(guide=as_guide.guide, ended_at=now())
    assert open_list(as_guide, gone).status_code == 404


def test_what_the_customer_looked_at_comes_first_then_new_then_best_viewed(as_guide):
    follow = make_follow(guide=as_guide.guide)
    long_ago = now() - timedelta(days=40)
    make_material(title="少有人看", published_at=long_ago, sent_count=100, viewed_count=10)
    make_material(title="多有人看", published_at=long_ago, sent_count=100, viewed_count=70)
    make_material(title="今天新上")
    seen = make_material(title="TA 看过", published_at=long_ago)
    share = make_share(guide=as_guide.guide, contact=follow.contact, material=seen)
    make_visit(share=share)
    found = titles(open_list(as_guide, follow))
    assert found == ["TA 看过", "今天新上", "多有人看", "少有人看"]


def test_the_viewed_bar_counts_this_customers_views_only(as_guide):
    follow = make_follow(guide=as_guide.guide)
    material = make_material()
    mine = make_share(guide=as_guide.guide, contact=follow.contact, material=material)
    make_visit(share=mine)
    make_visit(share=mine)
    make_visit(share=make_share(guide=as_guide.guide, material=material))
    make_visit(share=mine, counted=False)
    response = open_list(as_guide, follow)
    assert "TA 刚刚看过这条，共 2 次" in response.text


def test_another_guides_send_to_the_same_person_says_nothing_here(as_guide):
    follow = make_follow(guide=as_guide.guide)
    colleagues = make_follow(contact=follow.contact)
    share = make_share(guide=colleagues.guide, contact=follow.contact)
    make_visit(share=share)
    response = open_list(as_guide, follow)
    assert response.context["shelf"].viewed == []
    assert "刚刚发过</span>" not in response.text


def test_a_store_sees_its_own_materials_and_everybodys(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_material(title="全国都有")
    make_material(title="本店才有").only_stores.set([as_guide.guide.store, make_store()])
    make_material(title="别店才有").only_stores.set([make_store()])
    assert set(titles(open_list(as_guide, follow))) == {"全国都有", "本店才有"}


def test_another_brands_materials_stay_away(as_guide):
    follow = make_follow(guide=as_guide.guide)
    other = make_region(brand=make_brand(name="别家")).brand
    make_material(title="别家的", category=make_category(brand=other))
    assert titles(open_list(as_guide, follow)) == []


def test_validity_counts_to_the_minute(as_guide, time_machine):
    follow = make_follow(guide=as_guide.guide)
    ends = now() + timedelta(minutes=10)
    make_material(title="快结束", valid_until=ends)
    make_material(title="快开始", valid_from=ends)
    time_machine.move_to(ends - timedelta(seconds=1))
    assert titles(open_list(as_guide, follow)) == ["快结束"]
    time_machine.move_to(ends)
    assert titles(open_list(as_guide, follow)) == ["快开始"]


def test_drafts_and_withdrawn_ones_are_not_there(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_material(status=Material.Status.DRAFT)
    make_material(status=Material.Status.WITHDRAWN)
    assert titles(open_list(as_guide, follow)) == []


def test_search_finds_chinese_pinyin_and_tags(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_material(title="双面羊毛大衣", search_terms=search_terms("双面羊毛大衣 通勤"))
    make_material(title="围巾", search_terms=search_terms("围巾"))
    for words in ("羊毛", "dayi", "通勤", "衣"):
        assert titles(open_list(as_guide, follow, q=words)) == ["双面羊毛大衣"], words


def test_nothing_found_says_so_and_offers_a_way_back(as_guide):
    follow = make_follow(guide=as_guide.guide)
    response = open_list(as_guide, follow, q="貂皮<b>")
    assert "没找到「貂皮&lt;b&gt;」" in response.text
    assert "看推荐素材" in response.text


def test_a_category_narrows_the_list(as_guide):
    follow = make_follow(guide=as_guide.guide)
    wanted = make_material(title="在这一类")
    make_material(title="在别的类")
    assert titles(open_list(as_guide, follow, category=wanted.category_id)) == ["在这一类"]


def test_bad_filters_are_dropped(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_material(title="还在")
    response = open_list(as_guide, follow, category="x", limit="-5", q="\x00")
    assert titles(response) == ["还在"]


def test_the_money_line_shows_only_what_headquarters_typed(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_material(earn_hint_fen=2400)
    make_material()
    text = open_list(as_guide, follow).text
    assert text.count("成交赚约 ¥24") == 1
    assert text.count("成交赚") == 1


def test_the_row_says_what_became_of_the_last_send(as_guide):
    follow = make_follow(guide=as_guide.guide)
    words = {
        Share.State.SENT: "刚刚发过",
        Share.State.CANCELLED: "你取消了发送",
        Share.State.FAILED: "没发出去",
        Share.State.UNKNOWN: "刚刚点过，结果未知",
    }
    for state in words:
        make_share(guide=as_guide.guide, contact=follow.contact, state=state)
    text = open_list(as_guide, follow).text
    assert all(word in text for word in words.values())


def test_a_send_within_a_day_asks_before_the_next_one(as_guide):
    follow = make_follow(guide=as_guide.guide)
    share = make_share(guide=as_guide.guide, contact=follow.contact)
    assert 'data-ask="recent"' in open_list(as_guide, follow).text
    Share.objects.filter(pk=share.pk).update(tapped_at=now() - timedelta(hours=25))
    assert "data-ask=" not in open_list(as_guide, follow).text


def test_kinds_whose_views_cannot_be_seen_say_so(as_guide):
    follow = make_follow(guide=as_guide.guide)
    make_material(kind=Material.Kind.TEXT, body="您好")
    assert "看不到 TA 看没看" in open_list(as_guide, follow).text


def test_in_a_group_there_is_the_library_but_no_send_button(as_guide):
    make_material(title="一条素材")
    response = as_guide.get(reverse("materials:sidebar"), headers={"HX-Request": "true"})
    assert "一条素材" in response.text
    assert "data-send=" not in response.text


def test_more_rows_come_on_demand(as_guide):
    follow = make_follow(guide=as_guide.guide)
    for _ in range(22):
        make_material()
    first = open_list(as_guide, follow)
    assert len(titles(first)) == 20
    assert "再看一些" in first.text
    assert len(titles(open_list(as_guide, follow, limit=40))) == 22


def fill(guide, follow, rows):
    for _ in range(rows):
        share = make_share(guide=guide, contact=follow.contact)
        make_visit(share=share)
        make_material()


def test_queries_do_not_grow_with_the_rows(as_guide, django_assert_num_queries):
    follow = make_follow(guide=as_guide.guide)
    for rows in (1, 50):
        fill(as_guide.guide, follow, rows)
        # session, guide; relation, views, sends, materials, categories
        with django_assert_num_queries(7):
            open_list(as_guide, follow)


def test_the_library_outside_a_chat_sends_the_guide_to_the_chat(as_guide):
    make_material(title="一条素材")
    response = as_guide.get(reverse("materials:library"))
    assert "一条素材" in response.text
    assert "去聊天发" in response.text


def test_the_library_outside_a_chat_takes_two_queries(as_guide, django_assert_num_queries):
    for rows in (1, 50):
        for _ in range(rows):
            make_material()
        with django_assert_num_queries(4):  # session, guide, materials, categories
            as_guide.get(reverse("materials:library"))


def test_a_manager_who_is_no_guide_has_no_sidebar(as_manager):
    assert as_manager.get(reverse("materials:sidebar")).status_code == 403
