"""Run the web server (granian, WSGI)."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from prometheus_client import values

from guideapp.core.orphans import end_children_with_us

_STOP_SECONDS = 15
_PAGE_SECONDS = 5  # no page may hold a database connection longer with one statement
_LOG_AS_OURS = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


class Command(BaseCommand):
    """`manage.py serve --host 0.0.0.0 --port 8000 --threads 4 --workers 2`."""

    help = "Serve the application until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Address and size."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=4, help="of each process")
        parser.add_argument("--workers", type=int, default=1, help="processes")
        parser.add_argument(
            "--with-worker", action="store_true", help="work the job ledger off in here too"
        )

    def handle(
        self, *args: Any, host: str, port: int, threads: int, workers: int, **options: Any
    ) -> None:
        """Serve until SIGTERM or Ctrl-C; running requests and jobs end first."""
        if not options["with_worker"]:  # jobs in the same process may take longer
            _limit_statements()
        end_children_with_us()
        with _shared_counters():
            self._serve(host, port, threads, workers, with_worker=options["with_worker"])

    def _serve(
        self, host: str, port: int, threads: int, workers: int, *, with_worker: bool
    ) -> None:
        target = "guideapp.core.jobs.served" if with_worker else "guideapp.wsgi"
        Server(
            f"{target}:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            workers_kill_timeout=_STOP_SECONDS,
            websockets=False,
            # It warns about the demo's 32 threads; they wait for chats, not for a processor.
            log_level=LogLevels.error if settings.DEMO else LogLevels.warning,
            log_dictconfig=_LOG_AS_OURS,
        ).serve()


def _limit_statements() -> None:
    """Before the first connection: the processes are forked from this one and keep its settings."""
    if connection.vendor == "postgresql" and "DATABASE_STATEMENT_SECONDS" not in os.environ:
        options = connection.settings_dict["OPTIONS"]
        options["options"] = f"-c statement_timeout={_PAGE_SECONDS}s"


@contextmanager
def _shared_counters() -> Iterator[None]:
    """A folder of our own in which the processes that we start count together for /metrics.

    It lies in PROMETHEUS_MULTIPROC_DIR where that is given; another server may count there too.
    """
    if not settings.METRICS_TOKEN:  # nobody counts
        yield
        return
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="guide-metrics-", dir=given or None)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    # The library chose at its import how values are kept; the processes are forked from this one.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
