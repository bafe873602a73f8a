"""Run the worker as a process of its own."""

import signal
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from guideapp.core.garbage import collect_seldom
from guideapp.core.jobs.worker import ALL_LANES, start_threads


class Command(BaseCommand):
    """`manage.py worker --lanes urgent,normal`: SIGTERM ends it after the running jobs."""

    help = "Work off the job ledger until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """The lanes."""
        parser.add_argument("--lanes", default=",".join(ALL_LANES), help="comma-separated")

    def handle(self, *args: Any, lanes: str, **options: Any) -> None:
        """Run until SIGTERM or Ctrl-C."""
        names = [name.strip() for name in lanes.split(",") if name.strip()]
        unknown = [name for name in names if name not in ALL_LANES]
        if unknown or not names:
            raise CommandError(f"Lanes are {', '.join(ALL_LANES)}; not {lanes!r}.")
        collect_seldom()
        if settings.JOBS_DRIVER == "celery":
            self._serve_celery(names)
        self._work(names)

    def _work(self, names: list[str]) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        workers = start_threads(names)
        self.stdout.write(f"Working on {', '.join(names)}.")
        stopping.wait()
        workers.stop()
        self.stdout.write("Stopped.")

    def _serve_celery(self, names: list[str]) -> None:
        """Ends the process: Celery's own threads would keep it alive."""
        if len(names) > 1:
            raise CommandError("With JOBS_DRIVER=celery a process works one lane: --lanes urgent.")
        self.stdout.write(f"Working on {names[0]} with Celery.")
        self.stdout.flush()
        code = import_string("guideapp.core.jobs.celery_driver.serve")(names[0])
        self.stdout.write("Stopped.")
        sys.exit(code)
