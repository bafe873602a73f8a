"""Consents as a member system sends them: the newest word counts, and a no is not lost."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.integration.services import confirm_import, start_import
from guideapp.members.models import Consent, Suggestion
from guideapp.members.services import record_consent, withdraw_consent
from tests.factories import (
    make_brand,
    make_contact,
    make_follow,
    make_member,
    make_suggestion,
)
from tests.integration.support import System

DAY = timedelta(days=1)


@pytest.fixture
def member(db):
    return make_member(number="HY0001")


def said(**kw):
    """What the sender says, with times as texts."""
    fields = {"member": "HY0001", "brand": make_brand().name, "purpose": "marketing"}
    given = fields | {"version": "2026-01", "given_at": now() - 9 * DAY} | kw
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in given.items()
        if value is not None
    }


def ended(**kw):
    return said(version=None, given_at=None, **{"withdrawn_at": now() - DAY} | kw)


def standing() -> list[str]:
    return list(Consent.objects.filter(withdrawn_at=None).values_list("version", flat=True))


def ends(answer):
    return answer.json()["status"], answer.json().get("code")


def test_a_consent_is_kept_once(crm, member):
    record = said()
    assert [crm.post("consents", record).status_code for _time in range(2)] == [201, 200]
    row = Consent.objects.get()
    assert (row.member, row.channel, row.source) == (member, "import", "CRM")


def test_many_end_each_by_itself(crm, member):
    answer = crm.bulk(
        "consents",
        [
            said(),
            said(purpose="profiling", channel="store"),
            said(member="nobody"),
            said(brand="nothing"),
            said(purpose="everything"),
            said(purpose="sharing", version=None),
            said(purpose="sharing", given_at=now() + DAY),
            said(purpose="sharing", withdrawn_at=now() - 10 * DAY),
            ended(),
        ],
    )
    results = [(one["status"], one.get("code", "")) for one in answer.json()["results"]]
    assert results == [
        ("created", ""),
        ("created", ""),
        ("refused", "unknown_member"),
        ("refused", "unknown_brand"),
        ("refused", "invalid_choice"),
        ("refused", "required"),
        ("refused", "future_date"),
        ("refused", "withdrawn_first"),
        ("updated", ""),
    ]
    assert Consent.objects.get(withdrawn_at=None).purpose == "profiling"


def test_a_second_consent_is_a_row_of_its_own_and_closes_the_first(crm, member):
    crm.post("consents", said())
    answer = crm.post("consents", said(version="2026-06", given_at=now() - DAY))
    assert ends(answer) == ("updated", None)
    assert standing() == ["2026-06"]
    assert Consent.objects.count() == 2
    assert ends(crm.post("consents", said())) == ("unchanged", None)
    assert standing() == ["2026-06"]


def test_older_news_never_overwrites_newer(crm, member):
    crm.post("consents", said(as_of=now() - DAY))
    answer = crm.post("consents", ended(withdrawn_at=now() - 3 * DAY, as_of=now() - 2 * DAY))
    assert ends(answer) == ("unchanged", "older")
    assert standing() == ["2026-01"]


def test_a_withdrawal_from_before_the_consent_on_our_page_is_old(crm, member):
    record_consent(member, make_brand(), ["marketing"], version="2026-11", channel="page")
    assert ends(crm.post("consents", ended())) == ("unchanged", "older")
    assert standing() == ["2026-11"]


def test_who_withdrew_here_is_not_brought_back_by_a_system_that_does_not_know(crm, member):
    crm.post("consents", said())
    withdraw_consent(member, make_brand(), "marketing", by="wangsi")
    assert ends(crm.post("consents", said())) == ("unchanged", "withdrawn")
    assert standing() == []


def test_whoever_consents_again_after_a_withdrawal_is_written_to_again(crm, member):
    crm.post("consents", said())
    crm.post("consents", ended(withdrawn_at=now() - 2 * DAY))
    assert ends(crm.post("consents", said(given_at=now() - DAY))) == ("updated", None)
    assert standing() == ["2026-01"]


def test_a_withdrawal_counts_for_the_person_and_takes_what_is_queued_with_it(crm, member):
    twin = make_member(same_as=member)
    record_consent(
        twin, make_brand(), ["marketing"], version="1", channel="page", at=now() - 5 * DAY
    )
    follow = make_follow(contact=make_contact(member=twin))
    make_suggestion(guide=follow.guide, contact=follow.contact)
    assert ends(crm.post("consents", ended())) == ("updated", None)
    assert standing() == []
    assert Suggestion.objects.get().state == Suggestion.State.WITHDRAWN


def test_a_no_that_is_the_first_we_hear_of_is_a_no(crm, member):
    follow = make_follow(contact=make_contact(member=member))
    make_suggestion(guide=follow.guide, contact=follow.contact)
    assert crm.post("consents", said(withdrawn_at=now() - DAY)).status_code == 201
    assert standing() == []
    assert Suggestion.objects.get().state == Suggestion.State.WITHDRAWN


def test_a_refused_record_closes_nothing(crm, member):
    crm.post("consents", said())
    withdraw_consent(member, make_brand(), "marketing", by="")
    again = said(version=None, given_at=now() + timedelta(minutes=1))
    assert crm.post("consents", again).json()["code"] == "required"
    assert Consent.objects.count() == 1


def test_a_client_of_one_brand_neither_writes_nor_reads_another_s(db):
    mine, other = make_brand(), make_brand(name="商场", is_mall=True)
    member = make_member(number="HY0001")
    for brand in (mine, other):
        record_consent(member, brand, ["marketing"], version=brand.name, channel="page")
    till = System(brands=(mine,))
    assert till.post("consents", said(brand="商场")).json()["code"] == "unknown_brand"
    items = till.get("consents").json()["items"]
    assert [(row["brand"], row["purpose"]) for row in items] == [(mine.name, "marketing")]


def test_other_systems_hear_of_a_withdrawal_here(crm, member):
    crm.post("consents", said())
    since = now()
    assert crm.get("consents", updated_since=since.isoformat()).json()["items"] == []
    withdraw_consent(member, make_brand(), "marketing", by="wangsi")
    (item,) = crm.get("consents", updated_since=since.isoformat()).json()["items"]
    assert (item["member"], bool(item["withdrawn_at"])) == ("HY0001", True)


def test_a_client_without_the_scope_is_refused(db):
    till = System(scopes=("members:write",))
    assert till.post("consents", said()).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_file_of_consents_is_read_in_the_retailers_words():
    make_member(number="HY0001")
    table = (
        "会员号,品牌,用途,文本版本,同意时间,撤回时间\n"
        f"HY0001,{make_brand().name},营销信息,2026-01,2026-01-02 10:00,\n"
        f"HY0001,{make_brand().name},个性化推荐,2026-01,2026-01-02 10:00,2026-03-04 10:00\n"
    )
    for created, unchanged in ((2, 0), (0, 2)):
        upload = SimpleUploadedFile("同意.csv", table.encode())
        run = start_import(resource="consents", upload=upload, actor_userid="wangsi")
        run_due()
        run.refresh_from_db()
        run = confirm_import(run=run, actor_userid="wangsi")
        run_due()
        run.refresh_from_db()
        assert (run.state, run.created, run.unchanged) == ("done", created, unchanged)
    assert Consent.objects.get(withdrawn_at=None).purpose == "marketing"


@pytest.mark.parametrize("number", [1, 40])
def test_how_many_come_does_not_change_the_number_of_queries(
    crm, number, django_assert_max_num_queries
):
    rows = [make_member(number=f"HY{n:04d}") for n in range(number)]
    records = [said(member=row.number) for row in rows]
    with django_assert_max_num_queries(30):
        crm.bulk("consents", records)
