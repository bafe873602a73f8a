"""Automatic tags: set by rules, with evidence, and gone when the facts are."""

from datetime import timedelta

import pytest

from guideapp.core.clock import SHANGHAI, now
from guideapp.members.errors import RuleRefused, TopicRefused
from guideapp.members.models import Consent, Tag, TagMark, TimelineEvent
from guideapp.members.services import (
    PurchaseLine,
    apply_rules,
    load_default_topics,
    merge,
    record_event,
    record_purchase,
    save_rule,
    switch_rule,
    sync_tags,
)
from guideapp.members.services.tag_rules import apply_rules_to_everybody, apply_rules_to_fresh_facts
from guideapp.wecom.models import OutboxCall
from tests.factories import make_brand, make_contact, make_follow, make_guide, make_member

pytestmark = pytest.mark.django_db


def view(follow, n, *, title="燕麦色大衣", at=None):
    record_event(
        kind="material_viewed",
        key=f"visit:{follow.pk}:{n}",
        contact=follow.contact,
        guide=follow.guide,
        params={"title": title, "times": 1, "visit": n, "material": 1},
        at=at or now(),
    )


def buy(follow, n, *, fen=100000, title="双面羊毛大衣", brand=None, member=None):
    record_purchase(
        member=member or follow.contact.member,
        order_no=f"R{follow.pk}-{n}",
        lines=[PurchaseLine("SK", title, "燕麦", "M", 1, fen)],
        store=follow.guide.store,
        at=now(),
        brand=brand,
    )


def standing() -> list[str]:
    return list(TagMark.objects.filter(removed_at=None).values_list("tag__name", flat=True))


def coats(**params):
    given = {"word": "大衣", "times": 2, "days": 14} | params
    return save_rule(name="近期看大衣", trigger="viewed", params=given)


def test_two_views_of_coats_set_the_tag_with_its_evidence_and_wecom_is_not_told():
    follow = make_follow()
    coats()
    view(follow, 1)
    apply_rules([follow.contact_id])
    assert standing() == []
    view(follow, 2)
    assert apply_rules([follow.contact_id]) == 1
    mark = TagMark.objects.get()
    assert (mark.evidence["times"], mark.evidence["rule_version"], mark.author) == (2, 1, None)
    assert apply_rules([follow.contact_id]) == 0
    assert not OutboxCall.objects.exists()


def test_the_tag_goes_when_the_facts_grow_old():
    follow = make_follow()
    coats(times=1)
    view(follow, 1)
    apply_rules([follow.contact_id])
    TimelineEvent.objects.all()._raw_delete("default")
    apply_rules([follow.contact_id])
    assert standing() == []
    assert TagMark.objects.get().removed_at


def test_somebody_who_is_active_at_eight_in_the_evening():
    follow = make_follow()
    save_rule(name="晚上 8 点活跃", trigger="hour", params={"hour": 20, "times": 2, "days": 30})
    evening = now().astimezone(SHANGHAI).replace(hour=20, minute=5) - timedelta(days=2)
    for n in range(2):
        view(follow, n, title="围巾", at=evening - timedelta(days=n))
    apply_rules([follow.contact_id])
    assert standing() == ["晚上 8 点活跃"]


def test_what_was_bought_counts_for_every_record_of_the_person():
    follow = make_follow(contact=make_contact(member=make_member()))
    other = make_member()
    merge(follow.contact.member, other, evidence="hq", by="wangsi")
    save_rule(name="买过大衣", trigger="bought", params={"word": "大衣", "times": 1, "days": 365})
    save_rule(name="年消费过千", trigger="spent", params={"amount_fen": 100000})
    buy(follow, 1, member=other)
    apply_rules([follow.contact_id])
    assert sorted(standing()) == ["买过大衣", "年消费过千"]


def test_what_a_mall_sold_makes_no_tag_for_a_brands_guide():
    follow = make_follow(contact=make_contact(member=make_member()))
    save_rule(name="买过大衣", trigger="bought", params={"word": "大衣", "times": 1, "days": 365})
    buy(follow, 1, brand=make_brand(name="商场", is_mall=True))
    apply_rules([follow.contact_id])
    assert standing() == []


def test_fresh_facts_are_looked_at_by_themselves():
    follow, untouched = make_follow(), make_follow()
    coats(times=1)
    view(follow, 1)
    view(untouched, 2, title="围巾")
    apply_rules_to_fresh_facts.call()
    assert list(TagMark.objects.values_list("follow", flat=True)) == [follow.pk]


def test_the_nightly_run_sees_everybody():
    follow = make_follow()
    coats(times=1)
    view(follow, 1, at=now() - timedelta(days=3))
    apply_rules_to_everybody.call()
    assert standing() == ["近期看大衣"]


def test_a_changed_rule_has_a_new_version_and_a_stopped_one_takes_its_marks_off():
    follow = make_follow()
    coats(times=1)
    view(follow, 1)
    apply_rules([follow.contact_id])
    rule = coats(times=1, days=7)
    assert rule.version == 2
    assert coats(times=1, days=7).version == 2
    switch_rule(rule, on=False)
    assert standing() == []


def test_a_reading_of_wecom_leaves_our_own_tags_alone(company):
    coats()
    sync_tags()
    assert Tag.objects.get(name="近期看大衣").gone_at is None


@pytest.mark.parametrize(
    ("trigger", "params"),
    [
        ("viewed", {"word": "", "times": 1, "days": 7}),
        ("viewed", {"word": "大衣", "times": 0, "days": 7}),
        ("hour", {"hour": 24, "times": 1, "days": 7}),
        ("spent", {"amount_fen": 0}),
        ("nothing", {"word": "大衣", "times": 1, "days": 7}),
    ],
)
def test_a_rule_that_says_nothing_is_refused(trigger, params):
    with pytest.raises(RuleRefused):
        save_rule(name="规则", trigger=trigger, params=params)


def test_a_medical_tag_is_refused_to_headquarters_too():
    load_default_topics()
    with pytest.raises(TopicRefused):
        save_rule(name="怀孕", trigger="spent", params={"amount_fen": 1})


def test_follows_of_nobodys_store_have_no_sums():
    follow = make_follow(guide=make_guide(store=None))
    save_rule(name="年消费过千", trigger="spent", params={"amount_fen": 1})
    assert apply_rules([follow.contact_id]) == 0


def test_who_wants_no_profile_gets_no_tag_of_that_brand_and_loses_what_stood():
    member = make_member()
    follow = make_follow(contact=make_contact(member=make_member(same_as=member)))
    brand = follow.guide.store.region.brand
    coats()
    view(follow, 1)
    view(follow, 2)
    apply_rules([follow.contact_id])
    assert standing() == ["近期看大衣"]
    given = {"version": "1", "channel": "page", "given_at": now(), "purpose": "profiling"}
    consent = Consent.objects.create(member=member, brand=brand, withdrawn_at=now(), **given)
    apply_rules([follow.contact_id])
    assert standing() == []
    consent.delete()
    apply_rules([follow.contact_id])
    assert standing() == ["近期看大衣"]
