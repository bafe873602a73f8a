"""The outbox: what is owed is sent, once; what may have been sent is never sent blindly again."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
import time_machine
from django.conf import settings
from django.db import transaction

from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.core.jobs.errors import GiveUp
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.wecom import outbox
from guideapp.wecom.client import forget_process_state
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.outbox import close_abandoned_calls, prune_outbox, send

pytestmark = pytest.mark.django_db

State = OutboxCall.State
OK = {"errcode": 0, "errmsg": "ok"}
WELCOME = "externalcontact/send_welcome_msg"
TAG = "externalcontact/mark_tag"


@pytest.fixture
def wire() -> Any:
    """WeCom's side of the wire, with a token to begin with."""
    forget_process_state()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        token = OK | {"access_token": "t", "expires_in": 7200}
        mock.get(f"{settings.WECOM_API_BASE_URL}/gettoken", json=token)
        yield mock
    forget_process_state()


def answers(wire: Any, path: str, *bodies: Any) -> None:
    """WeCom answers calls of `path` with `bodies`, one after the other."""
    for body in bodies:
        kind = {"body": body} if isinstance(body, Exception) else {"json": body}
        wire.post(f"{settings.WECOM_API_BASE_URL}/{path}", **kind)


def calls_of(wire: Any, path: str) -> list[Any]:
    """The bodies that arrived at `path`."""
    return [json.loads(c.request.body) for c in wire.calls if f"/{path}?" in c.request.url]


def owe_tag(key: str = "tag:1") -> OutboxCall:
    """A call that may be repeated."""
    payload = {"userid": "g1", "external_userid": "wm1", "add": ["t1"], "remove": []}
    return send("mark_tag", payload, key=key)


def owe_welcome(**more: Any) -> OutboxCall:
    """A call that may not be repeated, with 20 s to live."""
    attachments = [
        {"msgtype": "image", "image": {"media_id": "m1"}},
        {"msgtype": "link", "link": {"title": "t", "url": "https://example.com/"}},
    ]
    payload = {"welcome_code": "CODE", "text": "您好", "attachments": attachments} | more
    expires_at = now() + timedelta(seconds=20)
    return send("send_welcome", payload, key="welcome:1", lane="urgent", expires_at=expires_at)


def run_later(seconds: int = 60) -> None:
    """Let the next attempt be due, `seconds` from now."""
    with time_machine.travel(now() + timedelta(seconds=seconds)):
        run_due()


def test_a_call_is_sent_after_it_was_owed_and_is_done(wire: Any) -> None:
    answers(wire, TAG, OK)
    row = owe_tag()
    assert calls_of(wire, TAG) == []
    run_due()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.DONE, 1)
    assert calls_of(wire, TAG) == [{"userid": "g1", "external_userid": "wm1", "add_tag": ["t1"]}]


def test_nothing_is_owed_when_the_state_that_made_it_due_is_undone() -> None:
    with transaction.atomic():
        owe_tag()
        transaction.set_rollback(True)
    assert run_due() == 0


def test_the_same_key_is_one_call(wire: Any) -> None:
    answers(wire, TAG, OK)
    first = owe_tag()
    assert owe_tag() == first
    run_due()
    assert owe_tag().state == State.DONE
    run_due()
    assert len(calls_of(wire, TAG)) == 1


def test_a_kind_that_nobody_can_send_is_refused() -> None:
    with pytest.raises(KeyError):
        send("carrier_pigeon", {}, key="p:1")


def test_a_job_that_runs_twice_sends_once(wire: Any) -> None:
    answers(wire, WELCOME, OK)
    row = owe_welcome()
    outbox.deliver.enqueue(row.pk)
    assert run_due() == 2
    assert len(calls_of(wire, WELCOME)) == 1


@pytest.mark.parametrize("trouble", [requests.ReadTimeout(), requests.ConnectionError()])
def test_a_lost_answer_to_a_welcome_leaves_it_uncertain_and_unrepeated(
    wire: Any, trouble: Exception
) -> None:
    answers(wire, WELCOME, trouble, OK)
    row = owe_welcome()
    run_due()
    run_later()
    row.refresh_from_db()
    assert row.state == State.UNCERTAIN
    assert len(calls_of(wire, WELCOME)) == 1


def test_a_lost_answer_to_a_tag_is_repeated(wire: Any) -> None:
    answers(wire, TAG, requests.ReadTimeout(), OK)
    row = owe_tag()
    run_due()
    row.refresh_from_db()
    assert row.state == State.WAITING
    run_later()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.DONE, 2)


def test_a_welcome_whose_token_could_not_be_fetched_was_not_sent_and_is_tried_again(
    wire: Any,
) -> None:
    wire.replace("GET", f"{settings.WECOM_API_BASE_URL}/gettoken", body=requests.ConnectionError())
    row = owe_welcome()
    run_due()
    row.refresh_from_db()
    assert row.state == State.WAITING


def test_what_could_not_be_sent_for_an_hour_is_sent_when_wecom_is_back(wire: Any) -> None:
    address = f"{settings.WECOM_API_BASE_URL}/{TAG}"
    wire.post(address, body=requests.ConnectTimeout())
    row = owe_tag()
    start = now()
    for minutes in range(0, 60, 10):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            run_due()
    wire.replace("POST", address, json=OK)
    forget_process_state()
    run_later(3600)
    row.refresh_from_db()
    assert row.state == State.DONE


def test_a_worker_killed_while_sending_leaves_the_call_uncertain() -> None:
    row = owe_welcome()
    job = ledger.claim("urgent", worker="killed", limit=1, lease_seconds=30)[0]
    OutboxCall.objects.filter(pk=row.pk).update(state=State.SENDING, sent_at=now())
    Job.objects.filter(pk=job.pk).update(lease_until=now() - timedelta(seconds=1))
    run_due()
    row.refresh_from_db()
    assert row.state == State.UNCERTAIN


def test_a_call_left_sending_without_a_job_becomes_uncertain() -> None:
    row = owe_welcome()
    OutboxCall.objects.update(state=State.SENDING, sent_at=now() - timedelta(minutes=6))
    close_abandoned_calls.call()
    row.refresh_from_db()
    assert row.state == State.UNCERTAIN


def test_a_welcome_waits_while_another_app_is_sending_one(wire: Any) -> None:
    answers(wire, WELCOME, {"errcode": 41096, "errmsg": "x"}, OK)
    row = owe_welcome()
    run_due()
    run_later(seconds=2)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.DONE, 2)


def test_a_welcome_is_not_sent_after_its_code_is_void(wire: Any) -> None:
    row = owe_welcome()
    run_later(seconds=21)
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert calls_of(wire, WELCOME) == []


def test_waiting_for_another_app_ends_when_the_code_is_void(wire: Any) -> None:
    answers(wire, WELCOME, {"errcode": 41096, "errmsg": "x"})
    row = owe_welcome()
    start = now()
    for seconds in range(0, 30, 2):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            run_due()
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert len(calls_of(wire, WELCOME)) == 10


@pytest.mark.parametrize("errcode", [41050, 41051])
def test_a_refused_welcome_fails_with_its_code(wire: Any, errcode: int) -> None:
    answers(wire, WELCOME, {"errcode": errcode, "errmsg": "no"})
    row = owe_welcome()
    run_due()
    row.refresh_from_db()
    assert (row.state, row.errcode) == (State.FAILED, errcode)


def test_a_welcome_whose_picture_has_expired_goes_out_without_it(wire: Any) -> None:
    answers(wire, WELCOME, {"errcode": 40007, "errmsg": "invalid media_id"}, OK)
    row = owe_welcome()
    run_due()
    run_due()
    row.refresh_from_db()
    sent = calls_of(wire, WELCOME)[-1]
    assert row.state == State.DONE
    assert [one["msgtype"] for one in sent["attachments"]] == ["link"]


def test_a_welcome_that_cannot_be_repaired_fails(wire: Any) -> None:
    answers(wire, WELCOME, {"errcode": 40007, "errmsg": "invalid media_id"})
    row = owe_welcome(attachments=[])
    run_due()
    row.refresh_from_db()
    assert row.state == State.FAILED


def test_a_rate_limit_is_waited_for_without_using_up_attempts(wire: Any) -> None:
    answers(wire, TAG, {"errcode": 45009, "errmsg": "limit"}, OK)
    row = owe_tag()
    run_due()
    job = Job.objects.get()
    assert (job.state, job.attempts) == (Job.State.READY, 0)
    assert job.run_at > now() + timedelta(seconds=50)
    forget_process_state()
    run_later(seconds=61)
    row.refresh_from_db()
    assert row.state == State.DONE


def test_a_call_that_fails_five_times_has_failed(wire: Any) -> None:
    answers(wire, TAG, requests.ReadTimeout())
    row = owe_tag()
    for _ in range(5):
        forget_process_state()
        Job.objects.filter(state=Job.State.READY).update(run_at=now())
        run_due()
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert Job.objects.get().state == Job.State.DEAD


def test_the_welcome_code_is_forgotten_when_the_call_is_over(wire: Any) -> None:
    answers(wire, WELCOME, OK)
    row = owe_welcome()
    run_due()
    row.refresh_from_db()
    assert "welcome_code" not in row.payload
    assert row.payload["text"] == "您好"


def test_a_room_can_drop_a_call_while_building_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_kinds", dict(outbox._kinds))

    @outbox.call("drop", idempotent=True)
    def drop(client: Any, payload: dict[str, Any]) -> None:
        raise GiveUp("nothing to say")

    row = send("drop", {}, key="d:1")
    run_due()
    row.refresh_from_db()
    assert (row.state, row.error) == (State.FAILED, "nothing to say")


def test_a_mistake_in_a_builder_never_sends_a_welcome_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "_kinds", dict(outbox._kinds))

    @outbox.call("broken", idempotent=False)
    def broken(client: Any, payload: dict[str, Any]) -> None:
        raise ZeroDivisionError

    row = send("broken", {}, key="b:1")
    run_due()
    run_later()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.UNCERTAIN, 1)


def test_a_guides_message_names_who_did_not_get_it(wire: Any) -> None:
    answers(wire, "message/send", OK | {"msgid": "m1", "invaliduser": "g2"})
    card = {"title": "t", "description": "d", "url": "https://example.com/"}
    row = send("message_text_card", {"userids": ["g1", "g2"]} | card, key="note:1")
    run_due()
    row.refresh_from_db()
    assert row.answer == {"msgid": "m1", "invaliduser": ["g2"]}
    assert calls_of(wire, "message/send")[0]["enable_duplicate_check"] == 1


def test_a_text_and_a_remark_are_sent(wire: Any) -> None:
    answers(wire, "message/send", OK | {"msgid": "m2"})
    answers(wire, "externalcontact/remark", OK)
    send("message_text", {"userids": ["g1"], "text": "新客户"}, key="t:1")
    send("remark", {"userid": "g1", "external_userid": "wm1", "remark": "王女士"}, key="r:1")
    run_due()
    assert calls_of(wire, "message/send")[0]["text"] == {"content": "新客户"}
    assert calls_of(wire, "externalcontact/remark")[0]["remark"] == "王女士"
    assert set(OutboxCall.objects.values_list("state", flat=True)) == {State.DONE}


def test_sent_calls_are_thrown_away_after_three_months_and_open_ones_never(wire: Any) -> None:
    answers(wire, TAG, OK)
    owe_tag("old and done")
    run_due()
    owe_tag("old and open")
    OutboxCall.objects.update(created_at=now() - timedelta(days=91))
    prune_outbox.call()
    assert OutboxCall.objects.get().key == "old and open"


def test_owing_a_call_takes_few_statements(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(5):  # look, row and job, within one savepoint
        owe_tag()
