"""Periodic work: one row and one job per due time, however many workers keep the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import croniter
from django.db import transaction
from django.db.models import Max

from guideapp.core.clock import SHANGHAI, now
from guideapp.core.jobs.enqueue import AnyTask
from guideapp.core.jobs.models import ScheduleSlot

LATE_AT_MOST = timedelta(minutes=10)  # a slot that nobody kept by then is missed
_CATCH_UP_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task and its due times (`cron`, Shanghai time). `catch_up`: missed slots run later."""

    cron: str
    name: str
    catch_up: bool
    task: AnyTask

    def due(self, last: datetime | None, at: datetime) -> list[datetime]:
        """Slots after `last` that are to be run at `at`, oldest first. None: never ran before."""
        backwards = croniter(self.cron, at.astimezone(SHANGHAI) + timedelta(microseconds=1))
        slots: list[datetime] = []
        while len(slots) < _CATCH_UP_AT_MOST:
            slot = backwards.get_prev(datetime).astimezone(UTC)
            missed = at - slot > LATE_AT_MOST and (last is None or not self.catch_up)
            if missed or (last is not None and slot <= last):
                break
            slots.append(slot)
        return slots[::-1] if self.catch_up and last else slots[:1]


_schedules: dict[str, Schedule] = {}


def periodic(cron: str, *, name: str, catch_up: bool = False) -> Callable[[AnyTask], AnyTask]:
    """Enqueue the task at each due time of `cron` (five fields, Shanghai time).

    A slot that no worker saw within ten minutes is skipped, or with `catch_up` run later.
    """

    def register(task: AnyTask) -> AnyTask:
        known = _schedules.get(name)
        if known and known.task.module_path != task.module_path:
            raise ValueError(f"Two schedules are called {name!r}.")
        _schedules[name] = Schedule(cron, name, catch_up, task)
        return task

    return register


def schedules() -> list[Schedule]:
    """Everything that runs by the clock."""
    return list(_schedules.values())


class Clockwork:
    """Writes the jobs of due slots; remembers them, so that most ticks read nothing."""

    def __init__(self) -> None:
        self._last: dict[str, datetime] | None = None

    def tick(self) -> int:
        """Enqueue what is due and returns how many jobs this clockwork wrote."""
        at = now()
        if self._last is None:
            rows = ScheduleSlot.objects.values_list("name").annotate(last=Max("slot_at"))
            self._last = dict(rows)
        written = 0
        for schedule in schedules():
            for slot in schedule.due(self._last.get(schedule.name), at):
                written += _write(schedule, slot)
                self._last[schedule.name] = slot
        return written


@transaction.atomic
def _write(schedule: Schedule, slot: datetime) -> bool:
    """The slot and its job together; False when another worker was first."""
    _row, created = ScheduleSlot.objects.get_or_create(name=schedule.name, slot_at=slot)
    if created:
        schedule.task.enqueue()
    return created
