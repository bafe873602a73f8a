"""`make restore-drill`: a backup under load, restored into a fresh database, proven complete.

WeCom goes on raising events while `pg_dump` runs and after it. The dump must hold exactly what its
snapshot saw; what came later must come back from WeCom by `after_restore`.
"""

import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tools.prod_local import REDIS, scratch_database
from tools.prod_local_stack import Stack, StackError, table

_REDIS_DATABASE = 10
_LOAD_SECONDS = 20  # before the dump, and the shorter time after it
_AFTER_SECONDS = 8

type Pair = tuple[str, str]
type Content = tuple[int, str]
type Standing = tuple[str, frozenset[str]]

_RELATIONS = """
SELECT g.userid, c.external_userid, f.remark, array_remove(array_agg(t.wecom_id), NULL)
FROM members_followrelation f
JOIN organisation_guide g ON g.id = f.guide_id
JOIN members_contact c ON c.id = f.contact_id
LEFT JOIN members_tagmark m ON m.follow_id = f.id AND m.removed_at IS NULL
LEFT JOIN members_tag t ON t.id = m.tag_id
WHERE f.ended_at IS NULL GROUP BY f.id, g.userid, c.external_userid, f.remark"""


class Events:
    """A thread in which people come, are renamed and go, as fast as the played WeCom takes it."""

    def __init__(self, stack: Stack) -> None:
        self.raised = 0
        self._stack = stack
        self._stopping = threading.Event()
        self._troubles: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more events. Raises StackError for one that WeCom refused."""
        self._stopping.set()
        self._thread.join(30)
        if self._troubles:
            raise StackError(self._troubles[0])

    def _run(self) -> None:
        known: list[str] = []
        try:
            while not self._stopping.wait(0.02):
                self._one(known)
                self.raised += 1
        except StackError as error:
            self._troubles.append(str(error))

    def _one(self, known: list[str]) -> None:
        number = self.raised
        if number % 4 == 3 and known:
            words = {"external_userid": known[number % len(known)], "remark": f"备注 {number}"}
            self._raise("edit_external_contact", **words)
        elif number % 10 == 9 and len(known) > 5:
            self._raise("del_follow_user", external_userid=known.pop(0))
        else:
            told = self._raise("add_external_contact", name=f"顾客 {number}")
            known.append(str(told["external_userid"]))

    def _raise(self, kind: str, **words: str) -> dict[str, Any]:
        return self._stack.ask_wecom("events", {"type": kind, "userid": "linxm", **words})


def dump(database: str, file: Path) -> tuple[dict[str, Content], float]:
    """Write the backup; what its snapshot saw of each table, and the seconds it took."""
    with psycopg.connect(database) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = _one_value(connection, "SELECT pg_export_snapshot()")
        began = time.monotonic()
        _call("pg_dump", "-Fc", "-f", str(file), f"--snapshot={snapshot}", database)
        took = time.monotonic() - began
        return contents(connection), took


def contents(connection: "psycopg.Connection[Any]") -> dict[str, Content]:
    """How many rows each table holds, and a digest of all that stands in them."""
    names = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    ).fetchall()
    query = sql.SQL(
        "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} t"
    )
    found = {}
    for (name,) in names:
        rows, digest = connection.execute(query.format(sql.Identifier(name))).fetchone() or (0, "")
        found[name] = int(rows), str(digest)
    return found


def differences(stack: Stack, database: str) -> int:
    """Follow relations, their remarks and tags that WeCom and the product tell differently.

    Whether a customer has deleted the guide is told by an event alone, and WeCom goes on listing
    them: those pairs are left out, on both sides.
    """
    theirs: dict[Pair, Standing] = {}
    left: set[Pair] = set()
    for customer in stack.ask_wecom("state?only=customers")["customers"]:
        for follow in customer["follows"]:
            pair = follow["userid"], customer["external_userid"]
            if follow["deleted_by_customer"]:
                left.add(pair)
            elif not follow["deleted_by_user"]:
                theirs[pair] = follow["remark"], frozenset(tag["id"] for tag in follow["tags"])
    with psycopg.connect(database) as connection:
        rows = connection.execute(_RELATIONS).fetchall()
    ours = {
        (userid, customer): (remark, frozenset(tags)) for userid, customer, remark, tags in rows
    }
    wrong = set(theirs.items()) ^ set(ours.items())
    return len({pair for pair, _standing in wrong} - left)


def drill(stack: Stack, first: str, second: str) -> list[tuple[str, str]]:
    """Load, dump, lose everything, restore, read WeCom anew, compare; the rows of the table."""
    stack.start_wecom()
    stack.prepare()
    stack.start_web()
    stack.start_workers()
    events, backup = Events(stack), stack.folder / "backup.dump"
    threading.Event().wait(_LOAD_SECONDS)
    at_dump = events.raised
    seen, dump_seconds = dump(first, backup)
    threading.Event().wait(_AFTER_SECONDS)
    events.stop()
    for name in [name for name in stack.running() if name != "sandbox"]:
        stack.kill(name)  # the machine is gone

    began = time.monotonic()
    _call("pg_restore", "-j", "2", "--no-owner", "--exit-on-error", "-d", second, str(backup))
    restored = time.monotonic()
    with psycopg.connect(second) as connection:
        found = contents(connection)
    lost = differences(stack, second)
    stack.use_database(second)
    said = stack.manage("after_restore").strip().splitlines()
    read = time.monotonic()
    stack.start_web()
    stack.start_workers()
    ready = time.monotonic()
    wrong_tables = {name for name in seen if seen[name] != found.get(name)}
    left = differences(stack, second)
    size = backup.stat().st_size // 1024
    in_dump = sum(rows for rows, _digest in seen.values())
    rows = [
        ("events raised before the dump began", str(at_dump)),
        ("events raised while it ran and after it", str(events.raised - at_dump)),
        (
            "pg_dump under load",
            f"{dump_seconds:.1f} s, {in_dump} rows, {size} kB",
        ),
        ("pg_restore into a fresh database", f"{restored - began:.1f} s"),
        ("tables whose content differs from the snapshot", str(len(wrong_tables))),
        ("relations that the backup did not know", str(lost)),
        ("after_restore", f"{read - restored:.1f} s; {'; '.join(said)}"),
        ("web and workers until ready", f"{ready - read:.1f} s"),
        ("time to recover (RTO), everything above", f"{ready - began:.1f} s"),
        ("differences to WeCom afterwards", str(left)),
    ]
    if wrong_tables or left or not lost:
        raise StackError(f"{table(rows)}\n\nWrong: {sorted(wrong_tables)}, {left} differences")
    return rows


def _one_value(connection: "psycopg.Connection[Any]", words: Any) -> Any:
    row = connection.execute(words).fetchone()
    return row[0] if row else None


def _call(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 -- our own command
        command, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise StackError(f"{command[0]}: {done.stderr[-1000:]}")


def main() -> int:
    """Print a table; 1 when a row is missing, or one too many."""
    with ExitStack() as held:
        first = held.enter_context(scratch_database("guide_drill_lost"))
        second = held.enter_context(scratch_database("guide_drill_restored"))
        stack = held.enter_context(Stack(first, redis_url=f"{REDIS}/{_REDIS_DATABASE}"))
        try:
            rows = drill(stack, first, second)
        except StackError as error:
            stack.keep_logs = True
            sys.stdout.write(f"{error}\n")
            return 1
    sys.stdout.write(f"{table(rows)}\n\nThe backup is complete.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
