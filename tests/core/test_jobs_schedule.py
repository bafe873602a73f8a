"""Periodic work: one job a slot, at Shanghai times, missed slots by their rule."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from guideapp.core.jobs import schedule
from guideapp.core.jobs.models import Job, ScheduleSlot
from guideapp.core.jobs.schedule import Clockwork, periodic, schedules
from tests.core import job_tasks

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 3, 2, 1, 0, 5, tzinfo=UTC)  # 09:00:05 in Shanghai


@pytest.fixture(autouse=True)
def only_ours() -> Iterator[None]:
    """Each test declares its own schedules; the product's come back afterwards."""
    kept = dict(schedule._schedules)
    schedule._schedules.clear()
    yield
    schedule._schedules.clear()
    schedule._schedules.update(kept)


def tick_at(moment: datetime, clockwork: Clockwork | None = None) -> int:
    """Let a worker look at the clock at `moment`; a new one unless given."""
    with time_machine.travel(moment, tick=False):
        return (clockwork or Clockwork()).tick()


def test_a_due_slot_is_enqueued_once_however_many_workers_look() -> None:
    periodic("0 9 * * *", name="greet")(job_tasks.do_nothing)
    assert [tick_at(NINE), tick_at(NINE), tick_at(NINE + timedelta(minutes=1))] == [1, 0, 0]
    assert Job.objects.count() == 1
    assert ScheduleSlot.objects.get().slot_at == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_a_slot_is_due_at_its_very_second() -> None:
    periodic("0 9 * * *", name="greet")(job_tasks.do_nothing)
    assert tick_at(datetime(2026, 3, 2, 1, 0, tzinfo=UTC)) == 1


def test_a_second_worker_that_looked_before_writes_no_second_job() -> None:
    periodic("0 9 * * *", name="greet")(job_tasks.do_nothing)
    early = Clockwork()
    tick_at(NINE - timedelta(minutes=5), early)
    assert tick_at(NINE) == 1
    assert tick_at(NINE, early) == 0


def test_times_are_shanghai_times() -> None:
    periodic("0 9 * * *", name="greet")(job_tasks.do_nothing)
    assert tick_at(datetime(2026, 3, 2, 9, 0, 5, tzinfo=UTC)) == 0


def test_a_missed_slot_is_skipped() -> None:
    periodic("0 9 * * *", name="greet")(job_tasks.do_nothing)
    tick_at(NINE)
    assert tick_at(NINE + timedelta(days=3, hours=2)) == 0


def test_a_slot_missed_by_minutes_still_runs() -> None:
    periodic("0 9 * * *", name="greet")(job_tasks.do_nothing)
    assert tick_at(NINE + timedelta(minutes=8)) == 1


def test_only_the_newest_of_several_late_slots_runs() -> None:
    periodic("* * * * *", name="greet")(job_tasks.do_nothing)
    tick_at(NINE)
    assert tick_at(NINE + timedelta(minutes=8)) == 1


def test_missed_slots_are_caught_up_where_the_rule_says_so() -> None:
    periodic("0 9 * * *", name="close_the_day", catch_up=True)(job_tasks.do_nothing)
    tick_at(NINE)
    assert tick_at(NINE + timedelta(days=3, hours=2)) == 3
    days = [slot.slot_at.day for slot in ScheduleSlot.objects.order_by("slot_at")]
    assert days == [2, 3, 4, 5]


def test_a_first_start_runs_nothing_that_was_due_before_it() -> None:
    periodic("0 9 * * *", name="close_the_day", catch_up=True)(job_tasks.do_nothing)
    assert tick_at(NINE + timedelta(hours=3)) == 0


def test_two_tasks_cannot_share_a_name() -> None:
    periodic("0 9 * * *", name="greet")(job_tasks.do_nothing)
    with pytest.raises(ValueError, match="greet"):
        periodic("0 9 * * *", name="greet")(job_tasks.give_up)
    assert [one.name for one in schedules()] == ["greet"]
