"""Every fault against a whole house: `make faults`, `make faults KILLS=50 EVENTS=2000`.

Prints what was injected and what was lost or doubled; ends with 1 unless both are nothing and all
that was wished for was played. Faults that mostly wait for a window of WeCom's or ours are played
in a second house, beside the kills of the first.
"""

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.faults import drops, hangs, limits, scenes
from tests.faults.house import House
from tests.faults.processes import ROOT
from tests.faults.truth import Verdict

type Scene = Callable[[], str]
CARD_BAR = 1.5  # card p99 while WeCom hangs ÷ calm
DEAD_POISON = 3
MINUTES = 25
KILLS = "kill -9"
BESIDE = (  # the kills
    "WeCom says 45009",
    "breaker",
    "call budget",
    "several schedulers",
    "clock wrong",
    "callbacks dropped",
)


@dataclass
class Line:
    """One row of the table."""

    name: str
    injected: str
    seconds: float
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # why it broke off, or missed its own bar

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing doubled, and the scene's own bar held."""
        return not self.lost and not self.doubled and not self.broken


@contextmanager
def _noting(line: Line) -> Iterator[None]:
    """What breaks inside is a word in the table and not the end of the run."""
    try:
        yield
    except (
        AssertionError,
        TimeoutError,
        subprocess.TimeoutExpired,
        OSError,
        psycopg.OperationalError,
    ) as error:
        line.broken.append(f"{type(error).__name__}: {error}")


class Run:
    """One house, one scene after the other. `began` is monotonic."""

    def __init__(self, house: House, *, kills: int, events: int, began: float) -> None:
        self.house, self.kills, self.events = house, kills, events
        self.lines: list[Line] = []
        self.verdict = Verdict()
        self._poison = 0
        self._known: set[str] = set()
        self._began = began

    def scenes(self) -> dict[str, Scene]:
        """Every fault by name, at a size that fits the wished number of events."""
        house = self.house
        few = max(60, min(120, self.events // 50))
        return {
            "poison events": lambda: self._poisoned(few),
            "WeCom hangs": self._hanging,
            "WeCom answers nonsense": lambda: scenes.wecom_spoilt(
                house, events=few, names=("-1", "html", "truncated", "reset"), rate=0.2
            ),
            "WeCom says 45009": lambda: limits.window_closed(house, events=few),
            "breaker": lambda: limits.breaker(house),
            "call budget": lambda: limits.budget(house, events=60),
            "database stopped": lambda: scenes.database_away(house, times=3, events=few),
            "Redis gone": lambda: scenes.redis_gone(house, events=few),
            "connections exhausted": lambda: scenes.pool_exhausted(house, events=few, seconds=6),
            "disk full": lambda: scenes.disk_full(house),
            "several schedulers": lambda: scenes.schedulers(house),
            "clock wrong": lambda: scenes.clock_wrong(house, events=few, seconds=30),
            "SIGTERM under load": lambda: scenes.terminated(house, events=few, within_seconds=25),
            "taps and looks": lambda: self._tapped(few),
            "callbacks dropped": lambda: drops.dropped(house, events=self.events // 33, rate=0.05),
            KILLS: lambda: scenes.killed(
                house, events=self._left(), kills=self.kills, seconds=60 * MINUTES, say=self.say
            ),
        }

    def play(self, names: Iterable[str]) -> None:
        """Play the named scenes."""
        names = set(names)
        for name, scene in self.scenes().items():
            if name not in names:
                continue
            self.say(f"{name} …")
            began, line = time.monotonic(), Line(name, "", 0)
            with _noting(line):
                line.injected = scene()
            with _noting(line):  # of a scene that broke off, too: what it brought counts
                self._judge(line)
            line.seconds = time.monotonic() - began
            self.lines.append(line)
            self.say(f"{name}: lost {len(line.lost)}, doubled {len(line.doubled)}. {line.injected}")
            for what in [*line.broken, *line.lost, *line.doubled][:8]:
                self.say(f"  ! {what}")

    def say(self, text: str) -> None:
        """One line of progress."""
        sys.stdout.write(f"{time.monotonic() - self._began:6.0f} s  {text}\n")
        sys.stdout.flush()

    def _judge(self, line: Line) -> None:
        self.verdict = scenes.settle(self.house, poison=self._poison)
        line.lost += [what for what in self.verdict.lost if what not in self._known]
        line.doubled += [what for what in self.verdict.doubled if what not in self._known]
        self._known |= set(self.verdict.lost) | set(self.verdict.doubled)

    def _left(self) -> int:
        """Events that the scenes before have not brought: the last one brings the rest."""
        return max(self.kills, self.events - self.house.door.deliveries)

    def _poisoned(self, events: int) -> str:
        self._poison += DEAD_POISON
        return scenes.poison(self.house, bad=DEAD_POISON, good=events)

    def _hanging(self) -> str:
        words, ratio = hangs.wecom_hangs(self.house, rounds=8, cards=60)
        if ratio > CARD_BAR:
            raise AssertionError(f"the bar is {CARD_BAR}: {words}")
        return words

    def _tapped(self, sends: int) -> str:
        words, wrong = scenes.counted_once(self.house, sends=min(sends, 100), kills=5)
        if wrong:
            raise AssertionError("; ".join([words, *wrong]))
        return words


def play(runs: list[Run], only: list[str]) -> None:
    """The scenes of the first house by themselves, then its kills beside those of the second."""
    first, second = runs
    wanted = only or list(first.scenes())
    first.play(name for name in wanted if name not in (*BESIDE, KILLS))
    with ThreadPoolExecutor() as pool:
        beside = pool.submit(second.play, [name for name in BESIDE if name in wanted])
        first.play([KILLS] if KILLS in wanted else [])
        beside.result()


def missed(runs: list[Run], *, kills: int, events: int, seconds: float) -> list[str]:
    """What was wished for and not played, in words."""
    struck = sum(run.house.kills for run in runs)
    delivered = sum(run.house.door.deliveries for run in runs)
    bars = {
        f"{struck} of {kills} kills": struck >= kills,
        f"{delivered} of {events} events": delivered >= events,
        f"{seconds / 60:.1f} of {MINUTES} minutes": seconds <= 60 * MINUTES,
    }
    return [words for words, is_kept in bars.items() if not is_kept]


def table(lines: Iterable[Line]) -> str:
    """The result as Markdown."""
    rows = [
        f"| {one.name} | {'; '.join(filter(None, [one.injected, *one.broken]))} |"
        f" {len(one.lost)} | {len(one.doubled)} | {one.seconds:.0f} s |"
        for one in lines
    ]
    head = ["| fault | injected | lost | doubled | took |", "|---|---|---|---|---|"]
    return "\n".join(head + rows)


def report(runs: list[Run], seconds: float) -> str:
    """The table with size, place and date, as docs/faults.md keeps it."""
    lines = [line for run in runs for line in run.lines]
    compared, named = (
        "\n".join(f"- {count:,} {name}" for name, count in sorted(sums.items()))
        for sums in (
            sum((run.verdict.compared for run in runs), Counter()),
            sum((run.verdict.named for run in runs), Counter()),
        )
    )
    lost = sum(len(line.lost) for line in lines)
    doubled = sum(len(line.doubled) for line in lines)
    broken = sum(bool(line.broken) for line in lines)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores,"
        f" {platform.machine()} · Python {platform.python_version()} ·"
        f" {sum(run.house.door.deliveries for run in runs):,} callbacks acknowledged,"
        f" {sum(run.house.kills for run in runs)} processes killed,"
        f" {seconds / 60:.1f} minutes\n\n{table(lines)}\n\n"
        f"Lost: {lost}. Doubled: {doubled}. Broken off: {broken}.\n\n"
        f"Compared at the end:\n\n{compared}\n\n"
        f"Known and named, neither lost nor doubled:\n\n{named or '- none'}\n"
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Play every fault and count what was lost.")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--only", action="append", default=[], help="a scene's name; repeatable")
    parser.add_argument("--logs", type=Path, default=ROOT / "var" / "faults")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    with ExitStack() as houses:
        runs = []
        for number in (1, 2):
            house = House(webs=2, workers=3, keep_logs_in=given.logs / f"house{number}")
            houses.enter_context(house)
            runs.append(Run(house, kills=given.kills, events=given.events, began=began))
            runs[-1].say(f"house {number} stands")
        try:
            play(runs, given.only)
        finally:  # also when somebody has had enough
            seconds = time.monotonic() - began
            text = report(runs, seconds)
            given.logs.mkdir(parents=True, exist_ok=True)
            (given.logs / "report.md").write_text(text, encoding="utf-8")
            sys.stdout.write(f"\n{text}")
    short = missed(runs, kills=given.kills, events=given.events, seconds=seconds)
    if short and not given.only:
        sys.stdout.write(f"\nNot played in full: {'; '.join(short)}\n")
        return 1
    return 0 if all(line.is_good for run in runs for line in run.lines) else 1


if __name__ == "__main__":
    sys.exit(main())
