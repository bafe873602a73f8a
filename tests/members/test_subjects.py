"""Whom an export or an erasure is about: everybody who can be named, with all that is theirs."""

from datetime import timedelta

import pytest

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import Contact, OfficialFollower, Tombstone
from guideapp.members.services import (
    ask_erasure,
    erase_lost,
    export_subject,
    find_subjects,
    is_erased,
    save_followers,
    subject_of,
)
from tests.factories import make_contact, make_follow, make_guide, make_job, make_member

pytestmark = pytest.mark.django_db
FAN = {"account": "青禾", "openid": "oFan1", "unionid": "oU1"}


def follow_account(**kw):
    """Somebody follows the official account, as the member system tells it."""
    save_followers([FAN | {"followed_at": now()} | kw], source="CRM", brands=None)
    return OfficialFollower.objects.get(openid_bidx=blind_index(kw.get("openid", FAN["openid"])))


def with_unionid(**kw):
    return make_contact(unionid="oU1", unionid_bidx=blind_index("oU1"), **kw)


def erase(subject):
    ask_erasure(subject, by="wangsi", reason="工单 7")
    run_due()


def test_who_only_follows_an_account_is_found_handed_out_and_erased():
    fan = follow_account(unionid="")
    (subject,) = find_subjects("oFan1")
    assert (subject.key, subject.log_key) == (f"f-{fan.pk}", f"follower:{fan.pk}")
    data = export_subject(subject, by=make_guide(), reason="工单 7")
    assert data["tables"]["members.OfficialFollower"]["rows"][0]["openid"] == "oFan1"
    erase(subject)
    assert not OfficialFollower.objects.exists()
    assert is_erased(Tombstone.Kind.OPENID, "oFan1")
    assert (find_subjects("oFan1"), subject_of(subject.key)) == ([], None)


@pytest.mark.parametrize("asked", ["oFan1", "oFan2", "oU1"])
def test_two_accounts_of_one_wechat_are_one_person(asked):
    for openid in ("oFan1", "oFan2"):
        follow_account(openid=openid)
    (subject,) = find_subjects(asked)
    erase(subject)
    assert not OfficialFollower.objects.exists()


def test_a_customer_without_a_member_is_handed_out_and_erased_with_the_account_they_follow():
    contact = with_unionid()
    follow_account()
    (subject,) = find_subjects("oU1")
    assert subject.key == f"c-{contact.pk}"
    data = export_subject(subject, by=make_guide(), reason="工单 7")
    assert "members.OfficialFollower" in data["tables"]
    erase(subject)
    assert not OfficialFollower.objects.exists()


def test_a_follower_who_is_known_by_the_unionid_of_the_members_wechat_alone_is_theirs():
    member = make_member()
    with_unionid(member=member)
    follow_account()
    assert OfficialFollower.objects.get().member is None
    (subject,) = find_subjects("oFan1")
    assert subject.members == (member,)
    erase(subject)
    assert not OfficialFollower.objects.exists()


def test_who_shares_a_phone_number_is_listed_to_choose_from():
    rows = [make_member(number=number, phone="+8613800002046") for number in ("A1", "B1")]
    assert [found.key for found in find_subjects("138 0000 2046")] == [f"m-{r.pk}" for r in rows]
    assert [found.key for found in find_subjects("B1")] == [f"m-{rows[1].pk}"]


def test_several_records_of_one_person_are_one_hit():
    root = make_member(phone="+8613800002046")
    make_member(phone="+8613800002046", same_as=root)
    assert [found.key for found in find_subjects("13800002046")] == [f"m-{root.pk}"]


def test_whom_a_job_is_at_work_on_is_forgotten_another_night():
    old = now() - timedelta(days=800)
    rows = [
        make_follow(contact=make_contact(name=name), ended_at=old, end_reason="by_customer").contact
        for name in ("一", "二", "三")
    ]
    Contact.objects.update(created_at=old)
    make_job(args=[rows[1].external_userid], state=Job.State.RUNNING, lease_until=now())
    assert erase_lost(now() - timedelta(days=730)) == 2
    assert list(Contact.objects.filter(erased_at=None)) == [rows[1]]


@pytest.mark.parametrize("lost", [1, 40])
def test_many_are_forgotten_with_as_few_searches_as_one(lost, django_assert_max_num_queries):
    old = now() - timedelta(days=800)
    for _one in range(lost):
        make_follow(contact=make_contact(), ended_at=old, end_reason="by_customer")
    Contact.objects.update(created_at=old)
    with django_assert_max_num_queries(60):
        assert erase_lost(now() - timedelta(days=730)) == lost


def test_who_is_forgotten_by_us_goes_on_following_the_account():
    old = now() - timedelta(days=800)
    make_follow(contact=with_unionid(), ended_at=old, end_reason="by_customer")
    Contact.objects.update(created_at=old)
    follow_account()
    assert erase_lost(now() - timedelta(days=730)) == 1
    assert OfficialFollower.objects.exists()
