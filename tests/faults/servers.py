"""A PostgreSQL and a Redis of the run's own, on free ports of the loopback address."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.processes import Child, Family, answers, free_port, wait_until

_ROLE = "guide"
# No machine is switched off here, only processes are killed: what was written stays written.
_POSTGRES = {
    "fsync": "off",
    "max_connections": "80",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}


def postgres_folder() -> Path | None:
    """The newest folder with PostgreSQL's own programs; None: not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _version(path: Path) -> float:
    return float(path.parts[-3])


def _as_its_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


class Postgres:
    """A cluster that lives as long as its family; `stop` and `start` at any time."""

    def __init__(self, family: Family) -> None:
        programs = postgres_folder()
        if programs is None:
            raise RuntimeError("No PostgreSQL is installed here.")
        self._family, self._programs = family, programs
        self._data = family.folder / "postgres"
        self.port = free_port()
        self._child: Child | None = None

    def create(self) -> None:
        """initdb, start, and an empty database called guide."""
        self._data.mkdir()
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._data, owner.pw_uid, owner.pw_gid)
        command = [str(self._programs / "initdb"), "-D", str(self._data), "-U", _ROLE]
        subprocess.run(  # noqa: S603 -- PostgreSQL's own program
            [*command, "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._family.folder,
            **_as_its_user(),
        )
        self.start()
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE guide")

    def start(self) -> None:
        """Serve, and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in _POSTGRES.items()]
        place = ["-D", str(self._data), "-p", str(self.port), "-k", str(self._data)]
        command = [str(self._programs / "postgres"), *place, "-h", "127.0.0.1", *options]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self._child = self._family.start(
            "postgres", command, environment, cwd=self._family.folder, **_as_its_user()
        )
        wait_until(self._is_ready, "PostgreSQL")

    def stop(self) -> None:
        """SIGQUIT, its immediate shutdown: every connection is cut, recovery at the next start."""
        if self._child is not None:
            self._child.stop(signal.SIGQUIT, within_seconds=30)

    def url(self, database: str = "guide") -> str:
        """DATABASE_URL."""
        return f"postgresql://{_ROLE}@127.0.0.1:{self.port}/{database}"

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis:
    """A redis-server without a file; `kill` and `start` at any time."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self.port = free_port()
        self._child: Child | None = None

    def start(self) -> None:
        """Serve, and wait until it answers."""
        command = [str(shutil.which("redis-server")), "--port", str(self.port)]
        command += ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._child = self._family.start("redis", command, {"PATH": os.environ["PATH"]})
        wait_until(lambda: answers(self.port), "Redis")

    def kill(self) -> None:
        """Gone, with everything it knew."""
        if self._child is not None:
            self._child.kill()

    @property
    def url(self) -> str:
        """REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"
