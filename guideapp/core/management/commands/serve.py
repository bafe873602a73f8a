"""Run the web server (granian, WSGI)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

_STOP_SECONDS = 15
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
        target = "guideapp.core.jobs.served" if options["with_worker"] else "guideapp.wsgi"
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
