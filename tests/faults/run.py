"""Every fault against a whole house: `make faults`, `make faults KILLS=50 EVENTS=2000`.

Prints what was injected and what was lost or doubled; ends with 1 unless both are nothing.
"""

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import drops, limits, scenes
from tests.faults.house import House
from tests.faults.processes import ROOT
from tests.faults.truth import Verdict

type Scene = Callable[[], str]
CARD_BAR = 1.5  # card p99 while WeCom hangs ÷ calm
DEAD_POISON = 3


@dataclass
class Line:
    """One row of the table."""

    name: str
    injected: str
    seconds: float
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing doubled, and the scene's own bar held."""
        return not self.lost and not self.doubled


class Run:
    """One house, one scene after the other."""

    def __init__(self, house: House, *, kills: int, events: int) -> None:
        self.house, self.kills, self.events = house, kills, events
        self.lines: list[Line] = []
        self.verdict = Verdict()
        self._poison = 0
        self._known: set[str] = set()
        self._began = time.monotonic()

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
            "callbacks dropped": lambda: drops.dropped(house, events=few, rate=0.05),
            "kill -9": lambda: scenes.killed(
                house, events=self._left(), kills=self.kills, seconds=1100, say=self.say
            ),
        }

    def play(self, names: list[str]) -> None:
        """Play the named scenes, all of them where none is named."""
        for name, scene in self.scenes().items():
            if names and name not in names:
                continue
            self.say(f"{name} …")
            began, line = time.monotonic(), Line(name, "", 0)
            try:
                line.injected = scene()
                self._judge(line)
            except (AssertionError, TimeoutError, subprocess.TimeoutExpired, OSError) as error:
                line.lost.append(f"{type(error).__name__}: {error}")
            line.seconds = time.monotonic() - began
            self.lines.append(line)
            self.say(f"{name}: lost {len(line.lost)}, doubled {len(line.doubled)}. {line.injected}")
            for what in (line.lost + line.doubled)[:8]:
                self.say(f"  ! {what}")

    def say(self, text: str) -> None:
        """One line of progress."""
        sys.stdout.write(f"{time.monotonic() - self._began:6.0f} s  {text}\n")
        sys.stdout.flush()

    def table(self) -> str:
        """The result as Markdown."""
        rows = [
            f"| {one.name} | {one.injected or '—'} | {len(one.lost)} | {len(one.doubled)} |"
            f" {one.seconds:.0f} s |"
            for one in self.lines
        ]
        head = ["| fault | injected | lost | doubled | took |", "|---|---|---|---|---|"]
        return "\n".join(head + rows)

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
        words, ratio = scenes.wecom_hangs(self.house, rounds=8, cards=60)
        if ratio > CARD_BAR:
            raise AssertionError(f"the bar is {CARD_BAR}: {words}")
        return words

    def _tapped(self, sends: int) -> str:
        words, wrong = scenes.counted_once(self.house, sends=min(sends, 100), kills=5)
        if wrong:
            raise AssertionError("; ".join([words, *wrong]))
        return words


def report(run: Run, seconds: float) -> str:
    """The table with size, place and date, as docs/faults.md keeps it."""
    verdict = run.verdict
    compared = "\n".join(f"- {count:,} {name}" for name, count in sorted(verdict.compared.items()))
    named = "\n".join(f"- {count:,} {name}" for name, count in sorted(verdict.named.items()))
    lost = sum(len(line.lost) for line in run.lines)
    doubled = sum(len(line.doubled) for line in run.lines)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores,"
        f" {platform.machine()} · Python {platform.python_version()} ·"
        f" {run.house.door.deliveries:,} callbacks acknowledged,"
        f" {run.house.kills} processes killed,"
        f" {seconds / 60:.1f} minutes\n\n{run.table()}\n\n"
        f"Lost: {lost}. Doubled: {doubled}.\n\nCompared at the end:\n\n{compared}\n\n"
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
    with House(webs=2, workers=3, keep_logs_in=given.logs) as house:
        run = Run(house, kills=given.kills, events=given.events)
        run.say(f"the house stands ({time.monotonic() - began:.0f} s)")
        try:
            run.play(given.only)
        finally:  # also when somebody has had enough
            text = report(run, time.monotonic() - began)
            given.logs.mkdir(parents=True, exist_ok=True)
            (given.logs / "report.md").write_text(text, encoding="utf-8")
            sys.stdout.write(f"\n{text}")
    return 0 if all(line.is_good for line in run.lines) else 1


if __name__ == "__main__":
    sys.exit(main())
