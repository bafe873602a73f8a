"""/hq/wecom/: what is listed, what is hidden, and what a person may put right."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from guideapp.core.clock import SHANGHAI, now
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry, Job, WorkerHeartbeat
from guideapp.wecom.ledger import prune_runs
from guideapp.wecom.models import (
    CallbackEvent,
    CallBudget,
    Credential,
    OutboxCall,
    SyncCursor,
    SyncRun,
)
from guideapp.workbench import operator_lists
from tests.factories import (
    make_api_call,
    make_callback_event,
    make_contact,
    make_job,
    make_outbox_call,
)

WHY = {"reason": "数据库恢复了"}
MAKERS: dict[str, Callable[..., Any]] = {
    "inbox": make_callback_event,
    "outbox": make_outbox_call,
    "jobs": make_job,
    "calls": make_api_call,
}


def url(name: str, *args: Any, **query: Any) -> str:
    return reverse(f"workbench:wecom_{name}", args=args, query=query)


def rows(response: Any) -> list[Any]:
    return [row.pk for row in response.context["listing"].rows]


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("name", MAKERS)
def test_a_list_costs_five_queries_however_long(as_admin, name, count, django_assert_num_queries):
    for _n in range(count):
        MAKERS[name]()
    with django_assert_num_queries(5):  # session, guide, counts, the newest key, rows
        assert as_admin.get(url(name)).status_code == 200


@pytest.mark.parametrize("name", MAKERS)
def test_a_list_goes_on_after_the_last_row(as_admin, name):
    made = [MAKERS[name]().pk for _n in range(51)]
    first = as_admin.get(url(name))
    second = as_admin.get(url(name, after=first.context["listing"].next_after))
    assert rows(first) + rows(second) == made[::-1]
    assert second.context["listing"].next_after is None
    assert "看更早的" in first.text
    assert "回到最新" in second.text


@pytest.mark.parametrize("name", MAKERS)
def test_a_bad_filter_is_dropped(as_admin, name):
    row = MAKERS[name]()
    bad = {"state": "x", "window": "1y", "after": "-1", "kind": "x" * 99, "errcode": "y"}
    assert rows(as_admin.get(url(name, **bad))) == [row.pk]


@pytest.mark.parametrize("name", MAKERS)
def test_an_empty_list_says_what_to_do(as_admin, name):
    assert "看近 30 天" in as_admin.get(url(name)).text
    assert "没有符合的" in as_admin.get(url(name, kind="nothing")).text


def test_events_are_found_by_state_kind_and_time(as_admin):
    dead = make_callback_event()
    done = make_callback_event(state="done", change_type="del_follow_user")
    old = make_callback_event(received_at=now() - timedelta(days=3))
    assert rows(as_admin.get(url("inbox"))) == [done.pk, dead.pk]
    assert rows(as_admin.get(url("inbox", state="dead", window="7d"))) == [old.pk, dead.pk]
    assert rows(as_admin.get(url("inbox", kind="del_follow"))) == [done.pk]


def test_the_chips_say_how_many_there_are(as_admin):
    make_callback_event()
    make_outbox_call(created_at=now() - timedelta(days=60))
    make_job()
    counts = {}
    for name in ("inbox", "outbox", "jobs"):
        states = as_admin.get(url(name)).context["listing"].states
        counts[name] = {state.value: state.count for state in states}
    assert counts["inbox"] == {"pending": 0, "done": None, "ignored": None, "dead": 1}
    assert (counts["outbox"]["uncertain"], counts["outbox"]["done"]) == (1, None)
    assert (counts["jobs"]["dead"], counts["jobs"]["done"]) == (1, None)


def test_a_count_ends_at_its_limit(as_admin, monkeypatch):
    monkeypatch.setattr(operator_lists, "COUNTED", 2)
    for name, make in MAKERS.items():
        for _n in range(4):
            make()
        assert " 2+</a>" in as_admin.get(url(name)).text


@pytest.mark.parametrize("name", MAKERS)
def test_a_rare_row_is_looked_for_a_span_at_a_time(as_admin, monkeypatch, name):
    monkeypatch.setattr(operator_lists, "SPAN", 5)
    rare = {"inbox": {"event": "rare"}, "outbox": {"kind": "rare"}, "jobs": {"task": "a.rare"}}
    wanted = MAKERS[name](**rare.get(name, {"path": "rare"}))
    for _n in range(8):
        MAKERS[name]()
    first = as_admin.get(url(name, kind="rare"))
    assert rows(first) == []
    assert "往前找" in first.text
    second = as_admin.get(url(name, kind="rare", after=first.context["listing"].next_after))
    assert rows(second) == [wanted.pk]
    assert second.context["listing"].next_after is None


def test_nobody_is_sent_further_back_than_the_window(as_admin, monkeypatch):
    monkeypatch.setattr(operator_lists, "SPAN", 5)
    make_callback_event(received_at=now() - timedelta(days=3))
    for _n in range(5):
        make_callback_event()
    assert as_admin.get(url("inbox", kind="rare")).context["listing"].next_after is None
    assert as_admin.get(url("inbox", kind="rare", window="7d")).context["listing"].next_after


def test_what_is_open_is_listed_whatever_its_age(as_admin):
    event = make_callback_event(received_at=now() - timedelta(days=60))
    assert rows(as_admin.get(url("inbox", state="dead"))) == [event.pk]
    call = make_outbox_call(created_at=now() - timedelta(days=60))
    job = make_job(enqueued_at=now() - timedelta(days=60))
    assert rows(as_admin.get(url("outbox", state="uncertain"))) == [call.pk]
    assert rows(as_admin.get(url("jobs", state="dead"))) == [job.pk]


def test_calls_are_found_by_outcome_path_and_code(as_admin):
    fine = make_api_call(errcode=0, path="externalcontact/get")
    refused = make_api_call(errcode=48002, path="externalcontact/list")
    lost = make_api_call(errcode=None, failure="timeout")
    assert rows(as_admin.get(url("calls", state="ok"))) == [fine.pk]
    assert rows(as_admin.get(url("calls", state="refused"))) == [refused.pk]
    assert rows(as_admin.get(url("calls", state="lost"))) == [lost.pk]
    assert rows(as_admin.get(url("calls", kind="externalcontact/"))) == [refused.pk, fine.pk]
    assert rows(as_admin.get(url("calls", errcode=48002))) == [refused.pk]
    page = as_admin.get(url("calls")).text
    assert "应用不在“可调用接口的应用”里" in page
    assert "等太久没有回应" in page


def test_jobs_are_found_by_task_and_lane(as_admin):
    job = make_job(task="guideapp.members.services.reconcile.reconcile_all")
    make_job(lane="normal")
    assert rows(as_admin.get(url("jobs", kind="reconcile"))) == [job.pk]
    assert rows(as_admin.get(url("jobs", lane="bulk"))) == [job.pk]


SECRETS = ("SECRETCODE", "13800002046", "秘密的话", "TOKENVALUE", "Zhou Wanqing")


def test_no_page_shows_a_code_a_phone_a_text_or_a_name(as_admin):
    event = make_callback_event(
        fields={"WelcomeCode": "SECRETCODE", "Mobile": "13800002046", "Name": "Zhou Wanqing"},
        error="django.db.utils.IntegrityError: Key (name)=(Zhou Wanqing) 13800002046",
    )
    call = make_outbox_call(
        payload={"text": "秘密的话", "userids": ["linxm"], "welcome_code": "SECRETCODE"},
        error="message/send: 40003 access_token=TOKENVALUE",
    )
    job = make_job(args=["秘密的话", 3], error="ValueError: Zhou Wanqing 13800002046")
    pages = [
        as_admin.get(address).text
        for address in (
            *(url(name) for name in MAKERS),
            url("event", event.pk),
            url("call", call.pk),
            url("job", job.pk),
        )
    ]
    assert [secret for secret in SECRETS if any(secret in page for page in pages)] == []
    assert "已隐藏，10 个字" in pages[4]
    assert "linxm" in pages[5]
    assert "IntegrityError" in pages[4]


def test_a_traceback_is_shown_as_places_in_our_code(as_admin):
    page = as_admin.get(url("job", make_job().pk)).text
    assert "guideapp/core/jobs/prune.py:30 prune_ledger" in page


def test_a_dead_event_is_replayed_once_with_who_and_why(as_admin):
    event = make_callback_event(event="change_external_tag", change_type="shuffle")
    as_admin.post(url("replay", event.pk), WHY)
    second = as_admin.post(url("replay", event.pk), WHY, follow=True)
    event.refresh_from_db()
    assert event.state == CallbackEvent.State.PENDING
    assert Job.objects.filter(dedupe_key=f"inbox:{event.pk}").count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == (as_admin.guide.userid, "inbox.replay")
    assert (entry.subject, entry.reason) == (f"event:{event.pk}", WHY["reason"])
    assert "没有再做一次" in second.text
    assert WHY["reason"] in second.text


def test_an_act_without_a_reason_is_not_done(as_admin):
    event, call, job, asked = (make() for make in MAKERS.values())
    for address in (
        url("replay", event.pk),
        url("send_again", call.pk),
        url("drop", call.pk),
        url("run_again", job.pk),
        url("repeat", asked.pk),
        url("replay_dead"),
    ):
        form = {"reason": " ", "seen": 1, "about": "linxm"}
        assert as_admin.post(address, form).status_code == 422
    assert not AuditEntry.objects.exists()


def test_an_event_that_nobody_handles_is_not_replayed(as_admin):
    event = make_callback_event(event="something_new", state="ignored")
    assert "这类事件用不到" in as_admin.get(url("event", event.pk)).text
    assert as_admin.post(url("replay", event.pk), WHY).status_code == 409


def test_all_dead_events_are_replayed_by_one_job(as_admin):
    dead = [
        make_callback_event(event="change_external_tag", change_type="create") for _n in range(3)
    ]
    make_callback_event(event="something_new")
    for _twice in range(2):
        response = as_admin.post(url("replay_dead"), WHY)
    assert response["Location"] == f"{url('inbox')}?done=4"
    run_due(limit=1)
    pending = CallbackEvent.objects.filter(state="pending").values_list("pk", flat=True)
    assert sorted(pending) == [event.pk for event in dead]
    assert Job.objects.filter(dedupe_key__startswith="inbox:", state="ready").count() == 3
    assert "4 个放弃的事件开始重放" in as_admin.get(response["Location"]).text


def test_an_uncertain_call_warns_and_is_sent_again_once(as_admin):
    call = make_outbox_call()
    assert "可能已经送到" in as_admin.get(url("call", call.pk)).text
    for _twice in range(2):
        as_admin.post(url("send_again", call.pk), WHY | {"seen": 1})
    call.refresh_from_db()
    assert call.state == OutboxCall.State.WAITING
    assert Job.objects.count() == 1
    assert AuditEntry.objects.get().detail == {"kind": "message_text", "was": "uncertain"}


def test_a_second_tap_after_the_worker_was_there_sends_nothing(as_admin):
    call = make_outbox_call(attempts=2)  # the first tap's attempt is the second one
    response = as_admin.post(url("send_again", call.pk), WHY | {"seen": 1}, follow=True)
    call.refresh_from_db()
    assert call.state == OutboxCall.State.UNCERTAIN
    assert "没有再做一次" in response.text


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "send_welcome", "payload": {"text": "你好"}},
        {"expires_at": now()},
        {"state": "done"},
        {"kind": "of_an_old_version"},
    ],
)
def test_what_cannot_be_sent_again_is_refused(as_admin, fields):
    call = make_outbox_call(**fields)
    assert "重发</button>" not in as_admin.get(url("call", call.pk)).text
    response = as_admin.post(url("send_again", call.pk), WHY | {"seen": 1})
    assert response.status_code == 409
    assert not Job.objects.exists()


def test_a_call_is_dropped_for_good(as_admin):
    call = make_outbox_call(state="waiting")
    for _twice in range(2):
        as_admin.post(url("drop", call.pk), WHY | {"seen": 1})
    call.refresh_from_db()
    assert call.state == OutboxCall.State.DROPPED
    assert AuditEntry.objects.get().action == "outbox.drop"
    assert "已经作废" in as_admin.get(url("call", call.pk)).text


def test_a_dead_job_runs_again_with_all_its_attempts(as_admin):
    job = make_job()
    for _twice in range(2):
        as_admin.post(url("run_again", job.pk), WHY | {"seen": 5})
    assert AuditEntry.objects.get().action == "job.retry"
    run_due()
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 1)


def test_a_second_tap_on_a_job_that_died_again_does_nothing(as_admin):
    job = make_job(fence=6)
    response = as_admin.post(url("run_again", job.pk), WHY | {"seen": 5})
    assert response["Location"].endswith("done=no")
    assert Job.objects.get().state == Job.State.DEAD


def test_a_job_whose_twin_waits_is_left_to_it(as_admin):
    make_job(state="ready", dedupe_key="twin")
    job = make_job(dedupe_key="twin")
    as_admin.post(url("run_again", job.pk), WHY | {"seen": 5})
    job.refresh_from_db()
    assert job.state == Job.State.DEAD
    assert not AuditEntry.objects.exists()


def test_a_job_of_a_row_leads_to_the_row(as_admin):
    event = make_callback_event()
    job = make_job(task="guideapp.wecom.inbox.handle_event", args=[event.pk])
    assert url("event", event.pk) in as_admin.get(url("job", job.pk)).text
    assert as_admin.post(url("run_again", job.pk), WHY | {"seen": 5}).status_code == 422


def test_a_call_of_the_ledger_leads_to_what_made_it(as_admin):
    call = make_outbox_call()
    job = make_job(task="guideapp.wecom.outbox.deliver", args=[call.pk])
    asked = make_api_call(path="message/send", request_id=f"job-{job.pk}")
    assert url("call", call.pk) in as_admin.get(url("api_call", asked.pk)).text
    assert as_admin.post(url("repeat", asked.pk), WHY).status_code == 409


def test_a_read_by_name_asks_about_somebody_who_is_there(as_admin):
    contact = make_contact()
    by_path = {
        "user/get": as_admin.guide.userid,
        "externalcontact/get": contact.external_userid,
        "user/list": "1",
    }
    for path, about in by_path.items():
        page = as_admin.get(url("api_call", make_api_call(path=path).pk))
        assert page.context["form"]["about"].value() == about


@pytest.mark.parametrize("about", ["", "13800002046 x", "张三"])
def test_a_read_needs_an_id_to_ask_about(as_admin, about):
    asked = make_api_call()
    response = as_admin.post(url("repeat", asked.pk), WHY | {"about": about})
    assert response.status_code == 422
    assert not Job.objects.exists()


def test_the_health_line_costs_a_fixed_number_of_queries(as_admin, django_assert_num_queries):
    for make in MAKERS.values():
        for _n in range(3):
            make()
    with django_assert_num_queries(13):  # session, guide, last check, and ten small reads
        as_admin.get(reverse("workbench:wecom"))


def test_the_health_line_says_what_is_wrong(as_admin):
    make_callback_event(state="pending", received_at=now() - timedelta(hours=1))
    make_job(state="ready", lane="urgent", run_at=now() - timedelta(seconds=20))
    WorkerHeartbeat.objects.create(worker="w", lanes="urgent,normal", beat_at=now())
    Credential.objects.create(
        corp_id="c", agent_id=1, kind="access_token", value="TOKENVALUE", expires_at=now()
    )
    for code in (0, 0, 0, 40003):
        make_api_call(errcode=code)
    response = as_admin.get(reverse("workbench:wecom"))
    found = response.context["health"]
    assert {queue.label: queue.verdict for queue in found.queues if queue.count} == {
        "收到的事件": "bad",
        "后台任务 urgent": "warn",
    }
    assert [(lane.name, lane.verdict) for lane in found.lanes] == [
        ("urgent", "ok"),
        ("normal", "ok"),
        ("bulk", "bad"),
    ]
    assert (found.keys_verdict, found.calls.rate, found.calls.verdict) == ("bad", 0.25, "bad")
    assert "TOKENVALUE" not in response.text


def test_what_was_given_up_is_on_the_health_line_and_leads_to_its_list(as_admin):
    make_callback_event(state="dead")
    make_outbox_call(state="failed")
    make_job(state="dead")
    response = as_admin.get(reverse("workbench:wecom"))
    queues = response.context["health"].queues
    assert {queue.label: queue.verdict for queue in queues if queue.count} == {
        "放弃的事件": "bad",
        "没发成的": "warn",
        "放弃的任务": "bad",
    }
    for name, state in (("inbox", "dead"), ("outbox", "failed"), ("jobs", "dead")):
        assert url(name, state=state) in response.text


def test_a_machine_with_a_wrong_clock_is_on_the_health_line(as_admin):
    WorkerHeartbeat.objects.create(worker="w", lanes="urgent", beat_at=now(), seconds_ahead=-90)
    response = as_admin.get(reverse("workbench:wecom"))
    assert response.context["health"].clock_verdict == "warn"
    assert "差 90 秒" in response.text


def test_the_health_line_shows_what_is_left_of_the_budget(as_admin):
    at = int(now().timestamp())
    CallBudget.objects.create(
        path="user/get", minute=at // 60, minute_used=100, hour=at // 3600, hour_used=200
    )
    (quota,) = as_admin.get(reverse("workbench:wecom")).context["health"].quotas
    assert quota.hour_left == quota.usage.hour_budget - 200
    assert quota.minute_left in {quota.usage.minute_budget - 100, quota.usage.minute_budget}


def test_a_quiet_night_is_worth_a_look(as_admin):
    make_callback_event(state="done", received_at=now() - timedelta(hours=13))
    assert as_admin.get(reverse("workbench:wecom")).context["health"].callback_verdict == "warn"


def test_runs_of_readings_are_kept_with_what_they_found(as_admin):
    assert "这段时间没有同步" in as_admin.get(url("sync")).text
    cursor = SyncCursor.objects.create(name="members.all", started_at=now() - timedelta(hours=3))
    cursor.finished_at, cursor.report = now(), {"guides": 3812}
    cursor.save()
    cursor.started_at, cursor.finished_at, cursor.report = now(), None, {"guides": 7}
    cursor.save()
    SyncCursor.objects.create(
        name="address_book",
        started_at=now(),
        finished_at=now(),
        report={"people": 7, "joined": {"count": 2, "guides": [1, 2]}},
    )
    page = as_admin.get(url("sync")).text
    assert "导购 3,812" in page
    assert "导购 7" in page
    assert "新来 2" in page


def test_runs_are_found_by_reading_and_state(as_admin, django_assert_num_queries):
    cursor = SyncCursor.objects.create(name="members.all", started_at=now() - timedelta(hours=3))
    cursor.started_at = now()  # the run before was never finished
    cursor.save()
    SyncCursor.objects.create(name="departments", started_at=now(), finished_at=now())
    with django_assert_num_queries(5):
        states = as_admin.get(url("sync")).context["listing"].states
    assert {state.value: state.count for state in states} == {"running": 1, "done": 1, "cut": 1}
    assert len(rows(as_admin.get(url("sync", kind="members.all")))) == 2
    assert len(rows(as_admin.get(url("sync", state="cut")))) == 1


def test_old_runs_are_pruned_and_the_set_up_check_is_no_reading(as_admin):
    SyncCursor.objects.create(name="members.all", started_at=now() - timedelta(days=40))
    SyncCursor.objects.create(name="wecom.check", started_at=now())
    prune_runs.call()
    assert not SyncRun.objects.exists()


def test_an_unknown_row_is_not_found(as_admin):
    for name in ("event", "call", "job", "api_call"):
        assert as_admin.get(url(name, 99999)).status_code == 404


def test_times_are_shanghai_times(as_admin):
    call = make_api_call()
    page = as_admin.get(url("calls")).text
    assert f"{call.at.astimezone(SHANGHAI):%m-%d %H:%M:%S}" in page
