"""The inbox: nothing that WeCom tells us is lost, nothing has its effect twice."""

import random
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client, override_settings

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from guideapp.wecom import callbacks
from guideapp.wecom.callbacks import handles
from guideapp.wecom.inbox import handle_event, prune_inbox
from guideapp.wecom.models import CallbackEvent, OutboxCall
from guideapp.wecom.outbox import send
from tests.wecom.deliveries import deliver, event_xml, post
from tests.wecom.vectors import VECTORS

pytestmark = pytest.mark.django_db

FAMILY = "change_external_contact"
EDIT = "edit_in_a_test"  # no room listens to it
State = CallbackEvent.State


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Register a handler for this test alone."""

    def listen(handler: Any, event: str = FAMILY, change_type: str = EDIT) -> None:
        monkeypatch.setitem(callbacks._handlers, (event, change_type), [])
        handles(event, change_type)(handler)

    return listen


def note(event: CallbackEvent) -> None:
    """Leave an audit row for each time that the event is looked into."""
    record_audit(actor="", action="handled", subject=event["ExternalUserID"])


def owe_one_call(event: CallbackEvent) -> None:
    """The effect of a real handler: a call with a business key."""
    send("mark_tag", {}, key=f"test:{event['ExternalUserID']}")


def handled() -> list[str]:
    """What was looked into, in order."""
    return list(AuditEntry.objects.order_by("pk").values_list("subject", flat=True))


def test_an_event_is_stored_acknowledged_with_nothing_and_handled_later(
    client: Client, listening: Any
) -> None:
    listening(note)
    response = deliver(client, event_xml(FAMILY, EDIT, ExternalUserID="wm1", UserID="g1", at=1760))
    assert (response.status_code, response.content) == (200, b"")
    assert handled() == []
    run_due()
    stored = CallbackEvent.objects.get()
    assert handled() == ["wm1"]
    assert (stored.state, stored["UserID"], stored["Absent"]) == (State.DONE, "g1", "")
    assert stored.created_at.timestamp() == 1760


def test_an_event_without_cdata_reads_the_same(client: Client, listening: Any) -> None:
    listening(note)
    xml = event_xml(FAMILY, EDIT, ExternalUserID="wm1").replace("<![CDATA[", "").replace("]]>", "")
    deliver(client, xml)
    run_due()
    assert handled() == ["wm1"]


def test_nested_elements_are_kept_by_path(client: Client) -> None:
    xml = event_xml("change_external_chat", "update").replace(
        "</xml>", "<MemChangeList> <Item>a</Item> <Item><![CDATA[b]]></Item> </MemChangeList></xml>"
    )
    deliver(client, xml)
    assert CallbackEvent.objects.get()["MemChangeList.Item"] == "a,b"


def test_an_unknown_event_is_stored_and_acknowledged(client: Client) -> None:
    response = deliver(client, event_xml("something_of_next_year"))
    assert response.status_code == 200
    assert CallbackEvent.objects.get().state == State.IGNORED
    assert not Job.objects.exists()


def test_a_new_customer_is_urgent_and_an_edit_is_not(client: Client, listening: Any) -> None:
    listening(note, FAMILY, "add_external_contact")
    listening(note)
    deliver(client, event_xml(FAMILY, "add_external_contact"))
    deliver(client, event_xml(FAMILY, EDIT))
    assert list(Job.objects.order_by("pk").values_list("lane", flat=True)) == ["urgent", "normal"]


def test_three_in_ten_repeated_and_all_shuffled_have_one_effect_each(
    client: Client, listening: Any
) -> None:
    listening(owe_one_call)
    events = [event_xml(FAMILY, EDIT, ExternalUserID=f"wm{n}") for n in range(40)]
    dice = random.Random(7)  # noqa: S311 -- the same order each run
    deliveries = events + dice.sample(events, 12)
    dice.shuffle(deliveries)
    for position, xml in enumerate(deliveries):
        deliver(client, xml)
        if position % 9 == 0:
            run_due(("normal",), limit=3)
    run_due(("normal",), limit=200)
    assert CallbackEvent.objects.filter(state=State.DONE).count() == 40
    assert OutboxCall.objects.count() == 40


def test_a_repeated_state_event_waits_in_one_job(client: Client, listening: Any) -> None:
    listening(note)
    xml = event_xml(FAMILY, EDIT, ExternalUserID="wm1")
    for _ in range(3):
        assert deliver(client, xml).status_code == 200
    assert CallbackEvent.objects.get().deliveries == 3
    assert run_due() == 1
    assert handled() == ["wm1"]


def test_a_second_edit_within_the_same_second_is_seen(client: Client, listening: Any) -> None:
    listening(note)
    xml = event_xml(FAMILY, EDIT, ExternalUserID="wm1")
    deliver(client, xml)
    run_due()
    deliver(client, xml)
    assert CallbackEvent.objects.get().state == State.PENDING
    run_due()
    assert handled() == ["wm1", "wm1"]
    assert CallbackEvent.objects.get().state == State.DONE


def test_an_edit_that_arrives_while_the_first_is_handled_is_seen(
    client: Client, listening: Any
) -> None:
    xml = event_xml(FAMILY, EDIT, ExternalUserID="wm1")

    def edit_again(event: CallbackEvent) -> None:
        note(event)
        if len(handled()) == 1:
            deliver(client, xml)

    listening(edit_again)
    deliver(client, xml)
    assert run_due() == 2
    assert handled() == ["wm1", "wm1"]
    assert CallbackEvent.objects.get().state == State.DONE


def test_a_repeated_event_that_is_no_state_has_no_second_effect(
    client: Client, listening: Any
) -> None:
    listening(note, "enter_agent", "")
    xml = event_xml("enter_agent", ExternalUserID="g1")
    deliver(client, xml)
    run_due()
    deliver(client, xml)
    assert run_due() == 0
    assert handled() == ["g1"]
    assert CallbackEvent.objects.get().deliveries == 2


def test_a_handler_that_fails_is_tried_again(client: Client, listening: Any) -> None:
    def fail_once(event: CallbackEvent) -> None:
        note(event)
        if len(handled()) == 1:
            raise ValueError("not yet")

    listening(fail_once)
    deliver(client, event_xml(FAMILY, EDIT, ExternalUserID="wm1"))
    run_due()
    assert CallbackEvent.objects.get().state == State.PENDING
    with time_machine.travel(now() + timedelta(minutes=1)):
        run_due()
    assert handled() == ["wm1", "wm1"]
    assert CallbackEvent.objects.get().state == State.DONE


def test_an_event_that_nobody_can_handle_is_dead_until_it_comes_again(
    client: Client, listening: Any
) -> None:
    def fail(event: CallbackEvent) -> None:
        raise ValueError("call 13812345678")

    listening(fail)
    xml = event_xml(FAMILY, EDIT)
    deliver(client, xml)
    ledger.bury(ledger.claim("normal", worker="w", limit=1, lease_seconds=9)[0], "call 1", "E")
    assert CallbackEvent.objects.get().state == State.DEAD
    deliver(client, xml)
    assert CallbackEvent.objects.get().state == State.PENDING
    assert Job.objects.filter(state=Job.State.READY).count() == 1


def test_the_welcome_code_is_forgotten_once_the_event_is_handled(
    client: Client, listening: Any
) -> None:
    listening(note)
    deliver(client, event_xml(FAMILY, EDIT, WelcomeCode="CODE", State="s1"))
    assert CallbackEvent.objects.get()["WelcomeCode"] == "CODE"
    run_due()
    stored = CallbackEvent.objects.get()
    assert (stored["WelcomeCode"], stored["State"]) == ("", "s1")


def test_phone_and_mail_of_a_member_are_never_stored(client: Client) -> None:
    more = {"UserID": "g1", "Mobile": "13812345678", "Email": "a@b.cn", "Address": "here"}
    deliver(client, event_xml("change_contact", "create_user", **more))
    assert set(CallbackEvent.objects.get().fields) == {
        *("CreateTime", "FromUserName", "MsgType", "Event", "ChangeType", "UserID"),
    }


def test_a_callback_that_cannot_be_stored_is_not_acknowledged(client: Client) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError

    with connection.execute_wrapper(away):
        assert deliver(client, event_xml(FAMILY, EDIT)).status_code == 503
    assert not CallbackEvent.objects.exists()


def test_event_and_job_are_stored_together_or_not_at_all(client: Client, listening: Any) -> None:
    def no_jobs(execute: Any, sql: str, *more: Any) -> Any:
        if "core_job" in sql:
            raise DatabaseError
        return execute(sql, *more)

    listening(note)
    with connection.execute_wrapper(no_jobs):
        assert deliver(client, event_xml(FAMILY, EDIT)).status_code == 503
    assert not CallbackEvent.objects.exists()


def test_a_callback_costs_two_statements_in_one_transaction(
    client: Client, listening: Any, django_assert_num_queries: Any
) -> None:
    listening(note)
    with django_assert_num_queries(4):  # SAVEPOINT, event, job, RELEASE
        deliver(client, event_xml(FAMILY, EDIT))


def test_events_are_thrown_away_after_a_month(client: Client) -> None:
    deliver(client, event_xml("old"))
    CallbackEvent.objects.update(received_at=now() - timedelta(days=31))
    deliver(client, event_xml("new"))
    prune_inbox.call()
    assert CallbackEvent.objects.get().event == "new"


def test_a_job_without_its_event_does_nothing() -> None:
    handle_event.enqueue(404)
    assert run_due() == 1
    assert Job.objects.get().state == Job.State.DONE


def settings_of(name: str) -> Any:
    """The settings under which a published message was made."""
    receiver = VECTORS[name].receiver
    return override_settings(
        WECOM_CORP_ID=receiver.corp_id,
        WECOM_CALLBACK_TOKEN=receiver.token,
        WECOM_CALLBACK_AES_KEY=receiver.aes_key,
    )


@pytest.mark.parametrize("name", ["A1", "B1"])
def test_the_published_address_checks_are_answered_bare_at_any_time(
    client: Client, name: str
) -> None:
    vector = VECTORS[name]
    query = {
        "msg_signature": vector.msg_signature,
        "timestamp": vector.timestamp,
        "nonce": vector.nonce,
        "echostr": vector.encrypt,
    }
    with settings_of(name):
        response = client.get("/wecom/callback/", query)
    assert response.status_code == 200
    assert response.content == vector.plain.encode()
    assert response["Content-Type"] == "text/plain"


@pytest.mark.parametrize("name", ["A2", "B2"])
def test_the_published_messages_are_accepted(client: Client, name: str) -> None:
    vector = VECTORS[name]
    body = (
        f"<xml>\n<ToUserName><![CDATA[{vector.receiver.corp_id}]]></ToUserName>\n"
        f"<Encrypt><![CDATA[{vector.encrypt}]]></Encrypt>\n<AgentID><![CDATA[218]]></AgentID></xml>"
    )
    with settings_of(name), time_machine.travel(int(vector.timestamp) + 30, tick=False):
        response = post(client, body, vector.msg_signature, vector.timestamp, vector.nonce)
    stored = CallbackEvent.objects.get()
    assert (response.status_code, response.content) == (200, b"")
    assert (stored.corp_id, stored.event, stored.change_type) == (
        *(vector.receiver.corp_id, "message", "text"),
    )


def test_a_published_message_is_accepted_today_where_the_window_is_off(client: Client) -> None:
    vector = VECTORS["A2"]
    body = f"<xml><Encrypt>{vector.encrypt}</Encrypt></xml>"
    with settings_of("A2"), override_settings(WECOM_CALLBACK_MAX_AGE_SECONDS=0):
        response = post(client, body, vector.msg_signature, vector.timestamp, vector.nonce)
    assert response.status_code == 200
