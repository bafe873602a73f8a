"""Numbers for the line chart that a template draws as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_LEFT, _RIGHT, _TOP, _BOTTOM = 28.0, 340.0, 24.0, 104.0  # of a viewBox of 366 × 132
_MOST_LABELS = 7
_STEPS = (4, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800, 1000)


@dataclass(frozen=True, slots=True)
class Point:
    """One day: where it lies in the viewBox, and what it says."""

    day: date
    value: int
    x: float
    y: float
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A line over days; `line` and `area` are path data, `ceiling` is the value of the top axis."""

    points: tuple[Point, ...]
    line: str
    area: str
    ceiling: int

    @property
    def last(self) -> Point:
        """The newest day."""
        return self.points[-1]

    @property
    def highest(self) -> Point:
        """The best day, the newest of several."""
        return max(self.points, key=lambda point: (point.value, point.day))


def trend(values: Sequence[tuple[date, int]]) -> Trend:
    """The chart of at least two days, oldest first."""
    ceiling = _ceiling(max(value for _day, value in values))
    gap = (_RIGHT - _LEFT) / (len(values) - 1)
    every = -(-len(values) // _MOST_LABELS)
    points = tuple(
        Point(
            day=day,
            value=value,
            x=round(_LEFT + place * gap, 1),
            y=round(_BOTTOM - (_BOTTOM - _TOP) * value / ceiling, 1),
            is_labelled=(len(values) - 1 - place) % every == 0,
        )
        for place, (day, value) in enumerate(values)
    )
    path = " ".join(f"{point.x} {point.y}" for point in points)
    return Trend(points, f"M{path}", f"M{path}V{_BOTTOM}H{_LEFT}z", ceiling)


def _ceiling(highest: int) -> int:
    """A round number that the highest value fits under."""
    for step in _STEPS:
        if highest <= step:
            return step
    return -(-highest // 1000) * 1000
