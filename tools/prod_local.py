"""`make prod-local`: the production processes on this machine, looked at in a browser.

PostgreSQL and Redis are the local ones; the database is made for this run and dropped again.
`python -m tools.prod_local --driver celery` does the same with Celery's workers.
"""

import argparse
import getpass
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from playwright.sync_api import Error as PlaywrightError
from psycopg import sql

from tools.prod_local_smoke import Window, chromium, guide_sends_a_material, hq_logs_in_by_qr
from tools.prod_local_stack import Stack, StackError, table

_HERE = f"postgresql://{getpass.getuser()}@127.0.0.1:5432/postgres"
POSTGRES = os.environ.get("TEST_DATABASE_URL") or _HERE
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379").rstrip("/")
_REDIS_DATABASE = 10

type Rows = list[tuple[str, str]]


@contextmanager
def scratch_database(name: str) -> Iterator[str]:
    """The address of an empty database that is dropped at the end."""
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        _drop(server, name)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{POSTGRES.rsplit('/', 1)[0]}/{name}"
        finally:
            _drop(server, name)


def _drop(server: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    words = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    server.execute(words.format(sql.Identifier(name)))


def run(stack: Stack, rows: Rows) -> None:
    """Start, look, stop. Raises StackError or AssertionError at the first thing that is wrong."""

    def step(name: str, act: Callable[[], object]) -> None:
        began = time.monotonic()
        said = act()
        took = f"{time.monotonic() - began:5.1f} s"
        rows.append((name, f"{took}  {said}" if isinstance(said, str) else took))

    step("played WeCom", stack.start_wecom)
    step("migrations, first administrator, sync, stores", stack.prepare)
    step("2 web processes behind TLS", stack.start_web)
    step("3 workers, one per lane", stack.start_workers)
    with chromium() as browser:
        guide, office = Window(browser, stack), Window(browser, stack)
        step("guide, sidebar", lambda: guide_sends_a_material(guide))
        step("headquarters", lambda: hq_logs_in_by_qr(office))
        if guide.troubles or office.troubles:
            raise AssertionError("; ".join(guide.troubles + office.troubles))
    step("/readyz", lambda: _all_ready(stack))
    step("/metrics", lambda: _counted(stack))
    for name in reversed(stack.running()):
        step(f"SIGTERM {name}", lambda name=name: stack.stop(name))  # type: ignore[misc]


def _all_ready(stack: Stack) -> str:
    parts = stack.ready()
    if not all(parts.values()):
        raise StackError(f"not ready: {parts}")
    return ", ".join(parts)


def _counted(stack: Stack) -> str:
    if stack.get("/metrics").status_code != 401:
        raise StackError("/metrics answers without its token.")
    told = stack.figures()
    requests = sum(value for name, value in told.items() if name.startswith("guide_requests_total"))
    lanes = [
        lane for lane in ("urgent", "normal", "bulk") if told[f'guide_workers{{lane="{lane}"}}']
    ]
    if requests < 10 or len(lanes) < 3:
        raise StackError(f"{requests:.0f} requests counted, workers in {lanes}")
    return f"{requests:.0f} requests, {len(lanes)} lanes, {len(told)} series"


def main() -> int:
    """Print a table; 1 when something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", choices=["poll", "celery"], default="poll")
    driver = parser.parse_args().driver
    rows: Rows = []
    say, began = sys.stdout.write, time.monotonic()
    with scratch_database("guide_prod_local") as database:
        redis = f"{REDIS}/{_REDIS_DATABASE}"
        with Stack(database, redis_url=redis, driver=driver) as stack:
            say(f"Production settings, PostgreSQL, Redis, jobs by {driver}; logs: {stack.folder}\n")
            try:
                run(stack, rows)
            except (StackError, AssertionError, PlaywrightError) as error:
                stack.keep_logs = True
                say(f"{table(rows)}\n\nWrong: {error}\n" if rows else f"Wrong: {error}\n")
                return 1
    say(f"{table(rows)}\n\nAll of it works. {time.monotonic() - began:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
