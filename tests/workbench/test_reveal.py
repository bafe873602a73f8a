"""The whole phone number: one POST with a reason, counted and on the record, nowhere else."""

import pytest
from django.urls import reverse

from guideapp.core.audit import record_access
from guideapp.core.clock import now
from guideapp.core.models import AccessLog, AuditEntry
from guideapp.organisation.models import Role
from tests.conftest import GuideClient
from tests.factories import (
    make_brand,
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
)

PHONE = "+8613977776666"
WHOLE = "13977776666"


@pytest.fixture
def follow(db):
    member = make_member(phone=PHONE)
    make_card(member=member)
    return make_follow(contact=make_contact(name="晚晴", member=member))


def reveal(client, follow, reason="call", **headers):
    address = reverse("workbench:reveal_now", args=[follow.pk])
    return client.post(address, {"reason": reason}, headers=headers)


def test_a_reason_shows_the_number_and_stands_in_the_audit_log(follow):
    client = GuideClient(follow.guide)
    answer = reveal(client, follow, **{"HX-Request": "true"})
    assert WHOLE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert WHOLE not in str(answer.headers)
    row = AuditEntry.objects.get(action="phone.reveal")
    assert (row.actor, row.subject) == (follow.guide.userid, f"contact:{follow.contact_id}")
    assert (row.reason, row.detail) == ("call", {"screen": "card"})


def test_the_sheet_and_the_page_do_not_hold_it(follow):
    client = GuideClient(follow.guide)
    for name in ("workbench:reveal", "workbench:customer"):
        assert WHOLE not in client.get(reverse(name, args=[follow.pk])).content.decode()
    assert WHOLE not in client.get("/g/accesses/").content.decode()


def test_without_a_reason_there_is_no_number(follow):
    for reason in ("", "curious"):
        answer = reveal(GuideClient(follow.guide), follow, reason)
        assert (answer.status_code, WHOLE in answer.content.decode()) == (422, False)
    assert not AuditEntry.objects.filter(action="phone.reveal").exists()


@pytest.mark.parametrize(
    ("role", "setting"),
    [(Role.GUIDE, "REVEALS_PER_DAY_GUIDE"), (Role.STORE_MANAGER, "REVEALS_PER_DAY_MANAGER")],
)
def test_a_day_has_a_limit_by_role(follow, settings, role, setting):
    person = follow.guide
    if role == Role.STORE_MANAGER:
        person = make_guide(store=follow.guide.store, roles=(role,))
    setattr(settings, setting, 2)
    client = GuideClient(person)
    assert [reveal(client, follow).status_code for _time in range(3)] == [200, 200, 429]
    assert AuditEntry.objects.filter(action="phone.reveal").count() == 2


@pytest.mark.parametrize(
    ("brand", "closed_at"), [({"name": "天汇广场", "is_mall": True}, None), ({}, now())]
)
def test_a_brands_guide_does_not_get_the_number_of_who_holds_no_card_there(db, brand, closed_at):
    member = make_member(phone=PHONE)
    make_card(member=member, brand=make_brand(**brand), closed_at=closed_at)
    follow = make_follow(contact=make_contact(member=member))
    answer = reveal(GuideClient(follow.guide), follow)
    assert (answer.status_code, WHOLE in answer.content.decode()) == (409, False)
    assert not AuditEntry.objects.filter(action="phone.reveal").exists()


def test_a_card_on_any_record_of_the_person_will_do(db):
    member = make_member(phone=PHONE)
    make_card(member=make_member(same_as=member))
    follow = make_follow(contact=make_contact(member=member))
    assert WHOLE in reveal(GuideClient(follow.guide), follow).content.decode()


def test_the_customer_can_be_told_who_saw_the_number(follow):
    reveal(GuideClient(follow.guide), follow)
    row = AccessLog.objects.get(screen="phone")
    assert (row.actor_id, row.subject) == (follow.guide.pk, f"contact:{follow.contact_id}")
    assert "看了完整手机号" in GuideClient(follow.guide).get("/g/accesses/").content.decode()


def test_somebody_else_s_customer_is_unknown(follow):
    answer = reveal(GuideClient(make_guide()), follow)
    assert answer.status_code == 404
    assert AuditEntry.objects.filter(action="refused").exists()


def test_a_customer_without_a_number_costs_nothing(db):
    follow = make_follow()
    assert reveal(GuideClient(follow.guide), follow).status_code == 409
    assert not AuditEntry.objects.filter(action="phone.reveal").exists()


def test_a_person_sees_their_own_reads_and_nobody_else_s(follow):
    for guide in (follow.guide, make_guide()):
        subject = f"contact:{follow.contact_id}"
        record_access(actor_id=guide.pk, subject=subject, screen="sidebar")
    page = GuideClient(follow.guide).get("/g/accesses/").content.decode()
    assert page.count("晚晴") == 1
