"""Rate counters: so many in a window, counted by whom it concerns, in one process or in all."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from guideapp.core import limits
from guideapp.core.clock import now
from guideapp.core.errors import OverLimit
from guideapp.core.limits import hit

SHARED = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture(params=["one process", "all processes"])
def counters(request: pytest.FixtureRequest, settings: Any) -> None:
    """Both places to count in; the shared one is Django's cache (Redis in production)."""
    if request.param == "all processes":
        settings.CACHES = SHARED
        settings.REDIS_URL = "redis://somewhere"
        cache.clear()


@pytest.mark.usefixtures("counters")
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


def test_a_shared_window_that_ends_in_between_counts_from_one(settings: Any) -> None:
    settings.CACHES = SHARED
    settings.REDIS_URL = "redis://somewhere"
    hit("beacon", "v1", limit=1, seconds=0)
    hit("beacon", "v1", limit=1, seconds=60)
