"""The picture of a store: its customers against the brand's."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.members.models import TagGroup
from guideapp.workbench.picture import picture_of
from tests.factories import (
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
    make_store,
    make_tag,
    make_tag_group,
    make_tag_mark,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


def follows(store, count: int, **kw):
    guide = make_guide(store=store)
    return [make_follow(guide=guide, contact=make_contact(**kw)) for _ in range(count)]


def mark(rows, name: str, **kw) -> None:
    tag = make_tag(name=name, **kw)
    for row in rows:
        make_tag_mark(follow=row, tag=tag)


def two_stores():
    here, there = make_store(), make_store()
    return here, follows(here, 20), follows(there, 40)


def names(store) -> list[str]:
    return [top.part.label for top in picture_of(store).top]


def test_what_the_store_has_more_often_stands_first_with_its_count():
    here, own, others = two_stores()
    mark([*own[:15], *others[:6]], "通勤")
    mark([*own[:8], *others[:6]], "羊毛")
    mark([*own[:5], *others[:30]], "度假")
    picture = picture_of(here)
    assert [(top.part.label, top.part.count) for top in picture.top] == [("通勤", 15), ("羊毛", 8)]
    assert picture.top[0].part.rate == 0.75
    assert picture.top[0].part.times == 2.1


def test_a_few_people_are_no_trait_of_a_store():
    here, own, _others = two_stores()
    mark(own[:4], "送礼")
    assert names(here) == []


def test_at_most_three_stand_out():
    here, own, _others = two_stores()
    for number in range(5):
        mark(own[: 10 + number], f"标签{number}")
    assert names(here) == ["标签4", "标签3", "标签2"]


def test_what_guides_keep_for_themselves_is_not_counted():
    here, own, _others = two_stores()
    mark(own, "我的", group=make_tag_group(kind=TagGroup.Kind.PERSONAL))
    assert names(here) == []


def test_tags_that_were_taken_off_and_people_who_left_do_not_count():
    here, own, _others = two_stores()
    tag = make_tag(name="通勤")
    for row in own[:10]:
        make_tag_mark(follow=row, tag=tag, removed_at=now())
    for row in own[10:]:
        make_tag_mark(follow=row, tag=tag)
        row.ended_at = now()
        row.save()
    assert names(here) == []
    assert picture_of(here).customers == 10


def test_who_is_followed_by_two_counts_once():
    here = make_store()
    contact = make_contact()
    for _ in range(2):
        make_follow(guide=make_guide(store=here), contact=contact)
    assert picture_of(here).customers == 1


def test_the_mix_says_members_and_levels():
    here = make_store()
    follows(here, 3)
    member = make_member()
    make_card(member=member, level="金卡")
    follows(here, 1, member=member)
    parts = {str(part.label): part for part in picture_of(here).parts}
    assert (parts["有会员卡"].count, parts["金卡"].count) == (1, 1)
    assert parts["有会员卡"].rate == 0.25


def test_a_card_of_a_joined_record_is_the_persons_and_a_level_need_not_be_told():
    here, kept = make_store(), make_member()
    make_card(member=make_member(same_as=kept), level="金卡")
    follows(here, 1, member=kept)
    follows(here, 1, member=make_card(level="").member)
    follows(here, 1, member=make_card(level="银卡", closed_at=now()).member)
    parts = {str(part.label): part.count for part in picture_of(here).parts}
    assert {name: parts.get(name) for name in ("有会员卡", "金卡", "银卡", "")} == {
        "有会员卡": 2,
        "金卡": 1,
        "银卡": None,
        "": None,
    }


def test_another_brand_is_another_world(as_manager):
    url = reverse("workbench:team_picture", args=[make_store().pk])
    assert as_manager.get(url).status_code == 404


@pytest.mark.parametrize("count", [1, 20])
def test_the_picture_costs_few_queries(as_manager, count, django_assert_max_num_queries):
    follows(as_manager.guide.store, count)
    url = reverse("workbench:team_picture", args=[as_manager.guide.store.pk])
    as_manager.get(url)
    with django_assert_max_num_queries(2 + 1 + 3 + 1):  # session, guide; store; store's; cache
        as_manager.get(url)
