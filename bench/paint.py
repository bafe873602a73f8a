"""First paint and card in a throttled browser (slow 4G, processor ÷ 4), cold and warm."""

from bench import people
from bench.browser import PLAIN_HTTP, Visit, chromium, phone, visit
from bench.card import prepare
from bench.databases import LARGE
from bench.servers import web
from bench.table import Line

_VISITS = 5


def measure() -> list[Line]:
    """The median of five visits each, at 1 M customers."""
    prepare(LARGE)
    cold: list[Visit] = []
    warm: list[Visit] = []
    with web(LARGE.database, env=PLAIN_HTTP) as server, chromium() as browser:
        for number in people.customers(LARGE, _VISITS):
            with phone(browser, server.port, LARGE, number) as context:
                cold.append(visit(context, throttled=True))
                warm.append(visit(context, throttled=True))
    return [
        Line("first paint, cold", tuple(one.painted for one in cold), "s", bar=1.2),
        Line("card visible, cold", tuple(one.card for one in cold), "s", bar=2.0),
        Line("first paint, warm", tuple(one.painted for one in warm), "s", bar=0.6),
        Line("card visible, warm", tuple(one.card for one in warm), "s", bar=1.0),
    ]
