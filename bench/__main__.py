"""`python -m bench [--large] [--seed] [--write] [--only PART]`: measure, print, judge."""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

import django

from bench import environment

environment.prepare("guide_bench_100k")
django.setup()

from bench import (  # noqa: E402 -- they need the settings
    book,
    burst,
    callback,
    card,
    claims,
    crypto,
    databases,
    growth,
    host,
    members,
    paint,
    servers,
    sidebar,
    table,
    upsert,
    visit,
)

_MINUTES = 15  # of a run that is not large, seeding included

type Part = Callable[[], list[table.Line]]

PARTS: dict[str, Part] = {
    "crypto": crypto.measure,
    "claims": claims.measure,
    "card": card.measure,
    "growth": growth.measure,
    "callback": callback.measure,
    "visit": visit.measure,
    "burst": burst.measure,
}
LARGE_PARTS: dict[str, Part] = {
    "growth": growth.measure_large,
    "sidebar": sidebar.measure,
    "book": book.measure,
    "paint": paint.measure,
    "upsert": upsert.measure,
    "members": members.measure,
}


def main() -> int:
    """0 when every bar was kept, 1 when one was missed, 2 when a run could not begin."""
    signal.signal(signal.SIGTERM, _stop)
    given = _arguments()
    parts = LARGE_PARTS if given.large else PARTS
    wanted = [name for name in parts if not given.only or name in given.only]
    began = time.monotonic()
    try:
        _prepare(large=given.large)
        lines = [] if given.seed else _measured({name: parts[name] for name in wanted})
    except databases.BenchRefused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    if not lines:
        return 0
    seconds = time.monotonic() - began
    if not given.large and not given.only:
        lines.append(table.Line("the whole run", (seconds / 60,), "min", bar=_MINUTES))
    print(f"\n{table.machine()}; {seconds / 60:.1f} min\n")
    table.print_table(lines)
    if given.write:
        table.write("bench-large" if given.large else "bench", lines, seconds)
    missed = [line.name for line in lines if not line.passed]
    print(f"\nMISSED: {'; '.join(missed)}" if missed else "\nEvery bar was kept.")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--large", action="store_true", help="1 M customers, 40,000 guides")
    parser.add_argument("--seed", action="store_true", help="only make the databases")
    parser.add_argument("--write", action="store_true", help="add to docs/performance.md")
    parser.add_argument("--only", nargs="+", metavar="PART", help=", ".join(PARTS | LARGE_PARTS))
    return parser.parse_args()


def _prepare(*, large: bool) -> None:
    if large:
        databases.ready(databases.FEW, databases.EMPTY, databases.LARGE)
    else:
        databases.ready(databases.SMALL, databases.BURST, databases.MIDDLE)
    command = ("collectstatic", "--noinput", "-v0")
    servers.run(*command, database=databases.FEW.database if large else databases.SMALL.database)


def _measured(parts: dict[str, Part]) -> list[table.Line]:
    lines: list[table.Line] = []
    paces: list[float] = []
    for place, (name, part) in enumerate(parts.items(), 1):
        print(f"[{place}/{len(parts)}] {name} …", end=" ", flush=True)
        began = time.monotonic()
        paces.append(host.pace())
        lines += part()
        print(f"{time.monotonic() - began:.0f} s", flush=True)
    return [host.line(paces), *lines]


def _stop(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that every process that we started ends too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
