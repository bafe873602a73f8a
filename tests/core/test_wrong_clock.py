"""A process whose clock is wrong does no harm; only a test may set one wrong."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from guideapp.core.clock import compare_clocks, now, seconds_ahead
from guideapp.core.jobs import ledger
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import due_lanes, run_due
from guideapp.env import BASE_DIR
from tests.core import job_tasks

HOUR = 3600


@pytest.fixture
def running_job(db: None) -> Job:
    """A job that another worker, whose clock is right, holds."""
    job_tasks.note.enqueue("once")
    return ledger.claim("normal", worker="right", limit=1, lease_seconds=30)[0]


def test_the_offset_moves_what_business_rules_see(settings: Any) -> None:
    settings.CLOCK_OFFSET_SECONDS = -HOUR
    with time_machine.travel("2026-03-10T04:00:00+00:00", tick=False):
        assert timezone.now() - now() == timedelta(hours=1)


def test_a_worker_that_is_an_hour_fast_takes_no_job_from_another(
    running_job: Job, settings: Any
) -> None:
    settings.CLOCK_OFFSET_SECONDS = HOUR
    assert ledger.reap() == 0
    assert ledger.claim("normal", worker="fast", limit=1, lease_seconds=30) == []
    assert ledger.finish(running_job, "done") is True


def test_a_worker_that_is_an_hour_slow_sees_a_lapsed_lease_at_once(
    running_job: Job, settings: Any
) -> None:
    Job.objects.filter(pk=running_job.pk).update(lease_until=now() - timedelta(seconds=1))
    settings.CLOCK_OFFSET_SECONDS = -HOUR
    assert ledger.reap() == 1


@pytest.fixture
def shared_database(db: None) -> None:
    """A database that processes on several machines share, and so a clock of its own."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one machine, and so one clock.")


@pytest.mark.usefixtures("shared_database")
@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_machine_with_a_wrong_clock_goes_by_the_databases(settings: Any, wrong: int) -> None:
    settings.CLOCK_OFFSET_SECONDS = wrong
    compare_clocks()
    assert abs(now() - timezone.now()) < timedelta(seconds=1)
    assert abs(seconds_ahead() - wrong) < 1


@pytest.mark.usefixtures("shared_database")
def test_what_a_fast_machine_makes_due_runs_at_once_and_not_an_hour_later(settings: Any) -> None:
    settings.CLOCK_OFFSET_SECONDS = HOUR
    compare_clocks()
    job_tasks.note.enqueue("at once")
    settings.CLOCK_OFFSET_SECONDS = 0
    compare_clocks()
    assert run_due() == 1


@pytest.mark.usefixtures("shared_database")
def test_a_fast_machine_begins_no_job_early(settings: Any) -> None:
    job_tasks.note.using(run_after=now() + timedelta(minutes=30)).enqueue("later")
    settings.CLOCK_OFFSET_SECONDS = HOUR
    compare_clocks()
    assert due_lanes(["normal"]) == []
    assert run_due() == 0


@pytest.mark.usefixtures("shared_database")
def test_clocks_that_are_in_step_are_left_alone() -> None:
    compare_clocks()
    assert seconds_ahead() == 0


def test_production_does_not_start_with_a_wrong_clock() -> None:
    production = {"DEMO": "0", "WECOM_SANDBOX": "0", "CLOCK_OFFSET_SECONDS": "60"}
    started = subprocess.run(
        [sys.executable, "-c", "import guideapp.settings"],
        cwd=BASE_DIR,
        env={**os.environ, **production},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert started.returncode == 1
    assert "CLOCK_OFFSET_SECONDS needs DEMO=1 or DEBUG=1" in started.stderr
