"""Rate counters: so many in a window, counted by whom it concerns, in one process or in all."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from guideapp.core import limits
from guideapp.core.clock import now
from guideapp.core.errors import OverLimit
from guideapp.core.limits import hit


@pytest.fixture(params=["one process", "all processes"])
def counters(request: pytest.FixtureRequest) -> None:
    """Both places to count in; the shared one is Redis."""
    if request.param == "all processes":
        request.getfixturevalue("shared_redis")


def test_the_first_over_the_limit_is_refused_until_the_window_ends() -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(3):
            hit("login", "10.0.0.1", limit=3, seconds=60)
        clock.shift(timedelta(seconds=20))
        with pytest.raises(OverLimit) as refused:
            hit("login", "10.0.0.1", limit=3, seconds=60)
        clock.shift(timedelta(seconds=41))
        hit("login", "10.0.0.1", limit=3, seconds=60)
    assert refused.value.retry_after == 40


@pytest.mark.usefixtures("counters")
def test_everybody_and_everything_is_counted_apart() -> None:
    hit("login", "10.0.0.1", limit=1, seconds=60)
    hit("login", "10.0.0.2", limit=1, seconds=60)
    hit("profile", "10.0.0.1", limit=1, seconds=60)
    with pytest.raises(OverLimit):
        hit("login", "10.0.0.1", limit=1, seconds=60)


def test_closed_windows_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_FULL", 100)
    with time_machine.travel(now(), tick=False) as clock:
        for number in range(99):
            hit("visit", str(number), limit=1, seconds=60)
        clock.shift(timedelta(seconds=61))
        hit("visit", "one more", limit=1, seconds=60)
    assert len(limits._windows) == 1


@pytest.mark.usefixtures("shared_redis")
def test_all_processes_share_one_window_that_ends() -> None:
    for _ in range(3):
        hit("login", "10.0.0.1", limit=3, seconds=1)
        limits.reset()  # nothing is remembered here
    with pytest.raises(OverLimit) as refused:
        hit("login", "10.0.0.1", limit=3, seconds=1)
    assert refused.value.retry_after == 1
    until_allowed = time.monotonic() + 5
    while time.monotonic() < until_allowed:
        threading.Event().wait(0.1)
        try:
            return hit("login", "10.0.0.1", limit=3, seconds=1)
        except OverLimit:
            continue
    pytest.fail("The window never ended.")


def test_counting_is_one_round_trip_and_leaves_nothing_without_an_end(shared_redis: Any) -> None:
    hit("beacon", "v1", limit=5, seconds=60)
    hit("beacon", "v1", limit=5, seconds=60)
    client = shared_redis._cache.get_client(None)
    (key,) = client.keys(f"{shared_redis.key_prefix}:*")
    assert client.get(key) == b"2"
    assert 0 < client.ttl(key) <= 60


@pytest.mark.usefixtures("redis_gone")
def test_without_redis_each_process_counts_for_itself() -> None:
    hit("login", "10.0.0.1", limit=1, seconds=60)
    with pytest.raises(OverLimit):
        hit("login", "10.0.0.1", limit=1, seconds=60)
