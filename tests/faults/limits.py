"""What keeps us from hammering WeCom: its closed window, our breaker, our share of its quota."""

import time

from tests.faults.house import House
from tests.faults.processes import pause, wait_until
from tests.faults.scenes import under_load
from tests.faults.stream import OLD_ONLY
from tests.faults.truth import work_under_way
from tests.faults.wire import Fault

_GET = "externalcontact/get"
_CLOSED_SECONDS = 5  # while WeCom answers 45009; our own rest is the minute
_WATCHED_SECONDS = 25  # a breaker lets the next call pass after 30
_FAILURES, _IN_FLIGHT = 5, 4  # of one process: failures that open it, calls that are out then


def window_closed(house: House, *, events: int) -> str:
    """45009 for one interface for five seconds: nobody asks again before the window ends."""
    most = len(house.workers) * _IN_FLIGHT
    with under_load(house) as stream:
        stream.run(events // 2, seconds=60)
        before = house.wire.spoilt["45009"]
        house.wire.spoil(Fault("45009", 1.0, _GET))
        wait_until(lambda: house.wire.spoilt["45009"] > before, "the first 45009", seconds=30)
        pause(_CLOSED_SECONDS)
        house.wire.spoil()
        hit, asked = house.wire.spoilt["45009"] - before, house.wire.calls[_GET]
        pause(_WATCHED_SECONDS)
        early = house.wire.calls[_GET] - asked
        stream.run(events // 2, seconds=120)
    if hit > most or early:
        raise AssertionError(f"{hit} × 45009 (at most {most}), {early} calls within the window")
    return (
        f"{hit} × 45009 for {len(house.workers)} workers (at most {most}), then no call for"
        f" {_WATCHED_SECONDS} s; {events} events, all asked again after the window"
    )


def breaker(house: House) -> str:
    """One interface cuts every connection: after a few failures each worker leaves it alone."""
    with under_load(house):
        before = house.wire.calls[_GET]
        house.wire.spoil(Fault("reset", 1.0, _GET))
        pause(_WATCHED_SECONDS)
        asked = house.wire.calls[_GET] - before
        house.wire.spoil()
    most = len(house.workers) * (_FAILURES + _IN_FLIGHT)
    if asked > most:
        raise AssertionError(f"{asked} calls in {_WATCHED_SECONDS} s to an interface that is down")
    return (
        f"every call of one interface cut for {_WATCHED_SECONDS} s under load: {asked} calls of"
        f" {len(house.workers)} workers (at most {most})"
    )


def budget(house: House, *, events: int) -> str:
    """Workers that may call an interface 40 times a minute take 32, and lose nothing."""
    minute, most = 60, 32
    names = sorted(house.workers)
    for name in names:
        house.kill_worker(name, again=False)
    for name in names:
        house.start_worker(name, WECOM_CALLS_PER_MINUTE=40)
    try:
        before, began = house.wire.calls[_GET], time.monotonic()
        with under_load(house, mix=OLD_ONLY, actors=1) as stream:
            stream.run(events, seconds=120)
        wait_until(lambda: work_under_way(house) == 0, "what waited for its turn", seconds=480)
        asked, seconds = house.wire.calls[_GET] - before, time.monotonic() - began
    finally:
        for name in names:
            house.kill_worker(name)
    windows = int(seconds // minute) + 2
    if asked > most * windows:
        raise AssertionError(
            f"{asked} calls in {seconds:.0f} s against a budget of {most} a minute"
        )
    return f"{asked} calls in {seconds:.0f} s where 80 % of 40 a minute are ours; all were made"
