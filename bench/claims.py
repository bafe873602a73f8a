"""Claiming jobs with a million finished ones behind them, against an empty history."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from bench.rounds import Measure, interleaved, ratios
from bench.table import Line
from guideapp.core.jobs import ledger

_FINISHED = 1_000_000
_READY = 4_000
_BATCH = 20
_COLUMNS = (
    "task, args, kwargs, lane, priority, state, dedupe_key, run_at, attempts, fence, worker, "
    "enqueued_at, started_at, finished_at, error, error_class"
)
_ROW = (
    "'bench.no_task', '[]', '{{}}', 'normal', 0, '{state}', '', now() - n * interval '1 ms', 1, 1, "
    "'', now(), now(), {finished}, '', ''"
)


def measure() -> list[Line]:
    """Claims a second with a history ÷ without one; in schemas of their own."""
    with _ledger("bench_fresh", finished=0), _ledger("bench_old", finished=_FINISHED):
        fresh, old = interleaved(_claiming("bench_fresh"), _claiming("bench_old"))
    speed = ratios(old, fresh)
    note = f"{max(fresh):,.0f} claims/s on an empty history"
    name = "job claims: 1 M finished rows ÷ none"
    return [Line(name, speed, bar=0.7, at_least=True, note=note)]


@contextmanager
def _ledger(schema: str, *, finished: int) -> Iterator[None]:
    """A ledger of its own, found before the real one by `search_path`."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA {schema}")
        cursor.execute(f"CREATE TABLE {schema}.core_job (LIKE public.core_job INCLUDING ALL)")
        _insert(schema, "done", finished, "now()")
        cursor.execute(f"VACUUM ANALYZE {schema}.core_job")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path TO public")
            cursor.execute(f"DROP SCHEMA {schema} CASCADE")


def _insert(schema: str, state: str, count: int, finished: str) -> None:
    row = _ROW.format(state=state, finished=finished)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {schema}.core_job ({_COLUMNS}) "  # noqa: S608 -- our own words
            f"SELECT {row} FROM generate_series(1, {count}) n"
        )


def _claiming(schema: str) -> Measure:
    """Measures claims a second until nothing is left; what was claimed counts as done."""

    def measure() -> float:
        _insert(schema, "ready", _READY, "NULL")
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path TO {schema}, public")
        began, claimed = time.perf_counter(), 0
        while jobs := ledger.claim("normal", worker="bench", limit=_BATCH, lease_seconds=30):
            claimed += len(jobs)
        seconds = time.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute("UPDATE core_job SET state = 'done' WHERE state = 'running'")
            cursor.execute("SET search_path TO public")
            cursor.execute(f"VACUUM {schema}.core_job")
        return claimed / seconds

    return measure
