"""`make demo`: prepare, seed once, serve everything in one process."""

import os
import shutil
import sys
import threading
import time
from argparse import ArgumentParser
from functools import partial
from pathlib import Path

import requests
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connections

from guideapp.core.once_forked import once_forked
from guideapp.demo import seed, snapshot
from guideapp.demo.temporary_server import port_is_free

_ANSWERS_WITHIN_SECONDS = 60


class Command(BaseCommand):
    """Run the product with a seeded company on this machine."""

    help = "Run the product with a seeded company: pages, worker and WeCom sandbox together."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--port` to serve on, `--reset` to forget what is there."""
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--reset", action="store_true", help="start anew")

    def handle(self, *, port: int, reset: bool, **options: object) -> None:
        """Prepare, seed, serve until Ctrl-C."""
        if not port_is_free(port):
            raise CommandError(f"Port {port} is taken. Try: make demo PORT={port + 1}")
        if reset:
            self._forget()
        self._prepare()
        if not snapshot.is_seeded():
            self.stdout.write("Seeding the company (once) …")
            seed.run(say=self._say)
            snapshot.take()
            _begin_anew()
        once_forked(partial(self._announce, port))
        call_command("serve", host="127.0.0.1", port=port, threads=32, with_worker=True)

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")
        self.stdout.flush()

    def _forget(self) -> None:
        database = Path(settings.DATABASES["default"]["NAME"])
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)

    def _prepare(self) -> None:
        Path(settings.DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        try:
            call_command("fetch_sdk", verbosity=0)
        except CommandError as error:
            self.stdout.write(self.style.WARNING(str(error)))
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        if settings.STATIC_HASHED and _static_is_stale():
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)

    def _announce(self, port: int) -> None:
        """Print the address once the server answers."""
        address = f"http://127.0.0.1:{port}"
        give_up = time.monotonic() + _ANSWERS_WITHIN_SECONDS
        while time.monotonic() < give_up:
            try:
                if requests.get(f"{address}/healthz", timeout=1).ok:
                    self.stdout.write(self.style.SUCCESS(f"\n  {settings.SITE_NAME}: {address}/"))
                    self.stdout.write("  Ctrl-C stops it; the data stays. RESET=1 starts anew.\n")
                    self.stdout.flush()
                    return
            except requests.RequestException:
                threading.Event().wait(0.2)


def _begin_anew() -> None:
    """Serve from a fresh process: the seed's threads must not run while the server is forked."""
    connections.close_all()
    command = [argument for argument in sys.orig_argv[1:] if argument != "--reset"]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 -- our own command line


def _static_is_stale() -> bool:
    """True when a source file is newer than the manifest of the collected files."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return True
    made_at = manifest.stat().st_mtime
    folders = (settings.BASE_DIR / "static", settings.BASE_DIR / "var" / "vendor")
    return any(file.stat().st_mtime > made_at for folder in folders for file in folder.rglob("*"))
