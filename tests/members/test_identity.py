"""One person: the rules, joining, candidates, and an undo that gives everything back."""

from datetime import timedelta
from typing import Any

import pytest

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.models import AuditEntry
from guideapp.members.errors import AlreadyDecided, PersonErased
from guideapp.members.models import (
    Contact,
    Evidence,
    IdentityLink,
    Member,
    MembershipCard,
    MemberValue,
    MergeCandidate,
    OfficialFollower,
    TagMark,
    TimelineEvent,
    Tombstone,
)
from guideapp.members.services import (
    Facts,
    PurchaseLine,
    identify,
    identify_contact,
    identify_many,
    join_contact,
    keep_apart,
    link_contacts,
    link_followers,
    merge,
    merge_candidate,
    open_card,
    person_ids,
    queue_candidates,
    record_purchase,
    save_member,
    undo,
)
from tests.factories import (
    make_brand,
    make_contact,
    make_follow,
    make_member,
    make_store,
    make_tag_mark,
)

pytestmark = pytest.mark.django_db
PHONE, OTHER_PHONE = "+8613800002046", "+8613900005519"


def known(**facts: Any) -> Member:
    """A member as the member system tells it: the phone is verified."""
    return make_member(phone_verified=bool(facts.get("phone")), **facts)


def scanned(unionid: str = "", **facts: Any) -> Contact:
    """A contact as WeCom tells it."""
    return make_contact(unionid=unionid, unionid_bidx=blind_index(unionid), **facts)


def open_candidates() -> list[tuple[int, int, str]]:
    """Every open question."""
    rows = MergeCandidate.objects.filter(state=MergeCandidate.State.OPEN).order_by("pk")
    return list(rows.values_list("one", "other", "reason"))


# --- the rules ------------------------------------------------------------------------------------


def test_nothing_hit_is_a_prospect():
    found = identify(Facts(unionid="oNobody", phone=PHONE, phone_verified=True))
    assert (found.member_id, found.rivals, found.is_clear) == (None, (), False)


@pytest.mark.parametrize(
    ("held", "facts", "evidence"),
    [
        ({"unionid": "oZhou"}, Facts(unionid="oZhou"), Evidence.UNIONID),
        ({"phone": PHONE}, Facts(phone=PHONE, phone_verified=True), Evidence.PHONE),
        ({"number": "M1"}, Facts(number="M1", phone=OTHER_PHONE), Evidence.NUMBER),
    ],
)
def test_one_hit_joins(held, facts, evidence):
    member = known(**held)
    found = identify(facts)
    assert (found.member_id, found.evidence, found.is_clear) == (member.pk, evidence, True)


def test_hits_on_two_persons_are_no_clear_answer():
    one, other = known(unionid="oZhou"), known(phone=PHONE)
    found = identify(Facts(unionid="oZhou", phone=PHONE, phone_verified=True))
    assert not found.is_clear
    assert found.member_id == one.pk
    assert [(rival.member_id, rival.reason) for rival in found.rivals] == [
        (other.pk, "unionid_and_phone")
    ]


def test_two_records_of_one_person_are_one_hit():
    one, other = known(unionid="oZhou"), known(phone=PHONE)
    merge(one, other, evidence=Evidence.HEADQUARTERS, by="wangsi")
    assert identify(Facts(unionid="oZhou", phone=PHONE, phone_verified=True)).is_clear


def test_another_number_or_another_unionid_is_another_record():
    numbered = known(number="M1", phone=PHONE)
    found = identify(Facts(number="M2", phone=PHONE, phone_verified=True))
    assert (found.member_id, found.rivals[0].reason) == (None, "two_numbers")
    Member.objects.filter(pk=numbered.pk).update(number="", unionid_bidx=blind_index("oA"))
    found = identify(Facts(unionid="oB", phone=PHONE, phone_verified=True))
    assert (found.member_id, found.rivals[0].reason) == (None, "two_unionids")


@pytest.mark.parametrize(("stored", "given"), [(True, False), (False, True)])
def test_an_unproven_phone_joins_nobody(stored, given):
    member = make_member(phone=PHONE, phone_verified=stored)
    found = identify(Facts(phone=PHONE, phone_verified=given))
    assert found.member_id is None
    assert [(rival.member_id, rival.reason) for rival in found.rivals] == [
        (member.pk, "phone_unverified")
    ]


def test_the_same_bare_claim_twice_is_one_record():
    claim = make_member(phone=PHONE)
    assert identify(Facts(phone=PHONE)).member_id == claim.pk
    assert identify(Facts(phone=PHONE, unionid="oZhou")).member_id is None


def test_the_erased_are_hit_by_nothing():
    known(unionid="oZhou", erased_at=now())
    assert identify(Facts(unionid="oZhou")).member_id is None


def test_ids_that_the_member_system_names_are_evidence():
    member = known()
    make_contact(external_userid="wmOne", member=member)
    OfficialFollower.objects.create(
        account="青禾",
        openid="oA1",
        openid_bidx=blind_index("oA1"),
        followed_at=now(),
        member=member,
    )
    assert identify(Facts(external_userid="wmOne")).member_id == member.pk
    assert identify(Facts(openid="oA1")).member_id == member.pk


def test_a_thousand_are_identified_in_a_handful_of_queries(django_assert_max_num_queries):
    members = [known(number=f"M{n}", phone=f"+86138000{n:05d}") for n in range(30)]
    facts = [
        Facts(number=f"M{n}", phone=f"+86138000{n:05d}", unionid=f"o{n}", phone_verified=True)
        for n in range(1000)
    ]
    with django_assert_max_num_queries(3):
        found = identify_many(facts)
    assert [one.member_id for one in found[:30]] == [member.pk for member in members]
    assert all(one.member_id is None for one in found[30:])


# --- contacts -------------------------------------------------------------------------------------


def test_four_cases_of_a_new_friend():
    by_unionid, by_phone = known(unionid="oOne"), known(phone=PHONE)
    both_a, both_b = known(unionid="oBoth"), known(phone=OTHER_PHONE)
    first, second, third, fourth = scanned("oOne"), scanned(), scanned("oBoth"), scanned("oNew")
    identify_contact(first)
    identify_contact(second, phone=PHONE)
    identify_contact(third, phone=OTHER_PHONE)
    identify_contact(fourth, phone="+8613700000001")
    assert (first.member, second.member) == (by_unionid, by_phone)
    assert (third.member, fourth.member) == (None, None)
    assert open_candidates() == [(both_a.pk, both_b.pk, "unionid_and_phone")]
    assert MergeCandidate.objects.get().contact == third
    links = IdentityLink.objects.order_by("pk").values_list("contact", "member", "evidence")
    assert list(links) == [
        (first.pk, by_unionid.pk, Evidence.UNIONID),
        (second.pk, by_phone.pk, Evidence.PHONE),
    ]


def test_a_reading_joins_many_contacts_with_their_evidence(django_assert_max_num_queries):
    members = [known(unionid=f"o{n}") for n in range(20)]
    contacts = [scanned(f"o{n}") for n in range(25)]
    with django_assert_max_num_queries(6):
        assert link_contacts(contacts) == 20
    assert [contact.member_id for contact in contacts[:20]] == [one.pk for one in members]
    assert IdentityLink.objects.filter(evidence=Evidence.UNIONID, by="").count() == 20
    assert link_contacts(Contact.objects.all()) == 0


def test_a_contact_of_somebody_else_is_a_question_not_a_move():
    one, other = known(unionid="oZhou"), known(phone=PHONE)
    contact = scanned("oZhou", member=other)
    assert link_contacts([contact]) == 0
    contact.refresh_from_db()
    assert contact.member == other
    assert open_candidates() == [(one.pk, other.pk, "unionid_and_contact")]


def test_a_contact_is_joined_once_and_to_one():
    member, contact = known(), make_contact()
    first = join_contact(contact, member, evidence=Evidence.CUSTOMER)
    assert join_contact(contact, member, evidence=Evidence.CUSTOMER) == first
    with pytest.raises(AlreadyDecided):
        join_contact(contact, known(), evidence=Evidence.CUSTOMER)


def test_what_a_person_took_back_no_rule_joins_again():
    member, contact = known(unionid="oZhou"), scanned("oZhou")
    link_contacts([contact])
    undo(IdentityLink.objects.get(), by="wangsi", reason="认错了")
    contact = Contact.objects.get()
    assert contact.member is None
    assert link_contacts([contact]) == 0
    identify_contact(contact)
    assert Contact.objects.get().member is None
    assert member.contacts.count() == 0


# --- what the member system tells -----------------------------------------------------------------


def test_a_dormant_member_is_found_by_the_phone_and_takes_the_contact():
    dormant = save_member(name="沈若", phone=PHONE)
    contact = make_contact(external_userid="wmShen")
    told = save_member(phone=PHONE, external_userid="wmShen")
    contact.refresh_from_db()
    assert told == dormant
    assert contact.member == dormant
    assert IdentityLink.objects.get().evidence == Evidence.PHONE


def test_two_members_with_one_phone_are_a_question():
    one = save_member(number="M1", phone=PHONE)
    other = save_member(number="M2", phone=PHONE)
    assert one != other
    assert open_candidates() == [(one.pk, other.pk, "two_numbers")]
    save_member(number="M2", phone=PHONE)
    assert MergeCandidate.objects.count() == 1


def test_a_unionid_that_stands_elsewhere_is_not_taken():
    holder, other = save_member(unionid="oZhou"), save_member(number="M1")
    save_member(number="M1", unionid="oZhou")
    other.refresh_from_db()
    assert other.unionid_bidx == ""
    assert open_candidates() == [(holder.pk, other.pk, "number_and_unionid")]


def test_a_phone_has_its_tail_and_who_said_it():
    member = save_member(phone=PHONE)
    assert (member.phone_tail_bidx, member.phone_verified) == (blind_index("2046"), True)
    assert not save_member(phone=OTHER_PHONE, phone_verified=False).phone_verified


@pytest.mark.parametrize(
    ("kind", "value", "given"),
    [
        (Tombstone.Kind.PHONE, PHONE, {"phone": PHONE}),
        (Tombstone.Kind.UNIONID, "oGone", {"unionid": "oGone"}),
        (Tombstone.Kind.NUMBER, "M9", {"number": "M9"}),
    ],
)
def test_nobody_brings_the_erased_back(kind, value, given):
    Tombstone.objects.create(kind=kind, key=blind_index(value), at=now())
    with pytest.raises(PersonErased):
        save_member(**given)
    assert not Member.objects.exists()


# --- merging and taking it back -------------------------------------------------------------------


def everything_of(member: Member) -> dict[str, Any]:
    """What stands on one record: the row, purchases, sums, points, contacts and their tags."""
    member.refresh_from_db()
    return {
        "row": (member.same_as_id, member.name, member.phone, member.unionid_bidx),
        "orders": list(
            TimelineEvent.objects.filter(member=member).order_by("pk").values("key", "params")
        ),
        "sums": list(MemberValue.objects.filter(member=member).values("brand", "spend_fen")),
        "cards": list(MembershipCard.objects.filter(member=member).values("number", "points")),
        "contacts": list(member.contacts.order_by("pk").values_list("pk", flat=True)),
        "tags": list(
            TagMark.objects.filter(follow__contact__member=member)
            .order_by("pk")
            .values_list("tag", "removed_at")
        ),
    }


def a_whole_member(name: str, **facts: Any) -> Member:
    """With a card and points, a purchase, a contact, a follower and a tag."""
    member, store = known(name=name, **facts), make_store()
    open_card(
        member=member,
        brand=make_brand(),
        number=f"HY{name}",
        level="金卡",
        points=100 * member.pk,
        opened_at=now(),
    )
    record_purchase(
        member=member,
        order_no=f"QH{name}",
        lines=[PurchaseLine("K1", "开衫", "绿", "M", 1, 10_000 * member.pk)],
        store=store,
        at=now() - timedelta(days=3),
    )
    make_tag_mark(follow=make_follow(contact=make_contact(member=member)))
    return member


def test_an_undo_gives_both_sides_back_exactly_what_was_theirs():
    one, other = a_whole_member("甲", unionid="oZhou"), a_whole_member("乙", phone=PHONE)
    before = everything_of(one), everything_of(other)
    link = merge(one, other, evidence=Evidence.HEADQUARTERS, by="wangsi")
    assert link is not None
    assert person_ids(other.pk) == person_ids(one.pk) == [one.pk, other.pk]
    undo(link, by="wangsi", reason="两位顾客")
    assert (everything_of(one), everything_of(other)) == before
    assert (person_ids(one.pk), person_ids(other.pk)) == ([one.pk], [other.pk])
    assert AuditEntry.objects.get(action="identity.undo").reason == "两位顾客"


def test_a_merge_of_merged_ones_never_makes_a_chain():
    a, b, c, d = (known() for _ in range(4))
    merge(a, b, evidence="hq")
    merge(c, d, evidence="hq")
    merge(d, b, evidence="hq")
    assert person_ids(d.pk) == [a.pk, b.pk, c.pk, d.pk]
    assert set(Member.objects.exclude(pk=a.pk).values_list("same_as", flat=True)) == {a.pk}
    assert merge(c, a, evidence="hq") is None


@pytest.mark.parametrize("inner_first", [True, False])
def test_undo_in_either_order(inner_first):
    a, b, c, d = (known() for _ in range(4))
    merge(a, b, evidence="hq")
    inner = merge(c, d, evidence="hq")
    outer = merge(a, c, evidence="hq")
    assert inner is not None
    assert outer is not None
    assert outer.moved == [d.pk]
    if inner_first:
        undo(inner, by="wangsi")
        assert person_ids(d.pk) == [d.pk]
        assert person_ids(c.pk) == [a.pk, b.pk, c.pk]
        undo(outer, by="wangsi")
    else:
        undo(outer, by="wangsi")
        assert person_ids(d.pk) == [c.pk, d.pk]
        undo(inner, by="wangsi")
    assert person_ids(a.pk) == [a.pk, b.pk]
    assert (person_ids(c.pk), person_ids(d.pk)) == ([c.pk], [d.pk])


def test_an_undo_is_done_once():
    link = merge(known(), known(), evidence="hq")
    assert link is not None
    undo(link, by="wangsi")
    with pytest.raises(AlreadyDecided):
        undo(link, by="wangsi")


def test_the_erased_are_merged_with_nobody():
    with pytest.raises(PersonErased):
        merge(known(), known(erased_at=now()), evidence="hq")


def test_headquarters_decides_a_candidate_once():
    one, other = known(), known()
    queue_candidates([(other.pk, one.pk, "two_numbers")])
    candidate = MergeCandidate.objects.get()
    merge_candidate(candidate, by="wangsi", reason="同一位")
    candidate.refresh_from_db()
    assert (candidate.state, candidate.decided_by) == (MergeCandidate.State.MERGED, "wangsi")
    assert IdentityLink.objects.get().evidence == Evidence.HEADQUARTERS
    with pytest.raises(AlreadyDecided):
        keep_apart(candidate, by="wangsi")


def test_what_was_kept_apart_or_taken_back_is_not_asked_again():
    one, other = known(), known()
    queue_candidates([(one.pk, other.pk, "two_numbers")])
    keep_apart(MergeCandidate.objects.get(), by="wangsi", reason="母女")
    queue_candidates([(one.pk, other.pk, "same_phone")])
    assert open_candidates() == []
    MergeCandidate.objects.update(state=MergeCandidate.State.OPEN)
    link = merge(one, other, evidence="customer")
    assert MergeCandidate.objects.get().state == MergeCandidate.State.MERGED
    assert link is not None
    undo(link, by="wangsi")
    assert MergeCandidate.objects.get().state == MergeCandidate.State.APART


# --- followers of official accounts ---------------------------------------------------------------


def test_followers_find_their_member_and_an_undo_leaves_them_there():
    one, other = known(unionid="oZhou"), known(phone=PHONE)
    follower = OfficialFollower.objects.create(
        account="青禾",
        openid="oA1",
        openid_bidx=blind_index("oA1"),
        unionid="oZhou",
        unionid_bidx=blind_index("oZhou"),
        followed_at=now() - timedelta(days=300),
    )
    assert link_followers([follower]) == 1
    link = merge(one, other, evidence="hq")
    of_person = OfficialFollower.objects.filter(member__in=person_ids(other.pk))
    assert list(of_person) == [follower]
    assert link is not None
    undo(link, by="wangsi")
    assert not OfficialFollower.objects.filter(member__in=person_ids(other.pk)).exists()
    assert list(OfficialFollower.objects.filter(member__in=person_ids(one.pk))) == [follower]


def test_a_member_takes_the_followers_that_came_first():
    OfficialFollower.objects.create(
        account="青禾",
        openid="oA1",
        openid_bidx=blind_index("oA1"),
        unionid="oZhou",
        unionid_bidx=blind_index("oZhou"),
        followed_at=now(),
    )
    member = save_member(unionid="oZhou")
    assert OfficialFollower.objects.get().member == member


def test_merging_the_same_two_twice_is_one_person(django_assert_max_num_queries):
    one, other = known(), known()
    merge(one, other, evidence="hq")
    assert merge(other, one, evidence="hq") is None
    assert IdentityLink.objects.count() == 1
    with django_assert_max_num_queries(1):
        person_ids(one.pk)
