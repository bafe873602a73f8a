"""Sidebars of a large company under load: 95 of 100 within a second (row R46)."""

from bench import people
from bench.card import prepare
from bench.databases import LARGE
from bench.load import load, page
from bench.people import session_of
from bench.rounds import ROUNDS
from bench.servers import web
from bench.table import Line

_OPENS = 1_000
_CONNECTIONS = 16  # twice as many as threads: somebody always waits
_BOARDS = 40


def measure() -> list[Line]:
    """Shell and card of guides from everywhere, and the boards of store managers."""
    prepare(LARGE, _OPENS)
    numbers = people.customers(LARGE, _OPENS)
    opens = [
        request
        for pair in zip(people.shells(LARGE, numbers), people.cards(LARGE, numbers), strict=True)
        for request in pair
    ]
    managers = list(range(1, _BOARDS + 1))  # the first guide of each store leads it
    boards = [page("/m/", session_of(number)) for number in managers]
    with web(LARGE.database) as server:
        runs = [load(server.port, opens, connections=_CONNECTIONS) for _ in range(ROUNDS)]
        people.log_in(LARGE, managers)
        led = [load(server.port, boards, connections=1) for _ in range(ROUNDS)]
    slowest = tuple(run.percentile_ms(95) / 1000 for run in runs)
    note = f"{runs[0].rate / 2:.0f} opens/s at {_CONNECTIONS} connections"
    return [
        Line("sidebar at 1 M customers, p95 of a request", slowest, "s", bar=1, note=note),
        Line("store manager's board, p95", tuple(run.percentile_ms(95) for run in led), "ms"),
    ]
