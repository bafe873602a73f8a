"""Replay, send again, drop, repeat a read: over the wire, once each."""

from datetime import timedelta

import pytest
from django.db import transaction

from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.core.jobs.errors import RetryAt
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry, Job
from guideapp.wecom import outbox
from guideapp.wecom.errors import CallNotRepeatable, CallOvertaken, NobodyHandles, ReadNotRepeatable
from guideapp.wecom.models import ApiCall, CallbackEvent, OutboxCall
from guideapp.wecom.repair import (
    drop_call,
    replay_dead_events,
    replay_dead_until,
    replay_event,
    send_call_again,
)
from guideapp.wecom.repeat import READS, repeat_call, repeats_of
from tests.factories import make_api_call, make_callback_event, make_job, make_outbox_call
from tests.wecom_support import PlayedWeCom

WHO = {"actor": "anzong", "reason": "恢复了"}


def make_tag_event(**kw: str) -> CallbackEvent:
    """An event that a room handles."""
    return make_callback_event(event="change_external_tag", change_type="create", **kw)


def sent_to(wecom: PlayedWeCom, userid: str) -> int:
    return len(wecom.app_messages(userid))


def test_a_call_sent_again_arrives_once(wecom: PlayedWeCom) -> None:
    call = make_outbox_call()
    for _twice in range(2):
        send_call_again(call.pk, seen_attempts=1, **WHO)
        run_due()
    call.refresh_from_db()
    assert (call.state, call.attempts) == (OutboxCall.State.DONE, 2)
    assert sent_to(wecom, "linxm") == 1


def failed(kind: str, key: str, **payload: object) -> OutboxCall:
    return make_outbox_call(kind=kind, key=key, payload=payload, idempotent=True, state="failed")


@pytest.mark.django_db
def test_an_old_value_is_not_sent_over_a_newer_one_of_the_same_relation() -> None:
    tag = failed("mark_tag", "mark_tag:7:add:1", add=["et1"])
    failed("mark_tag", "mark_tag:7:remove:2", remove=["et1", "et2"])
    remark = failed("remark", "remark:7:1", remark="晚晴")
    make_outbox_call(kind="remark", key="remark:7:2", payload={"remark": "小晴"}, state="done")
    for call in (tag, remark):
        with pytest.raises(CallOvertaken):
            send_call_again(call.pk, seen_attempts=1, **WHO)
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_value_that_nothing_newer_set_is_sent_again() -> None:
    call = failed("mark_tag", "mark_tag:7:add:1", add=["et1"])
    failed("mark_tag", "mark_tag:7:add:2", add=["et2"])  # another tag
    failed("mark_tag", "mark_tag:70:add:3", add=["et1"])  # another relation
    make_outbox_call(
        kind="mark_tag", key="mark_tag:7:add:4", payload={"add": ["et1"]}, state="dropped"
    )
    assert send_call_again(call.pk, seen_attempts=1, **WHO)


@pytest.mark.django_db
def test_a_value_so_old_that_newer_ones_are_forgotten_is_not_sent_again() -> None:
    call = failed("mark_tag", "mark_tag:7:add:1", add=["et1"])
    OutboxCall.objects.update(created_at=now() - timedelta(days=91))
    with pytest.raises(CallOvertaken):
        send_call_again(call.pk, seen_attempts=1, **WHO)


def test_a_dropped_call_is_never_sent(wecom: PlayedWeCom) -> None:
    call = outbox.send("message_text", {"userids": ["linxm"], "text": "一"}, key="k")
    assert drop_call(call.pk, **WHO)
    run_due()
    assert sent_to(wecom, "linxm") == 0
    with pytest.raises(CallNotRepeatable):
        send_call_again(call.pk, seen_attempts=0, **WHO)


def test_a_call_dropped_while_it_was_under_way_is_not_tried_again(
    wecom: PlayedWeCom, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    payload = {"userid": "linxm", "external_userid": wecom.customer("zhou"), "remark": "晚晴"}
    call = outbox.send("remark", payload, key="r")
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    with pytest.raises(RetryAt):
        outbox.deliver.call(call.pk)
    drop_call(call.pk, **WHO)
    outbox.deliver.call(call.pk)
    call.refresh_from_db()
    assert call.state == OutboxCall.State.DROPPED


@pytest.mark.django_db
def test_a_drop_is_no_alert(caplog: pytest.LogCaptureFixture) -> None:
    drop_call(make_outbox_call().pk, **WHO)
    assert "was not delivered" not in caplog.text


@pytest.mark.django_db
def test_an_event_waiting_already_is_left_alone() -> None:
    event = make_tag_event(state="pending")
    assert not replay_event(event.pk, **WHO)
    assert not AuditEntry.objects.exists()
    with pytest.raises(NobodyHandles):
        replay_event(make_callback_event(event="something_new").pk, **WHO)


@pytest.mark.django_db
def test_an_event_that_is_done_may_be_handled_again(wecom: PlayedWeCom) -> None:
    event = make_tag_event(state="done")
    assert replay_event(event.pk, **WHO)
    run_due()
    event.refresh_from_db()
    assert event.state == "done"
    assert event.handled_at is not None


@pytest.mark.django_db
def test_events_that_died_after_the_tap_are_not_replayed() -> None:
    event = make_tag_event()
    assert replay_dead_events(**WHO) == 1
    make_tag_event()
    assert replay_dead_until.call(event.pk) == 1


@pytest.mark.django_db
def test_with_nothing_dead_there_is_nothing_to_do() -> None:
    assert replay_dead_events(**WHO) == 0
    assert not AuditEntry.objects.exists()


ABOUT = {"userid": "linxm", "department_id": "1"}


@pytest.mark.parametrize("path", sorted(READS))
def test_every_read_can_be_repeated(wecom: PlayedWeCom, path: str) -> None:
    about = ABOUT.get(READS[path].about, wecom.customer("zhou") if READS[path].about else "")
    call = make_api_call(path=path, errcode=-1)
    job = repeat_call(call, about=about, **WHO)
    run_due()
    (repeat,) = repeats_of(call)
    assert (repeat.actor, repeat.reason) == ("anzong", "恢复了")
    assert repeat.outcome["errcode"] == 0, repeat.outcome
    assert ApiCall.objects.filter(path=path, request_id=f"job-{job}", errcode=0).exists()


def test_a_refusal_is_an_outcome_not_a_failed_job(wecom: PlayedWeCom) -> None:
    call = make_api_call()
    repeat_call(call, about="nobody", **WHO)
    run_due()
    (repeat,) = repeats_of(call)
    assert repeat.outcome["errcode"] == 60111
    assert repeat.job is not None
    assert repeat.job.state == Job.State.DONE


@pytest.mark.django_db
def test_a_second_tap_repeats_nothing() -> None:
    call = make_api_call()
    assert repeat_call(call, about="linxm", **WHO) is not None
    assert repeat_call(call, about="linxm", **WHO) is None
    assert Job.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["message/send", "externalcontact/mark_tag", "gettoken"])
def test_what_changes_something_or_hands_out_a_secret_is_not_repeated(path: str) -> None:
    with pytest.raises(ReadNotRepeatable):
        repeat_call(make_api_call(path=path), about="", **WHO)


@pytest.mark.django_db
def test_a_read_of_the_address_book_secret_needs_that_secret(settings: object) -> None:
    settings.WECOM_CONTACTS_SECRET = ""  # type: ignore[attr-defined]
    with pytest.raises(ReadNotRepeatable):
        repeat_call(make_api_call(path="user/list_id"), about="", **WHO)


@pytest.mark.django_db
def test_only_the_dead_job_that_was_seen_is_revived() -> None:
    job = make_job(fence=5)
    with transaction.atomic():
        assert not ledger.revive(job.pk, fence=4)
        assert ledger.revive(job.pk, fence=5)
        assert not ledger.revive(job.pk, fence=5)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.finished_at) == (Job.State.READY, 0, None)
