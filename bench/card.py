"""The customer card: against a bare view, its processor time, how many a second."""

from bench import people
from bench.databases import MIDDLE
from bench.load import Load, load
from bench.rounds import ROUNDS, interleaved, one_by_one, ratios
from bench.seed import Scale, guide_of
from bench.servers import Served, web
from bench.table import Line
from bench.tickets import store_tickets

_ALONE = 200  # requests of a round, one by one
_BESIDES = 600  # and several at once
_CONNECTIONS = 8  # as many as production has threads here


def measure() -> list[Line]:
    """Ratio, processor time and throughput at 100 k customers."""
    prepare(MIDDLE)
    with web(MIDDLE.database) as server:
        return [*_against_bare(server), *_throughput(server)]


def prepare(scale: Scale, opens: int = _BESIDES) -> None:
    """Sessions and tickets for whoever opens `opens` sidebars in this database."""
    numbers = people.customers(scale, opens)
    guides = sorted({guide_of(number, scale) for number in numbers})
    people.log_in(scale, guides)
    store_tickets(scale.database)


def _against_bare(server: Served) -> list[Line]:
    numbers = people.customers(MIDDLE, _ALONE)
    views = [
        one_by_one(server.port, made(MIDDLE, numbers))
        for made in (people.bare, people.cards, people.shells)
    ]
    for view in views:
        view()  # caches of the database and of templates
    bare, card, shell = interleaved(*views)
    note = f"bare view: {min(bare):.1f} ms"
    return [
        Line("sidebar card ÷ bare view", ratios(card, bare), bar=7, aim=4, note=note),
        Line("sidebar card, alone", card, "ms"),
        Line("sidebar shell, alone", shell, "ms"),
    ]


def _throughput(server: Served) -> list[Line]:
    numbers = people.customers(MIDDLE, _BESIDES)
    shells, cards = people.shells(MIDDLE, numbers), people.cards(MIDDLE, numbers)
    opens = [request for pair in zip(shells, cards, strict=True) for request in pair]
    cpu: list[float] = []
    busy: list[Load] = []
    for _ in range(ROUNDS):
        before = server.cpu_seconds()
        load(server.port, opens, connections=_CONNECTIONS)
        cpu.append((server.cpu_seconds() - before) / len(numbers) * 1000)
        busy.append(load(server.port, cards, connections=_CONNECTIONS))
    rates = tuple(one.rate for one in busy)
    percentiles = [
        Line(
            f"… p{percent} of a card then", tuple(one.percentile_ms(percent) for one in busy), "ms"
        )
        for percent in (50, 95, 99)
    ]
    return [
        Line("CPU per sidebar open (shell + card)", tuple(cpu), "ms", bar=12),
        Line("cards, load generator on the same cores", rates, "/s", bar=120, at_least=True),
        *percentiles,
    ]
