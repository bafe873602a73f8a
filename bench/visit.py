"""What the first visit of the sidebar and a repeat bring over the wire, in Chromium."""

from bench import people
from bench.browser import PLAIN_HTTP, Visit, chromium, phone, visit
from bench.card import prepare
from bench.databases import MIDDLE
from bench.rounds import ROUNDS
from bench.servers import web
from bench.table import Line

_KILO = 1000


def measure() -> list[Line]:
    """Bytes and requests until everything that the open sidebar asks for is there."""
    prepare(MIDDLE)
    first: list[Visit] = []
    again: list[Visit] = []
    with web(MIDDLE.database, env=PLAIN_HTTP) as server, chromium() as browser:
        for number in people.customers(MIDDLE, ROUNDS):
            with phone(browser, server.port, MIDDLE, number) as context:
                first.append(visit(context))
                again.append(visit(context))
    heaviest = sorted(first[0].addresses.items(), key=lambda item: -item[1])[:3]
    note = ", ".join(f"{_name(url)} {size / _KILO:.1f}" for url, size in heaviest)
    return [
        Line("first sidebar visit, over the wire", _kilobytes(first), "kB", bar=60, note=note),
        Line("repeated visit, over the wire", _kilobytes(again), "kB", bar=10),
        Line("requests of the first visit", tuple(float(one.requests) for one in first), ""),
        Line("requests of a repeated visit", tuple(float(one.requests) for one in again), ""),
    ]


def _kilobytes(visits: list[Visit]) -> tuple[float, ...]:
    return tuple(one.wire_bytes / _KILO for one in visits)


def _name(url: str) -> str:
    return url.partition("?")[0].rstrip("/").rpartition("/")[2].partition(".")[0]
