"""The worker's threads: quick to wake, each lane by its own, gentle to stop."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from guideapp.core.clock import now
from guideapp.core.jobs import lanes, ledger, schedule, worker
from guideapp.core.jobs.models import Job, WorkerHeartbeat
from guideapp.core.jobs.worker import Workers, run_due, start_threads
from guideapp.core.models import AuditEntry
from tests.core import job_tasks
from tests.core.processes import end, manage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Workers]]:
    """Start worker threads, without the product's own schedule, that end with the test."""
    monkeypatch.setattr(schedule, "_schedules", {})
    started: list[Workers] = []

    def start_some(*names: str) -> Workers:
        started.append(start_threads(names or ("urgent", "normal", "bulk")))
        return started[-1]

    job_tasks.door.clear()
    job_tasks.arrived.clear()
    yield start_some
    job_tasks.door.set()
    for workers in started:
        workers.stop()


def until(claim: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until `claim` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not claim():
        assert time.monotonic() < deadline, "it never came true"
        pause.wait(0.02)


def ran() -> list[str]:
    """What the jobs noted, in the order they ran."""
    return list(AuditEntry.objects.order_by("pk").values_list("subject", flat=True))


def latency_of(subject: str) -> float:
    """Seconds between the moment a job was made due and its end."""
    job = Job.objects.get(args=[subject])
    assert job.finished_at is not None
    return (job.finished_at - job.enqueued_at).total_seconds()


def fill_bulk(count: int) -> None:
    """Let `count` small jobs wait in the bulk lane."""
    row = {
        "task": job_tasks.do_nothing.module_path,
        "lane": "bulk",
        "run_at": now(),
        "enqueued_at": now(),
    }
    Job.objects.bulk_create([Job(**row) for _ in range(count)], batch_size=500)


def test_a_job_runs_soon_after_the_commit_that_made_it_due(start: Any) -> None:
    start()
    until(WorkerHeartbeat.objects.exists)
    job_tasks.note.enqueue("quick")
    until(lambda: ran() == ["quick"])
    until(lambda: Job.objects.get().state == Job.State.DONE)
    assert latency_of("quick") < 0.5


def test_a_job_of_an_open_transaction_is_not_seen(start: Any) -> None:
    start()
    with transaction.atomic():
        job_tasks.note.enqueue("later")
        threading.Event().wait(0.3)
        assert Job.objects.get().state == Job.State.READY
    until(lambda: ran() == ["later"])


def test_ten_thousand_bulk_jobs_do_not_delay_an_urgent_one(start: Any) -> None:
    fill_bulk(10_000)
    start()
    until(lambda: Job.objects.filter(state=Job.State.DONE).exists())
    for number in range(10):
        job_tasks.note.using(queue_name="urgent").enqueue(str(number))
        until(lambda: ran()[-1:] == [str(number)])  # noqa: B023 -- called within this round
    until(lambda: not Job.objects.filter(lane="urgent").exclude(state=Job.State.DONE).exists())
    assert max(latency_of(str(number)) for number in range(10)) < 0.5
    assert Job.objects.filter(lane="bulk", state=Job.State.READY).exists()


def test_a_long_bulk_job_does_not_stop_urgent_work(start: Any) -> None:
    start()
    job_tasks.wait_at_the_door.using(queue_name="bulk").enqueue("long")
    until(job_tasks.arrived.is_set)
    job_tasks.note.using(queue_name="urgent").enqueue("urgent")
    until(lambda: ran() == ["urgent"])


def test_jobs_behind_a_slow_one_are_given_to_another_thread(start: Any) -> None:
    job_tasks.wait_at_the_door.enqueue("slow")
    for number in range(5):
        job_tasks.note.enqueue(str(number))
    start()
    until(lambda: len(ran()) == 5)
    assert "slow" not in ran()


def test_lanes_that_were_not_asked_for_stay_untouched(start: Any) -> None:
    start("urgent")
    job_tasks.note.enqueue("normal")
    job_tasks.note.using(queue_name="urgent").enqueue("urgent")
    until(lambda: ran() == ["urgent"])
    assert Job.objects.get(lane="normal").state == Job.State.READY


def test_a_job_whose_worker_was_killed_is_run_by_the_next_worker(start: Any) -> None:
    job_tasks.note.enqueue("again")
    lost = ledger.claim("normal", worker="killed", limit=1, lease_seconds=30)[0]
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    start()
    until(lambda: ran() == ["again"])
    assert ledger.finish(lost, None) is False


def test_a_running_job_keeps_its_lease(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    short = lanes.Lane("normal", 1, 1, 1, 60, first_wait_seconds=1, wait_factor=2)
    monkeypatch.setitem(lanes.LANES, "normal", short)
    start("normal")
    job_tasks.wait_at_the_door.enqueue("slow")
    until(job_tasks.arrived.is_set)
    threading.Event().wait(1.5)  # longer than the lease
    assert ledger.reap() == 0
    job_tasks.door.set()
    until(lambda: Job.objects.get().state == Job.State.DONE)
    assert Job.objects.get().attempts == 1


def test_a_job_that_hangs_loses_its_lease_at_the_deadline(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = lanes.Lane("normal", 1, 1, 1, 1, first_wait_seconds=1, wait_factor=2)
    monkeypatch.setitem(lanes.LANES, "normal", short)
    start("normal")
    job_tasks.wait_at_the_door.enqueue("hangs")
    until(job_tasks.arrived.is_set)
    until(ledger.reap)
    assert Job.objects.get().state == Job.State.READY


def test_stopping_waits_for_the_running_job_and_gives_the_rest_back(start: Any) -> None:
    workers = start("normal")
    until(WorkerHeartbeat.objects.exists)
    with transaction.atomic():
        job_tasks.wait_at_the_door.enqueue("running")
        for _ in range(2):  # one for the other thread, one that has to wait
            job_tasks.wait_at_the_door.enqueue("another")
    until(lambda: Job.objects.filter(state=Job.State.RUNNING).count() >= 2)
    stopping = threading.Thread(target=lambda: (workers.stop(), connection.close()))
    stopping.start()
    until(workers._stopping.is_set)
    job_tasks.door.set()
    stopping.join(10)
    done = Job.objects.filter(state=Job.State.DONE).count()
    assert done == len(ran()) >= 1
    assert not Job.objects.filter(state=Job.State.RUNNING).exists()
    assert all(job.attempts == 0 for job in Job.objects.filter(state=Job.State.READY))


def test_a_worker_says_that_it_lives_and_signs_off(start: Any, client: Any) -> None:
    assert client.get("/readyz").json()["worker"] is False
    workers = start("urgent", "bulk")
    until(WorkerHeartbeat.objects.exists)
    assert WorkerHeartbeat.objects.get().lanes == "urgent,bulk"
    assert client.get("/readyz").json()["worker"] is True
    workers.stop()
    assert not WorkerHeartbeat.objects.exists()


def test_a_worker_outlives_trouble_with_the_database(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = start("normal")
    troubles = [OperationalError("database is locked")] * 2

    def fail_twice() -> bool:
        if troubles:
            raise troubles.pop()
        return True

    monkeypatch.setattr(worker, "_TROUBLE_SECONDS", 0.01)
    assert workers._tried(fail_twice) is True
    assert workers._tried(fail_twice) is True
    job_tasks.note.enqueue("still there")
    until(lambda: ran() == ["still there"])


def test_many_writers_and_the_worker_share_the_database(start: Any) -> None:
    start()

    def write(name: int) -> None:
        for number in range(20):
            job_tasks.note.enqueue(f"{name}-{number}")
        connection.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    until(lambda: len(ran()) == 80, seconds=20)
    assert len(set(ran())) == 80


def test_two_workers_never_run_the_same_job(start: Any) -> None:
    for number in range(200):
        job_tasks.note.enqueue(str(number))
    start("normal")
    start("normal")
    until(lambda: not Job.objects.exclude(state=Job.State.DONE).exists(), seconds=20)
    assert len(ran()) == len(set(ran())) == 200


def test_a_lane_that_does_not_exist_is_an_operators_mistake() -> None:
    with pytest.raises(CommandError, match="urgent, normal, bulk"):
        call_command("worker", lanes="urgent,leisurely")


def test_the_worker_command_works_and_ends_at_sigterm() -> None:
    job_tasks.note.enqueue("by another process")
    process = manage("worker", "--lanes", "normal", stdout=subprocess.PIPE)
    try:
        until(lambda: ran() == ["by another process"], seconds=120)
        until(lambda: run_due() == 0)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)
    finally:
        end(process)
    assert said.decode().splitlines() == ["Working on normal.", "Stopped."]
    assert process.returncode == 0
