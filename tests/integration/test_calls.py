"""Who may call /api/v1/, how often, and what a call that is sent twice does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from guideapp.integration.models import ApiClient, IdempotentCall
from guideapp.integration.services import answer_once, forget_calls, revoke_client
from guideapp.integration.services.idempotency import KEPT
from guideapp.members.models import Member
from tests.factories import make_brand, make_guide, make_member
from tests.integration.support import System

LI = {"number": "HY0001", "name": "李"}
KEY = {"Idempotency-Key": "4f7c"}


def test_nobody_calls_without_a_secret(db):
    response = Client().post(reverse("integration:api_members"), LI, "application/json")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("bearer", ["", "nonsense", "0011223344556677.wrong", "é.ü", "x" * 500])
def test_a_wrong_secret_is_refused(crm, bearer):
    crm.bearer = bearer
    assert crm.post("members", LI).status_code == 401


def test_a_revoked_secret_counts_no_more(crm):
    revoke_client(crm.client, by="admin")
    assert crm.post("members", LI).status_code == 401
    assert not Member.objects.exists()


def test_a_secret_is_kept_as_a_hash_only(crm):
    row = crm.row
    assert crm.bearer.startswith(row.key_id)
    assert crm.bearer not in str(vars(row))
    assert len(row.secret_hash) == 64


def test_a_client_does_only_what_its_scopes_name(db):
    till = System(name="till", scopes=("orders:write", "members:read"))
    assert till.post("members", LI).status_code == 403
    assert till.get("members").status_code == 200
    assert till.get("orders").status_code == 403


def test_calls_are_counted(crm):
    crm.post("members", LI)
    crm.post("members", {"name": "nobody"})
    crm.bulk("members", [LI, {"number": ""}, {"number": "HY0002", "phone": "12"}])
    row = crm.row
    assert (row.calls, row.refused, row.failed_items) == (3, 1, 3)
    assert row.last_used_at


def test_our_own_failures_are_counted_too(crm, settings):
    settings.DATA_KEYS = "broken"
    crm.http.raise_request_exception = False
    assert crm.post("members", LI | {"phone": "13800002046"}).status_code == 500
    assert (crm.row.calls, crm.row.refused) == (1, 1)


def test_an_address_that_tries_keys_is_held_up(crm, settings):
    settings.API_BAD_KEYS_PER_MINUTE = 2
    right, crm.bearer = crm.bearer, "0011223344556677.wrong"
    assert [crm.post("members", LI).status_code for _ in range(3)] == [401, 401, 429]
    crm.bearer = right
    assert crm.post("members", LI).status_code == 201


def test_calls_without_the_scope_count_against_the_limit(db, settings):
    settings.API_CALLS_PER_MINUTE = 2
    till = System(name="till", scopes=("orders:write",))
    assert [till.post("members", LI).status_code for _ in range(3)] == [403, 403, 429]


def test_who_reads_about_people_is_noted_once_a_call(crm):
    crm.get("members")
    crm.bulk("members", [LI, {"number": "HY0002"}])
    crm.get("members")
    crm.get("stores")
    entry = AuditEntry.objects.get(action="api_read")
    assert entry.subject == f"api_client:{crm.client.pk}"
    assert entry.detail == {"resource": "members", "rows": 2}


def test_a_client_whose_brands_are_gone_writes_for_nobody(db):
    brand = make_brand(name="昙花")
    till = System(brands=(brand,))
    brand.delete()
    make_member(number="HY0001")
    assert till.get("members").json()["items"] == []
    assert till.post("members", LI).json()["code"] == "unknown_member"


def test_too_many_calls_are_told_when_to_come_again(crm, settings):
    settings.API_CALLS_PER_MINUTE = 2
    answers = [crm.post("members", LI) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 429]
    assert answers[2].json()["code"] == "over_limit"
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_a_large_body_is_refused_unread(crm):
    response = crm.post("members", {"number": "HY1", "name": "x" * 10_000_000})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '{"number": NaN}', b"\xff\xfe", ""])
def test_what_is_no_json_is_refused(crm, body):
    response = crm._post(reverse("integration:api_members"), body, {})
    assert response.status_code in (400, 422)


def test_another_content_type_is_refused(crm):
    address = reverse("integration:api_members")
    response = crm.http.post(address, {"number": "1"}, headers=crm.headers())
    assert response.status_code == 415


@pytest.mark.parametrize("items", [[], "x", None, [LI] * 1001])
def test_a_bulk_call_brings_one_to_a_thousand_records(crm, items):
    address = reverse("integration:api_members_bulk")
    response = crm._post(address, {"items": items}, {})
    assert (response.status_code, response.json()["field"]) == (400, "items")


def test_a_repeated_call_gets_its_first_answer(crm):
    first = crm.post("members", LI, **KEY)
    Member.objects.all().delete()
    second = crm.post("members", LI, **KEY)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second["Idempotent-Replayed"] == "true"
    assert not Member.objects.exists()


def test_a_key_belongs_to_one_call(crm):
    crm.post("members", LI, **KEY)
    response = crm.post("members", LI | {"name": "王"}, **KEY)
    assert (response.status_code, response.json()["code"]) == (422, "key_reused")
    assert Member.objects.get().name == "李"


def test_two_clients_may_use_the_same_key(crm):
    crm.post("members", LI, **KEY)
    assert System(name="mall").post("members", LI, **KEY).status_code == 200


def test_a_call_that_still_runs_is_not_done_twice(crm):
    crm.post("members", LI, **KEY)
    IdempotentCall.objects.update(status=None)
    response = crm.post("members", LI, **KEY)
    assert (response.status_code, response.json()["code"]) == (409, "still_running")
    assert response["Retry-After"] == "2"


def test_a_call_whose_process_died_may_be_sent_again(crm):
    crm.post("members", LI, **KEY)
    long_ago = now() - timedelta(minutes=6)
    IdempotentCall.objects.update(status=None, created_at=long_ago)
    assert crm.post("members", LI, **KEY).status_code == 200


def test_a_call_that_failed_with_us_may_be_sent_again(crm):
    def fail() -> tuple[int, str]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        answer_once(crm.client, "k", "d", fail)
    assert answer_once(crm.client, "k", "d", lambda: (200, "done")) == ((200, "done"), False)


def test_answers_are_forgotten_after_two_days(crm):
    crm.post("members", LI, **KEY)
    IdempotentCall.objects.update(created_at=now() - KEPT - timedelta(seconds=1))
    forget_calls.func()
    assert not IdempotentCall.objects.exists()


def test_the_document_names_every_resource(db):
    told = Client().get(reverse("integration:api_schema")).json()
    assert set(told["paths"]["/api/v1/members/"]) == {"get", "post"}
    assert set(told["paths"]["/api/v1/events/"]) == {"post"}
    assert told["components"]["schemas"]["MemberIn"]["properties"]["number"]["maxLength"] == 40


def test_the_document_can_be_read_by_people(db):
    page = Client().get(reverse("integration:api_docs")).content.decode()
    assert "/api/v1/orders/bulk/" in page
    assert "list_price_fen" in page


def test_a_client_is_made_with_a_secret_that_is_shown_once(as_admin):
    form = {"name": "会员系统", "scopes": ["members:write"]}
    page = as_admin.post(reverse("integration:client_make"), form)
    client = ApiClient.objects.get()
    assert (client.name, client.scopes) == ("会员系统", ["members:write"])
    assert f'value="{client.key_id}.' in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert client.key_id + "." not in as_admin.get(reverse("integration:clients")).content.decode()


def test_two_clients_do_not_share_a_name(as_admin):
    form = {"name": "会员系统", "scopes": ["members:write"]}
    as_admin.post(reverse("integration:client_make"), form)
    assert as_admin.post(reverse("integration:client_make"), form).status_code == 422
    assert ApiClient.objects.count() == 1


def test_a_client_is_revoked_by_headquarters(as_admin, crm):
    as_admin.post(reverse("integration:client_revoke", args=[crm.client.pk]))
    assert crm.row.revoked_at
    assert crm.post("members", LI).status_code == 401


def test_a_secret_is_made_only_after_a_fresh_scan(client_for):
    old = client_for(make_guide(roles=("hq_admin",), store=None), by_qr=False)
    response = old.post(reverse("integration:client_make"), {"name": "CRM", "scopes": []})
    assert response["Location"] == reverse("organisation:again")


def test_the_list_of_clients_takes_four_queries(as_admin, django_assert_num_queries):
    for number in range(5):
        System(name=f"system {number}")
    with django_assert_num_queries(4):
        as_admin.get(reverse("integration:clients"))
