"""Run a command of ours as a process of its own on the test's database."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import connection


def database_url() -> str:
    """DATABASE_URL of the database that this test uses."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    database = settings.DATABASES["default"]
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    place = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    return f"postgresql://{database['USER']}{password}@{place}/{name}"


def manage(*words: str, **kw: Any) -> subprocess.Popen[bytes]:
    """`manage.py` with these words on the test's database; end it with `end`."""
    return subprocess.Popen(  # noqa: S603 -- our own commands
        [sys.executable, "manage.py", *words],
        env={**os.environ, "DATABASE_URL": database_url()},
        start_new_session=True,
        **kw,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process at once with all that it started, and wait for it.

    While a web server's workers still end, they hold connections, and PostgreSQL refuses to drop
    the test database: "is being accessed by other users".
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
