"""`manage.py sandbox`: the played WeCom alone, with its own database, for any project."""

import http.client
import ipaddress
import os
import socket
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from guideapp.core.once_forked import once_forked
from guideapp.core.orphans import end_children_with_us
from guideapp.sandbox.alone.options import CALLBACK_URL, DATABASE, Options, given
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import Corp
from guideapp.sandbox.services import scenarios

_ANSWERS_WITHIN_SECONDS = 60
_STOP_SECONDS = 5
_LOG_AS_OURS = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


class Command(BaseCommand):
    """`manage.py sandbox --port 9000 --callback-url http://127.0.0.1:8000/wecom/callback/`."""

    help = "Run the played WeCom alone until stopped (docs/sandbox.md)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Address, data, and the app that it talks to."""
        parser.add_argument("--port", type=int, default=9000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--allow-network", action="store_true", help="let other machines reach it: --host"
        )
        parser.add_argument("--database", type=Path, default=DATABASE, help="an SQLite file")
        parser.add_argument("--scenario", default="", help="default: small, or what is there")
        parser.add_argument("--callback-url", default=CALLBACK_URL, help="where events are posted")
        parser.add_argument("--app-url", default="", help="default: the host of --callback-url")
        parser.add_argument("--chat-page", default="/s/", help="the app's page beside a chat")
        parser.add_argument("--home-page", default="", help="the app's page in the workbench")
        parser.add_argument("--threads", type=int, default=32)
        parser.add_argument("--reset", action="store_true", help="forget the data, keep the keys")

    def handle(self, *args: Any, host: str, port: int, threads: int, **told: Any) -> None:
        """Prepare the data and serve until SIGTERM or Ctrl-C."""
        everywhere = bool(told["allow_network"])
        if not everywhere and not _is_loopback(host):
            raise CommandError(
                f"{host} can be reached from other machines, and whoever reaches the sandbox may "
                "play everybody. Add --allow-network if that is what you want."
            )
        options = _checked(told, everywhere)
        if not _is_free(host, port):
            raise CommandError(f"Port {port} is taken.")
        if options != given():  # settings are read before the command line is: begin anew with it
            options.hand_on()
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
        _prepare(Path(options.database), told["scenario"], reset=told["reset"])
        connections.close_all()  # the server process opens its own
        once_forked(partial(self._announce, host, port))
        end_children_with_us()
        Server(
            "guideapp.sandbox.alone.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=threads,
            workers_kill_timeout=_STOP_SECONDS,
            websockets=False,
            log_level=LogLevels.error,  # it warns about many threads; they wait for chats
            log_dictconfig=_LOG_AS_OURS,
        ).serve()

    def _announce(self, host: str, port: int) -> None:
        """Print the address once the server answers."""
        give_up = time.monotonic() + _ANSWERS_WITHIN_SECONDS
        while time.monotonic() < give_up:
            if _answers(host, port):
                name = f"[{host}]" if ":" in host else host
                self.stdout.write(f"sandbox: http://{name}:{port}/sandbox/")
                self.stdout.flush()
                return
            time.sleep(0.1)


def _checked(told: dict[str, Any], everywhere: bool) -> Options:
    for name in ("callback_url", "app_url"):
        parts = urlsplit(told[name])
        if told[name] and (parts.scheme not in {"http", "https"} or not parts.netloc):
            raise CommandError(f"--{name.replace('_', '-')} must be an http(s) address.")
    for name in ("chat_page", "home_page"):
        if told[name] and not told[name].startswith("/"):
            raise CommandError(f"--{name.replace('_', '-')} must begin with a slash.")
    return Options(
        database=str(told["database"].resolve()),
        callback_url=told["callback_url"],
        app_url=told["app_url"],
        chat_page=told["chat_page"],
        home_page=told["home_page"],
        everywhere=everywhere,
    )


def _prepare(database: Path, scenario: str, *, reset: bool) -> None:
    """Bring the database up to date, and load the scenario where it is not the one there."""
    database.parent.mkdir(parents=True, exist_ok=True)
    if reset:
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    corp = Corp.objects.first()
    if corp and scenario in {"", corp.scenario}:
        return
    try:
        scenarios.load_scenario(scenario or "small")
    except UnknownEvent as error:
        raise CommandError(str(error)) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
