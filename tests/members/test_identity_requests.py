"""请 TA 确认: only the customer's own word joins a card that a guide proposed."""

from datetime import timedelta

import pytest

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.errors import PhoneDiffers, PhoneRefused, QuestionOver
from guideapp.members.models import (
    Contact,
    Evidence,
    IdentityLink,
    IdentityRequest,
    Member,
    MergeCandidate,
)
from guideapp.members.services import (
    ask_customer,
    confirm,
    find_cards,
    open_card,
    open_question,
    person_ids,
    question_payload,
    questions_of,
    refuse,
    save_member,
)
from guideapp.members.services.identity_requests import is_with_headquarters
from tests.factories import make_brand, make_contact, make_follow, make_guide, make_member

pytestmark = pytest.mark.django_db
PHONE = "+8613800005519"


@pytest.fixture
def member() -> Member:
    """A member with a silver card of the usual brand."""
    found = save_member(name="沈若", phone=PHONE)
    open_card(member=found, brand=make_brand(), number="HY1", level="银卡", opened_at=now())
    return found


@pytest.fixture
def asked(member: Member) -> IdentityRequest:
    """A guide asked their customer about that card."""
    follow = make_follow()
    return ask_customer(contact=follow.contact, member=member, guide=follow.guide)


def test_a_card_is_found_by_the_whole_number_in_the_guides_brand_only(member):
    found = find_cards("138 0000 5519", brand=make_brand())
    assert [(card.member_id, card.tail, card.level) for card in found] == [
        (member.pk, "5519", "银卡")
    ]
    assert find_cards("138 0000 5518", brand=make_brand()) == []
    assert find_cards("13800005519", brand=make_brand(name="别家")) == []
    with pytest.raises(PhoneRefused):
        find_cards("5519", brand=make_brand())


def test_the_right_number_joins(asked, member):
    assert confirm(asked.token, "138-0000-5519").state == IdentityRequest.State.CONFIRMED
    assert Contact.objects.get(pk=asked.contact_id).member == member
    assert IdentityLink.objects.get().evidence == Evidence.CUSTOMER
    with pytest.raises(QuestionOver):
        confirm(asked.token, PHONE)


def test_a_customer_who_is_another_record_becomes_one_person_with_it(member):
    own = make_member()
    contact = make_contact(member=own)
    asked = ask_customer(contact=contact, member=member, guide=make_guide())
    confirm(asked.token, PHONE)
    assert person_ids(own.pk) == [member.pk, own.pk]
    contact.refresh_from_db()
    assert contact.member == own  # a merge rewrites nothing


def with_unionid(unionid: str) -> dict[str, str]:
    """The fields of a contact or a member that WeChat knows as this person."""
    return {"unionid": unionid, "unionid_bidx": blind_index(unionid)}


@pytest.mark.parametrize("is_joined", [False, True])
def test_two_unionids_are_a_question_for_headquarters(member, is_joined):
    Member.objects.filter(pk=member.pk).update(**with_unionid("oExampleOther"))
    own = make_member(**with_unionid("oExampleOwn")) if is_joined else None
    contact = make_contact(member=own, **with_unionid("oExampleOwn"))
    asked = ask_customer(contact=contact, member=member, guide=make_guide())
    asked = confirm(asked.token, PHONE)
    assert asked.state == IdentityRequest.State.CONFIRMED
    assert is_with_headquarters(asked)
    contact.refresh_from_db()
    assert own is None or contact.member == own
    assert person_ids(member.pk) == [member.pk]
    candidate = MergeCandidate.objects.get()
    assert candidate.reason == "customer_two_unionids"
    assert candidate.contact == contact
    assert {candidate.one_id, candidate.other_id} == {member.pk, contact.member_id}
    assert not IdentityLink.objects.filter(evidence=Evidence.CUSTOMER).exists()


def test_one_unionid_in_common_is_no_contradiction(member):
    root = make_member(**with_unionid("oExampleOwn"))
    Member.objects.filter(pk=member.pk).update(same_as=root, **with_unionid("oExampleSecond"))
    contact = make_contact(**with_unionid("oExampleOwn"))
    asked = ask_customer(contact=contact, member=member, guide=make_guide())
    assert not is_with_headquarters(confirm(asked.token, PHONE))
    assert not MergeCandidate.objects.exists()


def test_five_wrong_numbers_end_it(asked):
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(PhoneDiffers) as refusal:
            confirm(asked.token, "13900000000")
        assert refusal.value.left == left
    with pytest.raises(QuestionOver):
        confirm(asked.token, PHONE)
    asked.refresh_from_db()
    assert asked.state == IdentityRequest.State.EXPIRED
    assert Contact.objects.get(pk=asked.contact_id).member is None


def test_what_is_no_number_costs_no_try(asked):
    with pytest.raises(PhoneRefused):
        confirm(asked.token, "不知道")
    asked.refresh_from_db()
    assert asked.tries == 0


def test_three_days_and_it_is_over(asked):
    IdentityRequest.objects.update(expires_at=now() - timedelta(seconds=1))
    with pytest.raises(QuestionOver):
        confirm(asked.token, PHONE)


def test_the_customer_may_say_no(asked):
    refuse(asked.token)
    assert questions_of([asked.contact_id])[asked.contact_id].state == "refused"
    with pytest.raises(QuestionOver):
        confirm(asked.token, PHONE)


def test_asking_again_is_the_same_question_and_another_card_takes_its_place(asked, member):
    contact, guide = asked.contact, asked.guide
    assert ask_customer(contact=contact, member=member, guide=guide) == asked
    other = ask_customer(contact=contact, member=make_member(phone=PHONE), guide=guide)
    asked.refresh_from_db()
    assert other != asked
    assert asked.state == IdentityRequest.State.EXPIRED


def test_opening_is_kept_once_and_nobody_else_has_the_token(asked):
    assert open_question("x" * 22) is None
    assert open_question(asked.token) is not None
    opened = IdentityRequest.objects.get().opened_at
    open_question(asked.token)
    assert IdentityRequest.objects.get().opened_at == opened
    assert len(asked.token) == 22


def test_the_message_names_nobody(asked):
    payload = question_payload(link="https://x/c/1/", picture="https://x/p.png")
    assert payload["msgtype"] == "news"
    assert payload["news"]["link"] == "https://x/c/1/"
    assert "5519" not in str(payload)
