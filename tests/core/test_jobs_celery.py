"""Celery as the driver: messages wake workers, and the ledger alone decides what runs."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import transaction

from guideapp.core.clock import now
from guideapp.core.jobs import celery_driver
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.models import Job, WorkerHeartbeat
from guideapp.core.models import AuditEntry
from tests.core import job_tasks
from tests.core.processes import database_url
from tests.redis_support import ADDRESS

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "guide:jobs:normal"

type Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def broker(redis_url: str, settings: Any) -> Iterator[redis.Redis]:
    """JOBS_DRIVER=celery with an empty broker; what a test sends lies in `QUEUE`."""
    number = 12 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 4
    settings.JOBS_DRIVER = "celery"
    settings.CELERY_BROKER_URL = f"{ADDRESS}/{number}"
    celery_driver.forget_rest()
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def start(broker: redis.Redis, settings: Any) -> Iterator[Start]:
    """Start `manage.py worker` of a lane under Celery; killed at the end."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "guideapp.settings",
        "DATABASE_URL": database_url(),
        "JOBS_DRIVER": "celery",
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
    }
    started: list[subprocess.Popen[bytes]] = []

    def start_one(lane: str = "normal") -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "worker", "--lanes", lane]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE))  # noqa: S603
        until(lambda: WorkerHeartbeat.objects.exists(), seconds=60)
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def until(claim: Callable[[], Any], seconds: float = 15) -> None:
    """Wait until `claim` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not claim():
        assert time.monotonic() < deadline, "it never came true"
        pause.wait(0.02)


def ran() -> list[str]:
    """What the jobs noted, in the order they ran."""
    rows = AuditEntry.objects.filter(action="ran").order_by("pk")
    return list(rows.values_list("subject", flat=True))


def test_a_message_says_only_which_job_to_look_at(broker: redis.Redis) -> None:
    with transaction.atomic():
        job_tasks.note.enqueue("13812345678")
        assert broker.llen(QUEUE) == 0
    (message,) = broker.lrange(QUEUE, 0, -1)
    sent = json.loads(message)
    assert json.loads(base64.b64decode(sent["body"]))[0] == [Job.objects.get().pk]
    assert "13812345678" not in message.decode()
    assert "note" not in message.decode()


def test_a_job_for_later_sends_nothing_yet(broker: redis.Redis) -> None:
    job_tasks.note.using(run_after=now() + timedelta(hours=1)).enqueue("later")
    enqueue_once(job_tasks.note, "x", dedupe_key="x", run_after=now() + timedelta(hours=1))
    assert broker.llen(QUEUE) == 0
    assert celery_driver.sweep("normal") == 0


def test_a_job_asked_for_once_is_announced_by_its_row(broker: redis.Redis) -> None:
    for _ in range(2):
        enqueue_once(job_tasks.note, "once", dedupe_key="once")
    bodies = [json.loads(base64.b64decode(json.loads(row)["body"]))[0] for row in messages(broker)]
    assert bodies == [[Job.objects.get().pk]] * 2


def messages(broker: redis.Redis) -> list[bytes]:
    """What waits in the queue of the normal lane."""
    found: list[bytes] = broker.lrange(QUEUE, 0, -1)
    return found


def test_the_sweep_sends_what_lost_its_message_and_only_that(broker: redis.Redis) -> None:
    job_tasks.note.enqueue("lost")
    assert celery_driver.sweep("normal") == 0  # its message waits
    broker.flushdb()
    assert celery_driver.sweep("normal") == 1
    assert celery_driver.sweep("normal") == 0


def test_without_a_broker_the_job_is_written_and_nobody_waits(
    broker: redis.Redis, settings: Any
) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    began = time.monotonic()
    for number in range(20):
        job_tasks.note.enqueue(str(number))
    assert time.monotonic() - began < 2
    assert Job.objects.filter(state=Job.State.READY).count() == 20
    assert celery_driver.sweep("normal") == 0


def test_the_worker_runs_jobs_and_ends_at_sigterm(broker: redis.Redis, start: Start) -> None:
    process = start()
    assert WorkerHeartbeat.objects.get().lanes == "normal"
    job_tasks.note.enqueue("quick")
    until(lambda: ran() == ["quick"])
    until(lambda: Job.objects.get(args=["quick"]).state == Job.State.DONE)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    lines = said.decode().splitlines()
    assert (lines[0], lines[-1]) == ("Working on normal with Celery.", "Stopped.")
    assert process.returncode == 0
    assert not WorkerHeartbeat.objects.exists()


def test_losing_the_broker_loses_nothing_and_doubles_nothing(
    broker: redis.Redis, start: Start
) -> None:
    for number in range(30):
        job_tasks.note.enqueue(str(number))
    broker.flushdb()
    start()
    until(lambda: len(ran()) >= 10)
    broker.flushdb()
    for number in range(30, 60):
        job_tasks.note.enqueue(str(number))
    broker.flushdb()
    until(lambda: len(ran()) == 60, seconds=30)
    assert len(set(ran())) == 60


def test_a_doubled_message_has_one_effect(broker: redis.Redis, start: Start) -> None:
    job_tasks.note.enqueue("once")
    job = Job.objects.get()
    for _ in range(9):
        celery_driver.send("normal", job.pk)
    start()
    until(lambda: broker.llen(QUEUE) == 0 and ran() == ["once"])
    job_tasks.note.enqueue("after")
    until(lambda: ran() == ["once", "after"])
    assert Job.objects.get(pk=job.pk).attempts == 1


def test_a_job_whose_worker_was_killed_is_run_by_the_next(
    broker: redis.Redis, start: Start
) -> None:
    first = start()
    job_tasks.wait_at_the_door.enqueue("again")
    until(lambda: Job.objects.filter(args=["again"], state=Job.State.RUNNING).exists())
    first.kill()
    first.wait()
    Job.objects.filter(args=["again"]).update(lease_until=now() - timedelta(minutes=1))
    WorkerHeartbeat.objects.all().delete()
    start()
    until(lambda: ran() == ["again"], seconds=30)
    assert Job.objects.get(args=["again"]).attempts == 2


@pytest.mark.usefixtures("broker")
def test_a_process_works_one_lane_so_that_urgent_never_waits() -> None:
    with pytest.raises(CommandError, match="one lane"):
        call_command("worker", lanes="urgent,bulk")


@pytest.mark.parametrize(
    ("environment", "words"),
    [({"JOBS_DRIVER": "rabbit"}, "poll or celery"), ({"JOBS_DRIVER": "celery"}, "REDIS_URL")],
)
def test_a_driver_that_cannot_work_stops_the_start(environment: dict[str, str], words: str) -> None:
    asked = run_python("import guideapp.settings", **environment)
    assert asked.returncode != 0
    assert words in asked.stderr


def test_celery_is_imported_only_where_it_is_chosen() -> None:
    code = """
import sys, django
django.setup()
from django.core.management import get_commands, load_command_class
load_command_class("guideapp.core", "worker")
assert "celery" not in sys.modules and "kombu" not in sys.modules
"""
    asked = run_python(code)
    assert asked.returncode == 0, asked.stderr


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own under the product's settings."""
    return subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "guideapp.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
