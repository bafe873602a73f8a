"""An erased person is gone from every table, and stays gone."""

from datetime import timedelta

import pytest

from guideapp.attribution.models import Order, OrderLine, Refund
from guideapp.core import personal
from guideapp.core.clock import now
from guideapp.core.errors import GuideAppError
from guideapp.core.fields import blind_index
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry, Job
from guideapp.core.personal import About, tables
from guideapp.members.errors import AlreadyErased, PersonErased
from guideapp.members.models import (
    Consent,
    Contact,
    FollowRelation,
    Member,
    Suggestion,
    TimelineEvent,
    Tombstone,
)
from guideapp.members.services import (
    ask_erasure,
    erase_lost,
    erase_returned,
    erased_keys,
    export_subject,
    find_subjects,
    is_erased,
    save_member,
    subject_of,
    sync_contact,
    sync_contacts_of,
)
from guideapp.members.services.tombstones import lift
from guideapp.wecom.models import CallbackEvent, OutboxCall
from tests.factories import make_contact, make_follow, make_guide, make_job, make_member
from tests.personal_support import (
    CARD,
    EXTERNAL,
    NUMBER,
    OPENID,
    PHONE,
    UNIONID,
    left_of_person,
    make_whole_person,
)

pytestmark = pytest.mark.django_db


def erase(whole):
    ask_erasure(whole.subject, by="wangsi", reason="工单 7")
    run_due()


def test_the_person_of_this_file_is_in_every_table_about_customers():
    person = make_whole_person().subject.person
    without = [
        one.model._meta.label
        for one in tables()
        if one.about is About.CUSTOMER and not one.rows(person).exists()
    ]
    assert without == []


def test_nothing_names_an_erased_person_in_any_table():
    whole = make_whole_person()
    assert left_of_person()
    erase(whole)
    assert left_of_person() == []
    assert AuditEntry.objects.get(action="privacy.erased").detail["rows"] > 20


def test_what_is_counted_stays_under_a_pseudonym():
    whole = make_whole_person()
    erase(whole)
    assert Order.objects.get(pk=whole.order.pk).member.erased_at
    assert OrderLine.objects.get().title == "大衣"
    assert Refund.objects.get().amount_fen == 100
    event = TimelineEvent.objects.get(kind="purchase")
    assert (event.params, event.store_id) == ({}, whole.follow.guide.store_id)
    assert Suggestion.objects.get().state == Suggestion.State.WITHDRAWN
    assert Consent.objects.get().withdrawn_at
    follow = FollowRelation.objects.get(pk=whole.follow.pk)
    assert (follow.end_reason, bool(follow.ended_at)) == ("erased", True)


def test_what_waits_to_go_out_about_the_person_does_not_go_out():
    whole = make_whole_person()
    erase(whole)
    assert OutboxCall.objects.get().state == OutboxCall.State.DROPPED
    assert EXTERNAL not in str(list(Job.objects.values_list("args", "dedupe_key")))
    assert CallbackEvent.objects.get().fields == {}


def test_the_files_of_imports_that_are_over_go():
    whole = make_whole_person()
    storage, name = whole.run.file.storage, whole.run.file.name
    assert storage.exists(name)
    erase(whole)
    whole.run.refresh_from_db()
    assert (storage.exists(name), whole.run.file.name) == (False, "")


def test_rows_of_other_people_stay_as_they_are():
    whole = make_whole_person()
    other = make_member(name="顾北", phone="+8613900000001", unionid="oOther")
    contact = make_contact(name="北", member=other)
    erase(whole)
    assert Member.objects.get(pk=other.pk).phone == "+8613900000001"
    assert Contact.objects.get(pk=contact.pk).name == "北"
    assert Member.objects.filter(name="somebody else", erased_at=None).exists()


def test_tombstones_stand_before_the_job_has_run():
    whole = make_whole_person()
    ask_erasure(whole.subject, by="wangsi", reason="工单 7")
    kinds = Tombstone.Kind
    keys = {
        kinds.PHONE: PHONE,
        kinds.UNIONID: UNIONID,
        kinds.NUMBER: NUMBER,
        kinds.CARD: CARD,
        kinds.EXTERNAL_USERID: EXTERNAL,
        kinds.OPENID: OPENID,
    }
    assert [kind for kind, value in keys.items() if not is_erased(kind, value)] == []
    assert erased_keys(kinds.PHONE, [PHONE, "+8613900000001", ""]) == {PHONE}
    assert Member.objects.get(pk=whole.member.pk).name == "CANARY"


def test_an_erasure_waits_for_a_job_that_is_at_work_on_the_person():
    whole = make_whole_person()
    make_job(args=[EXTERNAL], state="running", lease_until=now() + timedelta(minutes=1))
    with pytest.raises(GuideAppError) as refused:
        personal.erase(whole.subject.person)
    assert refused.value.code == "person_busy"
    assert refused.value.rest_seconds


def test_a_second_erasure_is_refused_and_a_second_run_does_nothing():
    whole = make_whole_person()
    erase(whole)
    with pytest.raises(AlreadyErased):
        ask_erasure(whole.subject, by="wangsi", reason="工单 8")
    assert AuditEntry.objects.filter(action="privacy.erased").count() == 1


def test_a_contact_who_is_no_member_is_erased_too():
    follow = make_follow(contact=make_contact(external_userid=EXTERNAL, name="CANARY"))
    subject = subject_of(f"c-{follow.contact_id}")
    ask_erasure(subject, by="wangsi", reason="工单 9")
    run_due()
    assert left_of_person() == []
    assert find_subjects(EXTERNAL) == []


@pytest.mark.parametrize("asked", ["139 7777 6666", NUMBER, CARD, EXTERNAL, UNIONID, OPENID])
def test_a_person_is_found_by_what_is_theirs_alone(asked):
    whole = make_whole_person()
    assert [found.key for found in find_subjects(asked)] == [f"m-{whole.member.pk}"]


@pytest.mark.parametrize("asked", ["", "CANARY", "6666", "m-1", "1397777666"])
def test_nobody_is_found_by_less(asked):
    make_whole_person()
    assert find_subjects(asked) == []


def test_a_member_system_does_not_bring_the_person_back():
    erase(make_whole_person())
    for given in ({"phone": PHONE}, {"unionid": UNIONID}, {"number": NUMBER}):
        with pytest.raises(PersonErased):
            save_member(name="CANARY", **given)
    assert left_of_person() == []


def test_a_new_consent_lifts_the_tombstone():
    erase(make_whole_person())
    assert lift([(Tombstone.Kind.PHONE, PHONE)]) == Tombstone.objects.count()
    assert not Tombstone.objects.filter(lifted_at=None).exists()
    assert save_member(name="晚晴", phone=PHONE, unionid=UNIONID).erased_at is None


def test_who_a_late_sync_has_written_is_erased_again():
    erase(make_whole_person())
    make_contact(external_userid=EXTERNAL, name="CANARY")
    make_member(name="CANARY", phone=PHONE)
    bystander = make_contact(name="一禾")
    assert erase_returned() == 2
    assert left_of_person() == []
    bystander.refresh_from_db()
    assert bystander.erased_at is None


def test_customers_whom_nobody_has_followed_for_long_are_forgotten_without_a_tombstone():
    old = now() - timedelta(days=800)
    lost = make_follow(contact=make_contact(name="CANARY"), ended_at=old, end_reason="by_customer")
    kept = make_follow(contact=make_contact(name="一禾"))
    member = make_follow(contact=make_contact(name="北", member=make_member()), ended_at=old)
    Contact.objects.update(created_at=old)
    assert erase_lost(now() - timedelta(days=730)) == 1
    lost.contact.refresh_from_db()
    assert lost.contact.erased_at
    assert not Contact.objects.filter(
        pk__in=[kept.contact_id, member.contact_id], erased_at__isnull=False
    )
    assert not Tombstone.objects.exists()


def test_an_export_holds_every_personal_value_and_no_secret():
    whole = make_whole_person()
    officer = make_guide(userid="wangsi")
    data = export_subject(whole.subject, by=officer, reason="工单 7")
    told = str(data)
    missing = [key for key in (PHONE, UNIONID, NUMBER, CARD, EXTERNAL, OPENID) if key not in told]
    assert missing == []
    assert "CANARY 喜欢驼色" in told
    assert "somebody else" not in told
    assert blind_index(PHONE) not in told
    assert data["tables"]["core.AccessLog"]["rows"][0]["actor_id"] == "林小满"
    expected = {
        one.model._meta.label for one in tables() if one.about is About.CUSTOMER and not one.untold
    }
    assert set(data["tables"]) == expected


def test_an_export_counts_against_the_day(settings):
    settings.SUBJECT_EXPORTS_PER_DAY = 1
    whole, officer = make_whole_person(), make_guide()
    export_subject(whole.subject, by=officer, reason="工单 7")
    with pytest.raises(GuideAppError) as refused:
        export_subject(whole.subject, by=officer, reason="工单 8")
    assert refused.value.status == 429


def test_a_synced_erased_person_stays_erased(company, relation, happen):
    linxm = "linxm"
    sync_contacts_of([linxm])
    zhou = company.customer("zhou")
    contact = Contact.objects.get(external_userid=zhou)
    ask_erasure(subject_of(f"c-{contact.pk}"), by="wangsi", reason="工单 7")
    run_due()
    before = Contact.objects.count()
    sync_contacts_of([linxm])
    with pytest.raises(PersonErased):
        sync_contact(zhou)
    happen("edit_external_contact", userid=linxm, external_userid=zhou, remark="周晚晴")
    assert Contact.objects.count() == before
    assert not Contact.objects.filter(external_userid=zhou).exists()
    assert not FollowRelation.objects.filter(remark="周晚晴").exists()
