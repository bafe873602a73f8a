"""The ledger: nothing lost, nothing before its time, nothing finished by who lost it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.tasks import TaskResultStatus
from django.tasks.exceptions import InvalidTask, TaskResultDoesNotExist

from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.lanes import LANES
from guideapp.core.jobs.models import Job, ScheduleSlot, WorkerHeartbeat
from guideapp.core.jobs.prune import prune_ledger
from guideapp.core.jobs.signals import job_died
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from tests.core import job_tasks

pytestmark = pytest.mark.django_db


def ran() -> list[str]:
    """What the jobs noted, in the order they ran."""
    return list(AuditEntry.objects.order_by("pk").values_list("subject", flat=True))


def claim_one(lane: str = "normal") -> Job:
    """Claim one job as a worker that may be killed would."""
    return ledger.claim(lane, worker="killed", limit=1, lease_seconds=30)[0]


def lapse(job: Job) -> None:
    """Let the lease run out, as it does when the worker was killed."""
    Job.objects.filter(pk=job.pk).update(lease_until=now() - timedelta(seconds=1))


def skip_the_wait() -> None:
    """Let the next attempt be due."""
    Job.objects.filter(state=Job.State.READY).update(run_at=now())


def test_a_job_runs_and_keeps_its_result() -> None:
    waiting = job_tasks.note.enqueue("hello")
    assert waiting.status == TaskResultStatus.READY
    assert run_due() == 1
    waiting.refresh()
    assert waiting.status == TaskResultStatus.SUCCESSFUL
    assert waiting.return_value == "hello"
    assert ran() == ["hello"]


def test_a_job_is_undone_with_the_transaction_that_made_it_due() -> None:
    with transaction.atomic():
        job_tasks.note.enqueue("never")
        transaction.set_rollback(True)
    assert run_due() == 0


def test_urgent_runs_before_normal_before_bulk_and_a_higher_priority_first() -> None:
    job_tasks.note.using(queue_name="bulk").enqueue("bulk")
    job_tasks.note.enqueue("normal")
    job_tasks.note.using(priority=5).enqueue("normal, pressing")
    job_tasks.note.using(queue_name="urgent").enqueue("urgent")
    assert run_due() == 4
    assert ran() == ["urgent", "normal, pressing", "normal", "bulk"]


def test_only_the_lanes_asked_for_run() -> None:
    job_tasks.note.enqueue("normal")
    assert run_due(("urgent", "bulk")) == 0


def test_a_job_waits_for_its_time() -> None:
    job_tasks.note.using(run_after=now() + timedelta(hours=1)).enqueue("later")
    assert run_due() == 0
    with time_machine.travel(now() + timedelta(hours=1), tick=False):
        assert run_due() == 1


def test_a_lane_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidTask):
        job_tasks.note.using(queue_name="leisurely")


@pytest.mark.parametrize("unknown", ["0", "x", "99999999"])
def test_an_unknown_result_says_so(unknown: str) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        job_tasks.note.get_result(unknown)


def test_a_failing_job_gets_five_attempts_that_wait_longer_each_time_and_then_dies() -> None:
    job_tasks.note_attempt.enqueue()
    waits = []
    for _ in range(5):
        assert run_due() == 1
        waits.append((Job.objects.get().run_at - now()).total_seconds())
        skip_the_wait()
    job = Job.objects.get()
    assert ran() == [f"attempt {n}" for n in (1, 2, 3, 4, 5)]
    assert (job.state, job.attempts) == (Job.State.DEAD, 5)
    assert waits[:4] == sorted(waits[:4])
    assert waits[0] > 0
    assert run_due() == 0


@pytest.mark.parametrize("lane", ["urgent", "normal", "bulk"])
def test_waits_differ_by_chance_so_that_failures_do_not_come_back_together(lane: str) -> None:
    waits = {LANES[lane].wait_seconds(2) for _ in range(10)}
    assert len(waits) > 1
    assert max(waits) <= 3 * min(waits)


def test_the_error_that_is_kept_names_no_phone_and_no_token() -> None:
    waiting = job_tasks.note_attempt.enqueue()
    run_due()
    waiting.refresh()
    assert waiting.errors[0].exception_class is ValueError
    assert "****5678 with access_token=***" in waiting.errors[0].traceback
    assert "13812345678" not in waiting.errors[0].traceback


def test_a_task_that_is_gone_is_a_failure_like_any_other() -> None:
    job_tasks.note.enqueue("x")
    Job.objects.update(task="tests.core.job_tasks.removed")
    assert run_due() == 1
    assert Job.objects.get().error_class == "builtins.ImportError"


def test_a_task_may_ask_for_another_time_without_using_up_an_attempt() -> None:
    job_tasks.come_back_later.enqueue()
    at = now()
    for minutes in range(20):
        with time_machine.travel(at + timedelta(minutes=minutes, seconds=5), tick=False):
            assert run_due() == 1
    job = Job.objects.get()
    assert (job.state, job.attempts) == (Job.State.READY, 0)


def test_a_task_cannot_put_itself_off_for_ever() -> None:
    job_tasks.come_back_later.enqueue()
    Job.objects.update(enqueued_at=now() - timedelta(days=4))
    run_due()
    assert Job.objects.get().state == Job.State.DEAD


def test_giving_up_ends_a_job_at_once_and_is_announced() -> None:
    heard = []

    def listen(sender: type, task: str, args: list[str], error: str, **_: object) -> None:
        heard.append((task, args, error))

    job_died.connect(listen)
    job_tasks.give_up.enqueue()
    run_due()
    job_died.disconnect(listen)
    assert Job.objects.get().state == Job.State.DEAD
    last = "guideapp.core.jobs.errors.GiveUp: the customer is gone"
    assert heard == [("tests.core.job_tasks.give_up", [], last)]


def test_a_database_error_in_a_task_does_not_spoil_the_callers_transaction() -> None:
    job_tasks.break_a_statement.enqueue()
    job_tasks.note.enqueue("after it")
    assert run_due() == 2
    assert ran() == ["after it"]


def test_a_killed_workers_job_runs_again_and_the_old_claim_can_no_longer_finish_it() -> None:
    job_tasks.note.enqueue("once more")
    lost = claim_one()
    assert run_due() == 0
    lapse(lost)
    assert run_due() == 1
    assert ran() == ["once more"]
    assert ledger.finish(lost, "late") is False
    assert ledger.fail(lost, "late", "Late") is False
    assert ledger.renew(lost, lease_seconds=30) is False
    assert Job.objects.get().result == "once more"


def test_the_old_claim_cannot_finish_a_job_that_was_claimed_again() -> None:
    job_tasks.note.enqueue("x")
    lost = claim_one()
    lapse(lost)
    assert ledger.reap() == 1
    again = claim_one()
    assert again.fence == lost.fence + 1
    assert ledger.finish(lost, None) is False
    assert ledger.finish(again, None) is True


def test_a_renewed_lease_is_not_reaped() -> None:
    job_tasks.note.enqueue("slow")
    job = claim_one()
    lapse(job)
    assert ledger.renew(job, lease_seconds=30) is True
    assert ledger.reap() == 0


def test_a_job_that_kills_its_worker_each_time_is_given_up() -> None:
    job_tasks.note.enqueue("poison")
    for _ in range(5):
        lapse(claim_one())
        ledger.reap()
    job = Job.objects.get()
    assert (job.state, job.error_class) == (Job.State.DEAD, "LeaseLapsed")


def test_a_job_given_back_before_it_began_has_lost_no_attempt() -> None:
    job_tasks.note.enqueue("x")
    ledger.release([claim_one()])
    job = Job.objects.get()
    assert (job.state, job.attempts) == (Job.State.READY, 0)


def test_two_claims_never_share_a_job() -> None:
    for number in range(5):
        job_tasks.note.enqueue(str(number))
    first = ledger.claim("normal", worker="a", limit=3, lease_seconds=30)
    second = ledger.claim("normal", worker="b", limit=3, lease_seconds=30)
    assert [len(first), len(second)] == [3, 2]
    assert [job.args for job in first] == [["0"], ["1"], ["2"]]


def test_one_job_waits_per_key_and_keeps_the_earlier_time() -> None:
    late = now() + timedelta(hours=2)
    early = now() + timedelta(hours=1)
    enqueue_once(job_tasks.note, "a", dedupe_key="sync:1", run_after=late)
    enqueue_once(job_tasks.note, "a", dedupe_key="sync:1", run_after=early)
    enqueue_once(job_tasks.note, "a", dedupe_key="sync:1", run_after=late)
    enqueue_once(job_tasks.note, "b", dedupe_key="sync:2")
    assert Job.objects.get(dedupe_key="sync:1").run_at == early
    assert run_due() == 1


def test_a_running_job_does_not_stand_in_for_a_new_one() -> None:
    enqueue_once(job_tasks.note, "a", dedupe_key="sync:1")
    running = claim_one()
    enqueue_once(job_tasks.note, "a", dedupe_key="sync:1")
    assert ledger.finish(running, None) is True
    assert run_due() == 1


def test_a_failed_job_yields_to_the_newer_one_with_its_key() -> None:
    enqueue_once(job_tasks.note, "a", dedupe_key="sync:1")
    running = claim_one()
    enqueue_once(job_tasks.note, "a", dedupe_key="sync:1")
    assert ledger.fail(running, "no answer", "Timeout") is True
    assert Job.objects.filter(state=Job.State.READY).count() == 1
    assert ledger.reap() == 0


def test_adding_a_job_is_one_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        job_tasks.note.enqueue("x")
    with django_assert_num_queries(1):
        enqueue_once(job_tasks.note, "x", dedupe_key="k")


def test_a_claim_is_one_statement_however_many_jobs_wait(django_assert_num_queries) -> None:
    for number in range(30):
        job_tasks.note.enqueue(str(number))
    with django_assert_num_queries(1):
        ledger.claim("normal", worker="w", limit=20, lease_seconds=30)


def test_the_claim_reads_the_index_of_waiting_jobs() -> None:
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    query = (
        "SELECT id FROM core_job WHERE state = 'ready' AND lane = 'bulk' AND run_at <= %s"
        " ORDER BY priority DESC, run_at LIMIT 20"
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(explain + query, [str(now())])
        plan = str(cursor.fetchall())
    assert "job_waiting" in plan
    assert "TEMP B-TREE" not in plan


def test_old_finished_rows_are_thrown_away_and_waiting_ones_never() -> None:
    old = now() - timedelta(days=400)
    job_tasks.note.enqueue("done long ago")
    run_due()
    job_tasks.give_up.enqueue()
    run_due()
    Job.objects.update(finished_at=old, enqueued_at=old)
    job_tasks.note.using(run_after=now() + timedelta(days=1)).enqueue("still to come")
    Job.objects.filter(state=Job.State.READY).update(enqueued_at=old)
    for days in (400, 390):
        ScheduleSlot.objects.create(name="yearly", slot_at=now() - timedelta(days=days))
    WorkerHeartbeat.objects.create(worker="gone", lanes="bulk", beat_at=old)
    prune_ledger.call()
    assert [job.args for job in Job.objects.all()] == [["still to come"]]
    assert ScheduleSlot.objects.get().slot_at > now() - timedelta(days=391)
    assert not WorkerHeartbeat.objects.exists()
