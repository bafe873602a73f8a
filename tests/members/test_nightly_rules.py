"""Birthday, coupon, card and silence: found each night, withdrawn when they no longer hold."""

from datetime import timedelta

import pytest

from guideapp.core.clock import day_of, now, today
from guideapp.members.models import (
    Consent,
    FollowRelation,
    ImportantDate,
    MemberAsset,
    MemberValue,
    Suggestion,
)
from guideapp.members.services import decide, explain, look_at_contacts, note_date, reconsider
from guideapp.wecom.models import OutboxCall
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_event,
    make_follow,
    make_guide,
    make_member,
    make_region,
    make_store,
    make_suggestion,
)

pytestmark = pytest.mark.django_db


def settled(**kw) -> FollowRelation:
    """Somebody whom no rule has anything to say about: a member who looked yesterday."""
    member = kw.pop("member", None) or make_member()
    if kw.pop("with_card", True):
        make_card(member=member)
    contact = make_contact(member=member, active_at=kw.pop("active_at", now()))
    fields = {"followed_at": now() - timedelta(days=200)}
    return make_follow(contact=contact, **fields | kw)


def born(follow: FollowRelation, in_days: int) -> ImportantDate:
    on = today() + timedelta(days=in_days)
    return ImportantDate.objects.create(
        member=follow.contact.member, kind="birthday", month=on.month, day=on.day, at=now()
    )


def coupon(follow: FollowRelation, **kw) -> MemberAsset:
    fields = {
        "member": follow.contact.member,
        "brand": follow.guide.store.region.brand,
        "code": f"C{MemberAsset.objects.count()}",
        "title": "满 500 减 80",
        "expires_at": now() + timedelta(days=2),
    }
    return MemberAsset.objects.create(**fields | kw)


def night() -> list[str]:
    look_at_contacts.call(1, 10**9)
    rows = Suggestion.objects.filter(state=Suggestion.State.OPEN)
    return list(rows.order_by("priority").values_list("rule", flat=True))


def test_who_is_well_is_left_alone():
    settled()
    assert night() == []


@pytest.mark.parametrize(("days", "found"), [(0, True), (3, True), (4, False), (-1, False)])
def test_a_birthday_is_near_for_three_days(days, found):
    born(settled(), days)
    assert (night() == ["birthday"]) is found


def test_a_birthday_says_when_and_why():
    born(settled(), 1)
    night()
    words = explain(Suggestion.objects.get(), name="周晚晴")
    assert words.what == "TA 明天生日，送句祝福"
    assert [(fact.label, fact.text) for fact in words.facts] == [("生日", "明天")]


def test_a_birthday_that_was_wrong_is_withdrawn():
    row = born(settled(), 2)
    night()
    ImportantDate.objects.filter(pk=row.pk).update(ended_at=now())
    assert night() == []
    assert Suggestion.objects.get().state == Suggestion.State.WITHDRAWN


def test_a_coupon_that_ends_is_told_with_its_title_and_day():
    follow = settled()
    coupon(follow)
    coupon(follow, code="later", expires_at=now() + timedelta(days=30))
    assert night() == ["coupon_expiring"]
    evidence = Suggestion.objects.get().evidence
    assert (evidence["coupon"], evidence["coupons"]) == ("满 500 减 80", 1)


@pytest.mark.parametrize("field", ["used_at", "voided_at"])
def test_a_coupon_that_is_gone_is_no_reason(field):
    follow = settled()
    row = coupon(follow)
    night()
    MemberAsset.objects.filter(pk=row.pk).update(**{field: now()})
    assert night() == []


def test_another_brands_coupon_is_not_told():
    coupon(settled(), brand=make_brand(name="别家"))
    assert night() == []


def test_who_took_the_consent_to_marketing_back_is_not_reminded():
    follow = settled()
    coupon(follow)
    Consent.objects.create(
        member=follow.contact.member,
        brand=follow.guide.store.region.brand,
        purpose=Consent.Purpose.MARKETING,
        version="1",
        channel=Consent.Channel.STORE,
        given_at=now() - timedelta(days=9),
        withdrawn_at=now(),
    )
    assert night() == []


@pytest.mark.parametrize(
    ("with_card", "before"), [(True, ["birthday"]), (False, ["invite_to_card"])]
)
def test_who_said_no_is_not_congratulated_or_asked_for_a_card(with_card, before):
    follow = settled(with_card=with_card, followed_at=now() - timedelta(days=2))
    born(follow, 1)
    assert sorted(night()) == before
    given = {"version": "1", "channel": "store", "given_at": now(), "withdrawn_at": now()}
    brand = follow.guide.store.region.brand
    Consent.objects.create(
        member=follow.contact.member, brand=brand, purpose=Consent.Purpose.MARKETING, **given
    )
    assert night() == []


def test_a_birthday_is_told_to_guides_of_whom_it_concerns_only():
    theirs = settled(with_card=False)
    born(theirs, 1)  # the member system knows it, but not from this brand
    noted = settled(with_card=False)
    day = today() + timedelta(days=1)
    author = make_guide(store=noted.guide.store)
    note_date(noted.contact, author, "birthday", month=day.month, day=day.day)
    elsewhere = make_store(region=make_region(brand=make_brand(name="别家")))
    make_follow(contact=noted.contact, guide=make_guide(store=elsewhere))
    night()
    told = Suggestion.objects.filter(rule="birthday").values_list("guide", flat=True)
    assert list(told) == [noted.guide.pk]


def test_no_guide_is_told_of_a_childs_birthday():
    follow = settled()
    born(follow, 1)
    ImportantDate.objects.update(year=today().year - 9)
    assert night() == []


def test_a_merged_record_counts_for_the_person():
    follow = settled()
    other = make_member(same_as=follow.contact.member)
    coupon(follow, member=other)
    assert night() == ["coupon_expiring"]


@pytest.mark.parametrize(("days", "found"), [(0, False), (2, True), (31, False)])
def test_who_came_lately_is_asked_for_a_card(days, found):
    settled(with_card=False, followed_at=now() - timedelta(days=days))
    assert (night() == ["invite_to_card"]) is found


def test_a_card_ends_the_question_also_when_a_till_asked_it():
    follow = settled(with_card=False)
    make_suggestion(rule="invite_to_card", contact=follow.contact, guide=follow.guide)
    assert night() == ["invite_to_card"]
    make_card(member=follow.contact.member)
    assert night() == []


@pytest.mark.parametrize(("days", "found"), [(29, False), (31, True), (95, True), (200, False)])
def test_thirty_days_without_a_sign_are_silence(days, found):
    settled(active_at=now() - timedelta(days=days))
    assert (night() == ["silent"]) is found


def test_an_order_is_a_sign():
    follow = settled(active_at=now() - timedelta(days=60))
    MemberValue.objects.create(
        member=follow.contact.member,
        brand=follow.guide.store.region.brand,
        last_purchase_at=now() - timedelta(days=5),
    )
    assert night() == []


def test_silence_is_not_told_after_the_guide_has_written():
    follow = settled(active_at=now() - timedelta(days=40))
    make_event(
        kind="material_sent",
        contact=follow.contact,
        guide=follow.guide,
        at=now() - timedelta(days=2),
    )
    assert night() == []


def test_the_evidence_of_silence_is_the_last_sign():
    at = now() - timedelta(days=65)
    settled(active_at=at)
    night()
    row = Suggestion.objects.get()
    assert row.evidence == {"last_sign_at": at.isoformat(), "sign": "viewed", "days": 60}
    assert explain(row, name="").what == "TA 60 天没有动静，问候一声"


def test_a_second_night_changes_nothing():
    born(settled(), 2)
    night()
    before = Suggestion.objects.values().get()
    night()
    assert Suggestion.objects.values().get() == before


def test_no_use_keeps_the_rule_silent_and_done_is_not_asked_again():
    born(settled(), 2)
    night()
    decide(Suggestion.objects.get(), "dismissed")
    assert night() == []
    other = settled()
    born(other, 2)
    night()
    decide(Suggestion.objects.get(guide=other.guide), "done")
    assert night() == []


def test_what_is_past_is_closed():
    follow = settled()
    make_suggestion(contact=follow.contact, guide=follow.guide, until=now() - timedelta(days=1))
    night()
    assert Suggestion.objects.get().state == Suggestion.State.WITHDRAWN


def test_nobody_is_told_about_the_findings_of_the_night():
    born(settled(), 2)
    night()
    assert not OutboxCall.objects.exists()


def test_the_list_is_sorted_by_what_the_night_wrote():
    at = now() - timedelta(days=3)
    follow = settled(active_at=at)
    born(follow, 9)
    MemberValue.objects.create(
        member=follow.contact.member,
        brand=follow.guide.store.region.brand,
        year_spend_fen=680000,
    )
    night()
    follow.refresh_from_db()
    assert follow.birthday_on == today() + timedelta(days=9)
    assert day_of(follow.last_sign_at) == day_of(at)
    assert follow.year_fen == 680000


def test_a_change_is_looked_at_at_once():
    follow = settled()
    coupon(follow)
    reconsider([follow.contact.member_id])
    assert Suggestion.objects.get().rule == "coupon_expiring"


def test_every_guide_of_the_brand_is_told_about_their_own_customer():
    follow = settled()
    born(follow, 1)
    make_follow(contact=follow.contact, guide=make_guide(), followed_at=now())
    assert night() == ["birthday", "birthday"]


@pytest.mark.parametrize("people", [1, 40])
def test_a_batch_costs_the_same_for_one_and_for_many(people, django_assert_max_num_queries):
    for _ in range(people):
        born(settled(), 2)
    with django_assert_max_num_queries(22):
        look_at_contacts.call(1, 10**9)
