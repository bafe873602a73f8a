"""The pages about who is one person: headquarters', the guide's, the customer's."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from guideapp.core import limits
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.models import AccessLog, AuditEntry
from guideapp.members.models import IdentityRequest, MergeCandidate, Tombstone
from guideapp.members.services import ask_customer, join_token, open_card, save_member
from guideapp.organisation.models import Role
from tests.conftest import GuideClient
from tests.factories import (
    make_brand,
    make_candidate,
    make_follow,
    make_guide,
    make_identity_link,
    make_member,
    make_store,
)
from tests.members.test_memberships import Sent

pytestmark = pytest.mark.django_db
PHONE = "13800005519"


@pytest.fixture
def admin() -> GuideClient:
    """Headquarters, just scanned."""
    return GuideClient(make_guide(roles=(Role.HQ_ADMIN,)))


@pytest.fixture
def follow():
    """A guide's customer without a card."""
    limits.reset()
    return make_follow()


def with_card(phone: str = PHONE):
    """A member with a silver card of the usual brand."""
    member = save_member(name="沈若", phone=phone)
    open_card(member=member, brand=make_brand(), number="HY1", level="银卡", opened_at=now())
    return member


# --- headquarters ---------------------------------------------------------------------------------


def test_the_queue_is_masked_and_costs_five_queries_at_most(admin, django_assert_max_num_queries):
    for _n in range(5):
        make_candidate(one=make_member(name="周晚晴", phone="+8613800002046"))
    address = reverse("workbench:identity")
    admin.get(address)
    with django_assert_max_num_queries(5):
        text = admin.get(address).content.decode()
    assert "周*晴" in text
    assert "138****2046" in text
    assert "周晚晴" not in text
    assert "13800002046" not in text


def test_both_sides_are_compared_and_the_look_is_kept(admin, django_assert_max_num_queries):
    one = make_member(name="周晚晴", phone="+8613800002046", number="M11112222")
    other = make_member(name="周晚晴", phone="+8613900002046", number="M33334444")
    candidate = make_candidate(one=one, other=other)
    address = reverse("workbench:identity_candidate", args=[candidate.pk])
    with django_assert_max_num_queries(16):
        text = admin.get(address).content.decode()
    assert "相同" in text
    assert "不同" in text
    assert "M1****2222" in text
    assert "周晚晴" not in text
    assert AccessLog.objects.filter(screen="identity").count() == 2


def test_a_decision_needs_a_reason_and_is_made_once(admin):
    candidate = make_candidate()
    address = reverse("workbench:identity_apart", args=[candidate.pk])
    assert admin.post(address, {"reason": ""}).status_code == 422
    assert admin.post(address, {"reason": "母女"}).status_code == 302
    assert admin.post(address, {"reason": "母女"}).status_code == 409
    assert MergeCandidate.objects.get().state == MergeCandidate.State.APART


def test_a_joining_is_taken_back_with_a_reason(admin):
    link = make_identity_link()
    page = admin.get(reverse("workbench:identity_link", args=[link.pk])).content.decode()
    assert "同一个微信身份" in page
    admin.post(reverse("workbench:identity_undo", args=[link.pk]), {"reason": "认错了"})
    link.refresh_from_db()
    link.contact.refresh_from_db()
    assert link.undone_at is not None
    assert link.contact.member is None


@pytest.mark.parametrize("name", ["identity", "identity_links", "join_codes"])
def test_empty_lists_say_so(admin, name):
    assert admin.get(reverse(f"workbench:{name}")).status_code == 200


def test_the_codes_of_a_malls_stores(admin):
    make_store(name="星河里店", mall=make_brand(name="天汇广场", is_mall=True))
    make_store(name="街边店")
    text = admin.get(reverse("workbench:join_codes")).content.decode()
    assert "星河里店" in text
    assert "街边店" not in text
    assert "<svg" in text


# --- the guide ------------------------------------------------------------------------------------


def test_a_look_up_shows_four_digits_and_no_name(follow):
    with_card()
    client = GuideClient(follow.guide)
    text = client.post(
        reverse("workbench:claim_find", args=[follow.pk]), {"phone": PHONE}
    ).content.decode()
    assert "5519" in text
    assert PHONE not in text
    assert "沈若" not in text
    assert AuditEntry.objects.get(action="identity.lookup").detail == {"found": 1}


def test_only_a_card_that_was_found_can_be_asked_for(follow):
    member = with_card()
    client = GuideClient(follow.guide)
    address = reverse("workbench:claim_ask", args=[follow.pk])
    assert client.post(address, {"card": str(member.pk)}).status_code == 422
    assert not IdentityRequest.objects.exists()


def test_look_ups_are_counted(follow, settings):
    settings.CARD_LOOKUPS_PER_HOUR = 1
    client = GuideClient(follow.guide)
    address = reverse("workbench:claim_find", args=[follow.pk])
    assert client.post(address, {"phone": PHONE}).status_code == 200
    assert client.post(address, {"phone": PHONE}).status_code == 429


def test_a_strangers_card_offers_the_look_up_and_shows_how_the_question_stands(follow):
    client = GuideClient(follow.guide)
    address = reverse("workbench:sidebar_customer", args=[follow.contact.external_userid])
    assert "用手机号查会员卡" in client.get(address).content.decode()
    ask_customer(contact=follow.contact, member=with_card(), guide=follow.guide)
    text = client.get(address).content.decode()
    assert "等 TA 确认" in text
    assert "沈若" not in text


# --- the customer ---------------------------------------------------------------------------------


@pytest.fixture
def question(follow) -> IdentityRequest:
    """A question under way."""
    return IdentityRequest.objects.create(
        token="a" * 22,
        contact=follow.contact,
        member=with_card(),
        guide=follow.guide,
        expires_at=now() + timedelta(days=3),
    )


def test_the_customers_page_needs_no_login_and_says_nothing(question):
    page = Client().get(reverse("workbench:confirm", args=[question.token]))
    assert page.status_code == 200
    assert page["Cache-Control"] == "private, no-store"
    for secret in ("5519", "沈若", "银卡", "HY1"):
        assert secret not in page.content.decode()


def test_the_right_number_is_the_answer(question):
    address = reverse("workbench:confirm", args=[question.token])
    assert Client().post(address, {"phone": "13900000000"}).status_code == 422
    assert Client().post(address, {"phone": PHONE}).status_code == 302
    assert "已确认" in Client().get(address).content.decode()


def test_no_is_an_answer_too(question):
    Client().post(reverse("workbench:confirm_refuse", args=[question.token]))
    assert IdentityRequest.objects.get().state == IdentityRequest.State.REFUSED


@pytest.mark.parametrize("name", ["confirm", "confirm_refuse"])
def test_a_token_that_is_none_is_nothing(db, name):
    address = reverse(f"workbench:{name}", args=["z" * 22])
    assert Client().post(address).status_code == 404


def test_a_code_that_is_none_is_nothing(db):
    assert Client().get(reverse("workbench:join", args=["1~x"])).status_code == 404


def test_with_codes_the_number_is_proven_before_it_counts(db, settings):
    limits.reset()
    Sent.box.clear()
    settings.PHONE_CODE_SENDER = "tests.members.test_memberships.Sent"
    known = save_member(name="周晚晴", phone="13800002046")
    store = make_store(mall=make_brand(name="天汇广场", is_mall=True))
    address = reverse("workbench:join", args=[join_token(store)])
    given = {"phone": "13800002046", "agreed": "1"}
    page = Client().post(address, given)
    proof = page.context["proof"]
    assert not known.cards.exists()
    wrong = Client().post(address, given | {"proof": proof, "code": "x"})
    assert wrong.status_code == 422
    done = Client().post(address, given | {"proof": proof, "code": Sent.box[0][1]})
    assert "会员卡开好了" in done.content.decode()
    assert known.cards.count() == 2


def test_a_typed_number_of_an_erased_person_is_sent_to_the_desk(db):
    limits.reset()
    kind = Tombstone.Kind.PHONE
    Tombstone.objects.create(kind=kind, key=blind_index("+8613800002046"), at=now())
    address = reverse("workbench:join", args=[join_token(make_store())])
    page = Client().post(address, {"phone": "13800002046", "agreed": "1"})
    assert page.status_code == 422
    assert "请到门店服务台办理" in page.content.decode()
    assert "删除" not in page.content.decode()
    assert Tombstone.objects.get().lifted_at is None


def test_two_unionids_are_told_as_being_checked(question, admin):
    for unionid, row in (("oExampleA", question.contact), ("oExampleB", question.member)):
        row.unionid, row.unionid_bidx = unionid, blind_index(unionid)
        row.save()
    address = reverse("workbench:confirm", args=[question.token])
    text = Client().post(address, {"phone": PHONE}, follow=True).content.decode()
    assert "还要核对一下" in text
    assert "会员卡接上了" not in text
    assert "但微信身份不同" in admin.get(reverse("workbench:identity")).content.decode()
