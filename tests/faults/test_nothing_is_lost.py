"""The short fault run of every test run: real processes, 20 kills over 500 events.

Needs PostgreSQL's own programs, not a running server: the house has one of its own. The long run
with every fault is `make faults`.
"""

from collections.abc import Iterator

import pytest

from tests.faults import drops, scenes
from tests.faults.house import House
from tests.faults.servers import postgres_folder
from tests.faults.stream import OLD_ONLY

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(postgres_folder() is None, reason="no PostgreSQL is installed"),
]

EVENTS, KILLS = 500, 20
POISON = 2


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One house for the module; it ends with everything in it, also after a failure."""
    with House(webs=2, workers=3) as built:
        yield built


def test_kills_a_stopped_database_and_poison_lose_nothing_and_double_nothing(house: House) -> None:
    injected = scenes.everything_at_once(house, events=EVENTS, kills=KILLS, poison=POISON)
    verdict = scenes.settle(house, poison=POISON)
    assert verdict.is_clean, f"{injected}: {verdict.in_words()}"


def test_every_tap_and_every_look_counts_once_though_web_processes_die(house: House) -> None:
    injected, wrong = scenes.counted_once(house, sends=10, kills=2)
    assert not wrong, injected


def test_a_full_disk_leaves_neither_a_row_nor_half_a_file(house: House) -> None:
    assert "no row, no half file" in scenes.disk_full(house)


def test_pages_answer_while_redis_is_gone(house: House) -> None:
    assert "answered" in scenes.redis_gone(house, events=20)


def test_who_is_asked_to_stop_ends_in_time_and_leaves_no_job_behind(house: House) -> None:
    assert "0 jobs left" in scenes.terminated(house, events=20, within_seconds=25)


def test_one_cycle_of_reconciliation_repairs_what_dropped_callbacks_left(house: House) -> None:
    assert "0 differ" in drops.dropped(house, events=60, rate=0.2, mix=OLD_ONLY)
