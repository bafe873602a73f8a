"""One table for all bars: what was measured, its spread, what it may be."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

_DOCUMENT = Path("docs/performance.md")
_MARK = "<!-- results: the newest first; written by `--write` -->\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One measured quantity. `bar` None: told, not judged. `at_least`: the bar is a floor."""

    name: str
    rounds: tuple[float, ...]
    unit: str = "×"
    bar: float | None = None
    aim: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def measured(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)

    @property
    def passed(self) -> bool:
        """True when the median keeps the bar."""
        if self.bar is None:
            return True
        return self.measured >= self.bar if self.at_least else self.measured <= self.bar

    def cells(self) -> tuple[str, ...]:
        """name, bar, measured, spread, verdict, note."""
        sign = "≥" if self.at_least else "≤"
        bar = "" if self.bar is None else f"{sign} {_number(self.bar)}{self._unit}"
        if self.aim is not None:
            bar += f" (aim {_number(self.aim)})"
        low, high = min(self.rounds), max(self.rounds)
        spread = f"{_number(low)}–{_number(high)}" if len(self.rounds) > 1 else "one run"
        verdict = "" if self.bar is None else ("pass" if self.passed else "MISSED")
        measured = f"{_number(self.measured)}{self._unit}"
        return self.name, bar, measured, spread, verdict, self.note

    @property
    def _unit(self) -> str:
        return self.unit if self.unit == "×" else f" {self.unit}".rstrip()


HEADINGS = ("what", "bar", "median", "spread", "", "note")


def print_table(lines: list[Line]) -> None:
    """The table for a terminal."""
    rows = [HEADINGS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def write(title: str, lines: list[Line], seconds: float) -> None:
    """Put a dated table with the machine's size into docs/performance.md, the newest first."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(line.cells() for line in lines)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    day = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = f"## {day} · {title}\n\n{machine()}; the run took {seconds / 60:.1f} min."
    entry = f"{head}\n\n{table}\n\n"
    text = _DOCUMENT.read_text(encoding="utf-8")
    _DOCUMENT.write_text(text.replace(_MARK, f"{_MARK}\n{entry}", 1), encoding="utf-8")


def machine() -> str:
    """Processors, memory, Python: what a figure depends on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
