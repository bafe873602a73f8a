"""Run the worker as a process of its own."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

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
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        workers = start_threads(names)
        self.stdout.write(f"Working on {', '.join(names)}.")
        stopping.wait()
        workers.stop()
        self.stdout.write("Stopped.")
