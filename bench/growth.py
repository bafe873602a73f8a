"""The card's cost in a large company against a small one with as long histories."""

from bench import people
from bench.card import prepare
from bench.databases import FEW, LARGE, MIDDLE, SMALL
from bench.rounds import interleaved, one_by_one, ratios
from bench.seed import Scale
from bench.servers import web
from bench.table import Line

_ALONE = 300


def measure() -> list[Line]:
    """100 k ÷ 1 k customers."""
    return _compared(MIDDLE, SMALL)


def measure_large() -> list[Line]:
    """1 M ÷ 1 k customers."""
    return _compared(LARGE, FEW)


def _compared(large: Scale, small: Scale) -> list[Line]:
    for scale in (large, small):
        prepare(scale)
    with web(large.database, workers=1) as many, web(small.database, workers=1) as few:
        views = [
            one_by_one(server.port, people.cards(scale, people.customers(scale, _ALONE)))
            for server, scale in ((many, large), (few, small))
        ]
        for view in views:
            view()
        over, under = interleaved(*views)
    name = f"card at {large.customers:,} ÷ {small.customers:,} customers"
    note = f"{min(over):.1f} ms ÷ {min(under):.1f} ms"
    return [Line(name, ratios(over, under), bar=1.3, note=note)]
