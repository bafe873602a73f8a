"""A million customers read into an empty company, with a kill -9 in the middle.

The product's own reconciliation runs, in as many processes as there are cores, as workers of the
lane would share it; only the answers come from memory.
"""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import psycopg

from bench.databases import EMPTY
from bench.environment import url_of
from bench.servers import DidNotStart
from bench.table import Line
from guideapp.members.services.reconcile import PARTS

CUSTOMERS_EACH = 25
_KILLED_AT = 0.4  # of the guides
_PAUSE_SECONDS = 0.2
_PROCESSES = min(os.cpu_count() or 1, len(PARTS))
_COUNTS = """SELECT (SELECT count(*) FROM members_contact),
    (SELECT count(*) FROM members_followrelation WHERE ended_at IS NULL)"""


def measure() -> list[Line]:
    """Seconds for all of them besides the network; what was read before the kill is kept."""
    wanted = EMPTY.guides * CUSTOMERS_EACH
    _empty()
    before = _run_until_killed()
    done = _guides_done()
    after = _run()
    contacts, follows = _row(_COUNTS)
    _empty()
    if (contacts, follows) != (wanted, wanted):
        raise DidNotStart(f"{contacts:,} contacts and {follows:,} relations, not {wanted:,} each.")
    note = f"killed after {done:,} of {EMPTY.guides:,} guides, went on from there"
    name = f"{wanted:,} customers upserted besides the network"
    return [Line(name, (before + after,), "s", bar=180, note=note)]


def _run_until_killed() -> float:
    """Wall seconds until the kill; answering from memory is counted in, as it is not known."""
    began = time.monotonic()
    processes = _start()
    while any(one.poll() is None for one in processes) and not _is_time_to_kill():
        time.sleep(_PAUSE_SECONDS)
    seconds = time.monotonic() - began
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return seconds


def _is_time_to_kill() -> bool:
    return _guides_done() >= EMPTY.guides * _KILLED_AT


def _run() -> float:
    """Seconds of the rest by the slowest process, without those that the answers took."""
    return max([_seconds_of(process) for process in _start()])


def _seconds_of(process: subprocess.Popen[bytes]) -> float:
    told, _ = process.communicate()
    if process.returncode:
        raise DidNotStart("The reading ended with an error.")
    report: dict[str, Any] = json.loads(told)
    return float(report["seconds"]) - float(report["answers"])


def _start() -> list[subprocess.Popen[bytes]]:
    """The parts of the reading, dealt to a process a core."""
    env = os.environ | {"DATABASE_URL": url_of(EMPTY.database)}
    command = [sys.executable, "-m", "bench.upsert_run"]
    dealt = [[str(part) for part in PARTS[number::_PROCESSES]] for number in range(_PROCESSES)]
    return [
        subprocess.Popen([*command, *parts], env=env, stdout=subprocess.PIPE)  # noqa: S603
        for parts in dealt
    ]


def _guides_done() -> int:
    row = _row("SELECT coalesce(sum((report ->> 'guides')::int), 0) FROM wecom_synccursor")
    return int(row[0])


def _row(query: str) -> tuple[Any, ...]:
    with psycopg.connect(url_of(EMPTY.database)) as connection:
        return connection.execute(query).fetchone() or (0,)


def _empty() -> None:
    with psycopg.connect(url_of(EMPTY.database)) as connection:
        connection.execute("TRUNCATE members_contact, wecom_synccursor CASCADE")
