"""/g/customers/: my customers, found, in segments, page by page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now, today
from guideapp.core.fields import blind_index
from guideapp.core.search import search_terms
from guideapp.members.models import Member
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
)

pytestmark = pytest.mark.django_db

LIST = reverse("workbench:customers")
SEARCH = reverse("workbench:customers_search")
HTMX = {"HX-Request": "true"}


def people(guide, *names: str, **kw) -> None:
    for n, name in enumerate(names):
        contact = make_contact(name=name, **kw)
        at = now() - timedelta(days=n * 5)
        terms = search_terms(name)
        make_follow(guide=guide, contact=contact, followed_at=at, search_terms=terms)


def names_in(page: str, *names: str) -> list[bool]:
    return [name in page for name in names]


def test_a_guide_sees_own_customers_only(as_guide):
    people(as_guide.guide, "周晚晴", "苏一禾")
    people(make_guide(store=as_guide.guide.store), "顾北")
    page = as_guide.get(LIST).content.decode()
    assert names_in(page, "周晚晴", "苏一禾", "顾北") == [True, True, False]


def test_a_manager_finds_the_customers_of_everybody_in_the_store(as_manager):
    store = as_manager.guide.store
    people(make_guide(store=store, name="林小满"), "周晚晴", "苏一禾")
    people(make_guide(store=store), "周北")
    people(make_guide(), "周远")
    page = as_manager.get(reverse("workbench:store_customers", args=[store.pk])).content.decode()
    assert names_in(page, "周晚晴", "苏一禾", "周北", "周远") == [True, True, True, False]
    assert "林小满的客户" in page
    address = reverse("workbench:store_customers_search", args=[store.pk])
    found = as_manager.post(address, {"q": "zhou"}, headers=HTMX).content.decode()
    assert names_in(found, "周晚晴", "苏一禾", "周北", "周远") == [True, False, True, False]


def test_a_manager_finds_a_customer_of_the_store_by_the_last_digits_of_the_phone(as_manager):
    store = as_manager.guide.store
    members = [make_member(phone_tail_bidx=blind_index("2046")) for _ in range(2)]
    for member, guide in zip(members, (make_guide(store=store), make_guide()), strict=True):
        make_card(member=member, brand=store.region.brand)
        make_follow(guide=guide, contact=make_contact(name=f"{member.pk}号", member=member))
    address = reverse("workbench:store_customers_search", args=[store.pk])
    page = as_manager.post(address, {"q": "2046"}, headers=HTMX).content.decode()
    assert names_in(page, *(f"{member.pk}号" for member in members)) == [True, False]


def test_a_store_that_somebody_else_leads_is_not_there(as_manager):
    foreign = make_guide().store.pk
    for name in ("store_customers", "store_customers_search"):
        address = reverse(f"workbench:{name}", args=[foreign])
        answer = as_manager.post(address) if "search" in name else as_manager.get(address)
        assert answer.status_code == 404


def test_somebody_who_left_is_not_listed(as_guide):
    make_follow(guide=as_guide.guide, contact=make_contact(name="走了"), ended_at=now())
    assert "走了" not in as_guide.get(LIST).content.decode()


@pytest.mark.parametrize("query", ["晚晴", "zwq", "zhouwan", "周"])
def test_a_customer_is_found_as_guides_type(as_guide, query):
    people(as_guide.guide, "周晚晴", "苏一禾")
    page = as_guide.post(SEARCH, {"q": query}, headers=HTMX).content.decode()
    assert names_in(page, "周晚晴", "苏一禾") == [True, False]


def test_nothing_found_says_so_and_offers_all(as_guide):
    people(as_guide.guide, "周晚晴")
    page = as_guide.post(SEARCH, {"q": "貂皮"}).content.decode()
    assert "没找到「貂皮」" in page
    assert "看全部客户" in page


def test_a_name_that_is_searched_for_is_in_no_address(as_guide):
    people(as_guide.guide, *[f"周{n}" for n in range(40)])
    page = as_guide.post(SEARCH, {"q": "周"}).content.decode()
    assert "q=" not in page
    assert as_guide.get(SEARCH, {"q": "周"}).status_code == 405
    assert "周39" not in page


def test_a_search_goes_on_on_a_second_page(as_guide):
    people(as_guide.guide, "苏一禾", *[f"周{n}" for n in range(40)])
    first = as_guide.post(SEARCH, {"q": "周"})
    more = {"q": "周", "after": first.context["after"]}
    second = as_guide.post(SEARCH, more, headers=HTMX)
    assert [len(answer.context["follows"]) for answer in (first, second)] == [30, 10]
    assert "苏一禾" not in second.content.decode()


def test_new_are_those_of_a_week_and_viewed_those_who_looked(as_guide):
    people(as_guide.guide, "今天", "五天", "十天")
    people(as_guide.guide, "看过的", active_at=now())
    people(as_guide.guide, "很久以前", active_at=now() - timedelta(days=30))
    new = as_guide.get(LIST, {"segment": "new"}).content.decode()
    assert names_in(new, "今天", "五天", "十天") == [True, True, False]
    viewed = as_guide.get(LIST, {"segment": "viewed"}).content.decode()
    assert names_in(viewed, "看过的", "很久以前", "今天<") == [True, False, False]


@pytest.mark.parametrize("query", [{}, {"segment": "viewed"}])
def test_every_customer_is_on_exactly_one_page(as_guide, query):
    at = now() - timedelta(hours=1)
    for n in range(65):
        contact = make_contact(name=f"客户{n:03d}号", active_at=at)
        make_follow(guide=as_guide.guide, contact=contact, followed_at=at)
    seen, after = [], ""
    for _ in range(3):
        response = as_guide.get(LIST, query | ({"after": after} if after else {}))
        seen += [follow.pk for follow in response.context["follows"]]
        after = response.context["after"]
    assert (len(seen), len(set(seen)), after) == (65, 65, "")


@pytest.mark.parametrize("after", ["x", "1-", "-1", "9" * 30 + "-1", "1.5-2"])
def test_a_made_up_place_is_the_first_page(as_guide, after):
    people(as_guide.guide, "周晚晴")
    assert "周晚晴" in as_guide.get(LIST, {"after": after}).content.decode()


def test_an_old_bookmark_with_a_bad_filter_still_opens(as_guide):
    people(as_guide.guide, "周晚晴")
    page = as_guide.get(LIST, {"segment": "nearby", "q": "长" * 99}).content.decode()
    assert "周晚晴" in page


def with_card(phone: str, **kw) -> Member:
    """A member with a phone number and a card of the usual brand."""
    return make_card(member=make_member(phone=phone, **kw)).member


@pytest.mark.parametrize("query", ["2046", " 2046 "])
def test_a_customer_is_found_by_the_end_of_the_phone_number(as_guide, query):
    people(as_guide.guide, "周晚晴", member=with_card("+8613800002046"))
    people(as_guide.guide, "苏一禾", member=with_card("+8613800002047"))
    page = as_guide.post(SEARCH, {"q": query}, headers=HTMX).content.decode()
    assert names_in(page, "周晚晴", "苏一禾") == [True, False]


def test_the_phone_of_a_joined_record_finds_the_person(as_guide):
    kept = make_member()
    with_card("+8613800002046", same_as=kept)
    people(as_guide.guide, "周晚晴", member=kept)
    people(as_guide.guide, "苏一禾", member=make_member(same_as=kept))
    page = as_guide.post(SEARCH, {"q": "2046"}).content.decode()
    assert names_in(page, "周晚晴", "苏一禾") == [True, True]


def test_the_phone_of_somebody_elses_customer_finds_nobody(as_guide):
    people(make_guide(), "周晚晴", member=with_card("+8613800002046"))
    assert "周晚晴" not in as_guide.post(SEARCH, {"q": "2046"}).content.decode()


def test_however_many_others_end_in_the_same_digits_the_own_customer_is_found(as_guide):
    tail = blind_index("2046")
    others = [Member(phone_tail_bidx=tail, number=f"M{n}") for n in range(600)]
    Member.objects.bulk_create(others)
    people(as_guide.guide, "周晚晴", member=with_card("+8613800002046"))
    assert "周晚晴" in as_guide.post(SEARCH, {"q": "2046"}).content.decode()


def test_a_phone_that_the_card_would_not_show_finds_nobody(as_guide):
    brand, closed = make_brand(name="别家"), make_member(phone="+8613800002046")
    make_card(member=closed, closed_at=now())
    others = make_card(member=make_member(phone="+8613800002046"), brand=brand)
    people(as_guide.guide, "无卡", member=make_member(phone="+8613800002046"))
    people(as_guide.guide, "退卡", member=closed)
    people(as_guide.guide, "别家的", member=others.member)
    page = as_guide.post(SEARCH, {"q": "2046"}).content.decode()
    assert names_in(page, "无卡", "退卡", "别家的") == [False] * 3


def test_who_has_no_card_here_is_marked_as_on_the_card(as_guide):
    kept = make_member()
    make_card(member=make_member(same_as=kept))
    mall = make_brand(name="天汇广场", is_mall=True)
    people(as_guide.guide, "并过的", member=kept)
    people(as_guide.guide, "有卡", member=make_card(level="").member)
    people(as_guide.guide, "商场的", member=make_card(brand=mall).member)
    people(as_guide.guide, "退了的", member=make_card(closed_at=now()).member)
    people(as_guide.guide, "没会员")
    rows = as_guide.get(LIST).context["follows"]
    marked = {row.contact.name for row in rows if not row.card}
    assert marked == {"商场的", "退了的", "没会员"}
    assert as_guide.get(LIST).content.decode().count("未开卡") == 3
    for row in rows:
        card = as_guide.get(reverse("workbench:customer", args=[row.pk])).content.decode()
        assert ("未开卡" in card) == (row.contact.name in marked)


def segment(client, name: str) -> list[str]:
    rows = client.get(LIST, {"segment": name}).context["follows"]
    return [row.contact.name for row in rows]


def person(guide, name: str, **kw) -> None:
    make_follow(guide=guide, contact=make_contact(name=name), **kw)


def test_birthdays_come_in_their_order_and_only_near_ones(as_guide):
    for name, days in (("后天", 2), ("今天", 0), ("下月", 30), ("昨天", -1)):
        person(as_guide.guide, name, birthday_on=today() + timedelta(days=days))
    assert segment(as_guide, "birthday") == ["今天", "后天"]


def test_silent_are_those_without_a_sign_for_a_month(as_guide):
    for name, days in (("很久", 90), ("刚好", 31), ("不久", 20)):
        person(as_guide.guide, name, last_sign_at=now() - timedelta(days=days))
    assert segment(as_guide, "silent") == ["刚好", "很久"]


def test_who_looked_since_the_night_is_not_silent(as_guide):
    contact = make_contact(active_at=now())
    at = now() - timedelta(days=60)
    make_follow(guide=as_guide.guide, contact=contact, last_sign_at=at)
    assert segment(as_guide, "silent") == []


def test_high_value_is_what_was_spent_in_a_year(as_guide, settings):
    settings.HIGH_VALUE_YEAR_YUAN = 5000
    for name, yuan in (("六千", 6000), ("两万", 20000), ("四千", 4000)):
        person(as_guide.guide, name, year_fen=yuan * 100)
    assert segment(as_guide, "value") == ["两万", "六千"]


@pytest.mark.parametrize("name", ["birthday", "silent", "value"])
def test_each_segment_goes_on_behind_its_last_row(as_guide, name):
    fields = {
        "birthday_on": today() + timedelta(days=1),
        "last_sign_at": now() - timedelta(days=40),
        "year_fen": 900000,
    }
    for n in range(65):
        person(as_guide.guide, f"客户{n}", **fields)
    seen, after = [], ""
    for _ in range(3):
        answer = as_guide.get(LIST, {"segment": name} | ({"after": after} if after else {}))
        seen += [row.pk for row in answer.context["follows"]]
        after = answer.context["after"]
    assert (len(seen), len(set(seen)), after) == (65, 65, "")


@pytest.mark.parametrize("name", ["birthday", "silent", "new", "value", "viewed"])
def test_a_segment_costs_three_queries(as_guide, name, django_assert_num_queries):
    people(as_guide.guide, *[f"客户{n}" for n in range(40)], member=with_card("+8613800002046"))
    with django_assert_num_queries(3):
        as_guide.get(LIST, {"segment": name})


def test_four_digits_cost_four_queries(as_guide, django_assert_num_queries):
    people(as_guide.guide, *[f"客户{n}" for n in range(40)])
    with django_assert_num_queries(4):
        as_guide.post(SEARCH, {"q": "2046"})


@pytest.mark.parametrize("rows", [1, 50])
def test_the_list_costs_three_queries(as_guide, rows, django_assert_num_queries):
    people(as_guide.guide, *[f"客户{n}" for n in range(rows)])
    with django_assert_num_queries(3):
        as_guide.post(SEARCH, {"q": "客户"})


def test_the_list_is_for_guides(as_manager, as_content):
    assert as_manager.get(LIST).status_code == 403
    assert as_content.get(LIST).status_code == 403


def test_a_customer_outside_the_chat_has_a_way_into_it(as_guide):
    follow = make_follow(guide=as_guide.guide, contact=make_contact(name="橘子汽水"))
    page = as_guide.get(reverse("workbench:customer", args=[follow.pk])).content.decode()
    assert f'data-open-chat="{follow.contact.external_userid}"' in page
    assert "去聊天发" in page
    assert "data-open-tab" not in page
    assert page.count("<h1") == 1


def test_another_guides_customer_is_a_404(as_guide):
    colleague = make_guide(store=as_guide.guide.store)
    follow = make_follow(guide=colleague)
    assert as_guide.get(reverse("workbench:customer", args=[follow.pk])).status_code == 404
    assert as_guide.get(reverse("workbench:customer", args=[10**9])).status_code == 404


def test_a_manager_sees_the_card_but_chats_for_nobody(as_manager):
    follow = make_follow(guide=make_guide(store=as_manager.guide.store))
    page = as_manager.get(reverse("workbench:customer", args=[follow.pk])).content.decode()
    assert "去聊天发" not in page


@pytest.mark.parametrize("rows", [1, 50])
def test_the_list_of_a_store_costs_five_queries(as_manager, rows, django_assert_num_queries):
    store = as_manager.guide.store
    people(make_guide(store=store), *[f"客户{n}" for n in range(rows)])
    with django_assert_num_queries(5):
        as_manager.get(reverse("workbench:store_customers", args=[store.pk]))
