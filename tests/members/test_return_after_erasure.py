"""Who was erased stays away until they consent anew; who shares a phone with them is left alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import transaction

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from guideapp.members.errors import AskAtDesk, ListAway
from guideapp.members.models import (
    Contact,
    FollowRelation,
    Member,
    MembershipCard,
    OfficialFollower,
    Tombstone,
)
from guideapp.members.services import (
    ask_erasure,
    erase_returned,
    is_erased,
    join,
    reconcile,
    reconcile_changed,
    save_member,
    save_members,
    subject_of,
    sync_contacts_of,
)
from guideapp.members.services.tombstones import lift
from guideapp.wecom.models import SyncCursor
from tests.factories import make_contact, make_job, make_member, make_store
from tests.personal_support import (
    EXTERNAL,
    NUMBER,
    PHONE,
    UNIONID,
    make_whole_person,
)

pytestmark = pytest.mark.django_db
FOLDER = "erasures"


def erase(key: str) -> None:
    subject = subject_of(key)
    assert subject is not None
    ask_erasure(subject, by="wangsi", reason="工单 7")
    run_due()


def standing() -> set[str]:
    return set(Tombstone.objects.filter(lifted_at=None).values_list("kind", flat=True))


# --- somebody else with the same phone number -----------------------------------------------------
def test_a_living_member_goes_on_being_written_by_their_own_number():
    other = make_member(name="北", number="B1", phone=PHONE)
    gone = make_member(number="A1", phone=PHONE)
    erase(f"m-{gone.pk}")
    row = {"number": "B1", "name": "顾北", "phone": PHONE, "phone_verified": True}
    assert [one.status for one in save_members([row], source="CRM", brands=None)] == ["updated"]
    assert save_member(number="B1", phone=PHONE).pk == other.pk
    other.refresh_from_db()
    assert (other.name, other.erased_at) == ("顾北", None)


def test_what_is_the_erased_persons_own_is_refused_under_anybodys_number():
    make_member(number="B1", phone=PHONE)
    gone = make_member(number="A1", phone=PHONE, unionid=UNIONID)
    erase(f"m-{gone.pk}")
    row = {"number": "B1", "phone": PHONE, "unionid": UNIONID}
    (answer,) = save_members([row], source="CRM", brands=None)
    assert answer.code == "erased"


@pytest.mark.parametrize("known_by", [{"number": "B1"}, {"unionid": "oB1"}])
def test_a_new_row_of_somebody_else_with_the_phone_is_not_erased(known_by):
    gone = make_member(number="A1", phone=PHONE)
    other = make_member(phone=PHONE, **known_by)
    erase(f"m-{gone.pk}")
    late = make_member(name="late", phone=PHONE)
    assert erase_returned() == 1
    other.refresh_from_db()
    late.refresh_from_db()
    assert (other.erased_at, bool(late.erased_at)) == (None, True)


def test_a_card_that_was_opened_by_a_scan_is_a_persons_own():
    gone = make_member(number="A1", phone=PHONE)
    joined = join(store=make_store(), phone=PHONE, agreed=True).member
    erase(f"m-{gone.pk}")
    assert erase_returned() == 0
    joined.refresh_from_db()
    assert joined.erased_at is None


def test_a_row_from_before_the_erasure_is_no_latecomer():
    gone = make_member(number="A1", phone=PHONE)
    other = make_member(phone=PHONE)
    Member.objects.update(created_at=now() - timedelta(hours=1))
    erase(f"m-{gone.pk}")
    assert erase_returned() == 0
    other.refresh_from_db()
    assert other.erased_at is None


def test_every_late_row_with_the_phone_is_erased():
    gone = make_member(number="A1", phone=PHONE)
    erase(f"m-{gone.pk}")
    for _row in range(2):
        make_member(phone=PHONE)
    assert erase_returned() == 2
    assert not Member.objects.filter(erased_at=None).exists()


def test_a_follower_whom_a_late_call_wrote_goes_again():
    erase(f"m-{make_whole_person().member.pk}")
    OfficialFollower.objects.create(
        account="x",
        openid="o1",
        openid_bidx="x",
        unionid_bidx=blind_index(UNIONID),
        followed_at=now(),
    )
    assert erase_returned() == 1
    assert not OfficialFollower.objects.exists()


# --- coming back ----------------------------------------------------------------------------------
def test_a_verified_consent_brings_everything_back_that_is_theirs():
    erase(f"m-{make_whole_person().member.pk}")
    with pytest.raises(AskAtDesk):
        join(store=make_store(), phone=PHONE, agreed=True)
    join(store=make_store(), phone=PHONE, agreed=True, phone_verified=True)
    assert standing() == set()


def test_a_consent_that_came_to_nothing_brings_nobody_back_after_a_restore():
    erase(f"m-{make_whole_person().member.pk}")
    with transaction.atomic():
        join(store=make_store(), phone=PHONE, agreed=True, phone_verified=True)
        transaction.set_rollback(True)
    run_due()
    call_command("after_restore", offline=True)
    assert is_erased(Tombstone.Kind.PHONE, PHONE)


def test_who_comes_back_and_is_erased_again_stays_erased_after_a_restore():
    erase(f"m-{make_whole_person().member.pk}")
    back = join(store=make_store(), phone=PHONE, agreed=True, phone_verified=True).member
    subject = subject_of(f"m-{back.pk}")
    assert subject is not None
    ask_erasure(subject, by="wangsi", reason="工单 8")
    run_due()  # only now the list hears that they had come back
    Tombstone.objects.all().delete()
    call_command("after_restore", offline=True)
    assert is_erased(Tombstone.Kind.PHONE, PHONE)


def test_one_persons_consent_lifts_nothing_of_another():
    gone = make_member(number="A1", phone=PHONE, unionid="oA1")
    other = make_member(number="B1", phone="+8613900000001", unionid="oB1")
    for row in (gone, other):
        erase(f"m-{row.pk}")
    lift([(Tombstone.Kind.PHONE, PHONE)])
    assert is_erased(Tombstone.Kind.UNIONID, "oB1")
    assert not is_erased(Tombstone.Kind.UNIONID, "oA1")


def test_a_phone_number_of_two_erased_people_proves_neither():
    for number in ("A1", "B1"):
        erase(f"m-{make_member(number=number, phone=PHONE).pk}")
    lift([(Tombstone.Kind.PHONE, PHONE)])
    assert standing() == {Tombstone.Kind.NUMBER}


def test_wecom_shows_somebody_again_who_consented_anew(company):
    sync_contacts_of(["linxm"])
    contact = Contact.objects.get(external_userid=company.customer("zhou"))
    member = make_member(phone=PHONE)
    Contact.objects.filter(pk=contact.pk).update(member=member)
    erase(f"m-{member.pk}")
    sync_contacts_of(["linxm"])
    assert not Contact.objects.filter(external_userid=contact.external_userid).exists()
    join(store=make_store(), phone=PHONE, agreed=True, phone_verified=True)
    sync_contacts_of(["linxm"])
    follow = FollowRelation.objects.active().get(contact__external_userid=contact.external_userid)
    assert follow.guide.userid == "linxm"


# --- WeCom's lists go on naming them --------------------------------------------------------------
def test_a_guide_with_an_erased_customer_is_not_read_again_and_again(company):
    reconcile()
    contact = Contact.objects.get(external_userid=company.customer("zhou"))
    erase(f"c-{contact.pk}")
    reconcile_changed.call()
    assert SyncCursor.objects.get(name="members.changed").report["guides"] == 0


def test_who_was_erased_by_their_unionid_is_known_by_wecoms_id_from_then_on(company):
    sync_contacts_of(["linxm"])
    zhou = Contact.objects.get(external_userid=company.customer("zhou"))
    erase(f"c-{zhou.pk}")
    Tombstone.objects.exclude(kind=Tombstone.Kind.UNIONID).delete()
    sync_contacts_of(["linxm"])
    assert is_erased(Tombstone.Kind.EXTERNAL_USERID, zhou.external_userid)


def test_a_list_that_is_away_keeps_no_sync_from_the_others(company, settings, tmp_path):
    sync_contacts_of(["linxm"])
    zhou = Contact.objects.get(external_userid=company.customer("zhou"))
    erase(f"c-{zhou.pk}")
    Tombstone.objects.exclude(kind=Tombstone.Kind.UNIONID).delete()
    Contact.objects.filter(erased_at=None).update(name="old")
    media, settings.MEDIA_ROOT = settings.MEDIA_ROOT, str(tmp_path / "file")
    (tmp_path / "file").write_text("no folder")
    sync_contacts_of(["linxm"])
    assert not Contact.objects.filter(name="old").exists()
    assert not is_erased(Tombstone.Kind.EXTERNAL_USERID, zhou.external_userid)
    settings.MEDIA_ROOT = media
    sync_contacts_of(["linxm"])
    assert is_erased(Tombstone.Kind.EXTERNAL_USERID, zhou.external_userid)


# --- a restored backup ----------------------------------------------------------------------------
def test_the_list_beside_the_database_holds_hashes_alone():
    erase(f"m-{make_whole_person().member.pk}")
    storage = storages["erasures"]
    _folders, names = storage.listdir(FOLDER)
    told = "".join(Path(storage.path(f"{FOLDER}/{name}")).read_text() for name in names)
    assert blind_index(PHONE) in told
    assert not [key for key in (PHONE, UNIONID, NUMBER, EXTERNAL, "CANARY") if key in told]


def test_a_backup_from_before_an_erasure_is_erased_anew(capsys):
    erase(f"m-{make_whole_person().member.pk}")
    Tombstone.objects.all().delete()
    Member.objects.filter(name="somebody else").delete()
    make_member(name="CANARY", number=NUMBER, phone=PHONE, unionid=UNIONID)
    make_contact(external_userid=EXTERNAL, name="CANARY")
    other = make_member(name="北", number="B1", phone=PHONE)
    Member.objects.update(created_at=now() - timedelta(days=300))
    call_command("after_restore", offline=True)
    assert "erased anew: 2" in capsys.readouterr().out
    assert list(Member.objects.filter(erased_at=None)) == [other]
    assert not Contact.objects.filter(erased_at=None).exists()
    assert is_erased(Tombstone.Kind.UNIONID, UNIONID)
    call_command("after_restore", offline=True)
    assert "erased anew: 0" in capsys.readouterr().out


def test_who_came_back_before_the_backup_was_needed_is_not_erased(capsys):
    erase(f"m-{make_whole_person().member.pk}")
    join(store=make_store(), phone=PHONE, agreed=True, phone_verified=True)
    run_due()
    Tombstone.objects.update(lifted_at=None)  # the backup is older than the consent
    call_command("after_restore", offline=True)
    assert "erased anew: 0" in capsys.readouterr().out
    assert standing() == set()
    assert MembershipCard.objects.filter(member__erased_at=None).exists()


def test_an_erasure_of_the_list_waits_for_a_job_that_the_backup_had_at_work():
    gone = make_member(number="A1", phone=PHONE)
    erase(f"m-{gone.pk}")
    back = make_member(number="A1", phone=PHONE)
    job = make_job(args=["A1-and-more", "13977776666"], state="running", lease_until=now())
    call_command("after_restore", offline=True)
    back.refresh_from_db()
    assert back.erased_at is None
    job.delete()
    run_due()
    back.refresh_from_db()
    assert back.erased_at


def test_an_erasure_that_the_list_does_not_take_is_not_begun(settings, tmp_path):
    subject = make_whole_person().subject
    (tmp_path / "file").write_text("no folder")
    settings.MEDIA_ROOT = str(tmp_path / "file")
    with pytest.raises(ListAway):
        ask_erasure(subject, by="wangsi", reason="工单 7")
    assert not Tombstone.objects.exists()
    assert not AuditEntry.objects.filter(action="privacy.erase").exists()
