"""Rounds that take turns, so that whatever disturbs one side disturbs the other as well."""

from collections.abc import Callable
from statistics import median

from bench.load import load

ROUNDS = 3
type Measure = Callable[[], float]


def interleaved(*measures: Measure, rounds: int = ROUNDS) -> list[tuple[float, ...]]:
    """What each of `measures` gave in each round; they are called in turn."""
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return list(zip(*taken, strict=True))


def ratios(over: tuple[float, ...], under: tuple[float, ...]) -> tuple[float, ...]:
    """The quotient of each round."""
    return tuple(a / b for a, b in zip(over, under, strict=True))


def one_by_one(port: int, requests: list[bytes]) -> Measure:
    """Measures the median time of a request, in ms, without any other at the same time."""
    return lambda: median(load(port, requests, connections=1).times) * 1000
