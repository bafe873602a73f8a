"""Processes of a measured run: the product's own commands, each with a database of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.environment import url_of
from bench.load import load, page, send
from guideapp.core.jobs.lanes import LANES

LOGS = Path("var/bench")
_START_SECONDS = 60
_STOP_SECONDS = 20
_TICKS = os.sysconf("SC_CLK_TCK")


class DidNotStart(Exception):
    """A process of the run ended or never answered; the text names its log."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running process; `port` is 0 where it serves nothing."""

    process: subprocess.Popen[bytes]
    port: int
    database: str

    def cpu_seconds(self) -> float:
        """Processor time of the process and its children so far."""
        return sum(map(_cpu_of, _family(self.process.pid)))


def run(*command: str, database: str) -> None:
    """`manage.py <command>` to its end."""
    env = os.environ | {"DATABASE_URL": url_of(database)}
    subprocess.run([sys.executable, "manage.py", *command], env=env, check=True)  # noqa: S603


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def web(
    database: str, *, workers: int = 2, port: int = 0, env: dict[str, str] | None = None
) -> Iterator[Served]:
    """The product as production serves it (granian, 4 threads a process), answering."""
    port = port or free_port()
    command = ["serve", "--port", str(port), "--threads", "4", "--workers", str(workers)]
    with manage(command, database, port=port, env=env) as served:
        wait_for(served, "/healthz")
        warm_up(served, workers)
        yield served


@contextmanager
def workers(database: str, env: dict[str, str]) -> Iterator[None]:
    """A worker for each lane, as the Procfile starts them."""
    with ExitStack() as stack:
        for lane in LANES:
            stack.enter_context(manage(["worker", "--lanes", lane], database, env=env))
        yield


@contextmanager
def manage(
    command: list[str], database: str, *, port: int = 0, env: dict[str, str] | None = None
) -> Iterator[Served]:
    """`manage.py <command>` for the length of the block; its output goes to var/bench."""
    LOGS.mkdir(parents=True, exist_ok=True)
    lanes = command[-1:] if command[0] == "worker" else []
    log = LOGS / f"{'-'.join([command[0], *lanes, database])}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            [sys.executable, "manage.py", *command],
            env=os.environ | {"DATABASE_URL": url_of(database)} | (env or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Served(process, port, database)
        finally:
            _stop(process)


def wait_for(served: Served, path: str) -> None:
    """Return once the process answers 200. Raises DidNotStart."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and served.process.poll() is None:
        try:
            if send(served.port, path).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise DidNotStart(f"Nothing answers on port {served.port}; see {LOGS}/*.log.")


def warm_up(served: Served, workers: int) -> None:
    """Have every process of the server import and connect before anything is counted."""
    requests = [page("/bench/view/", "nobody")] * (16 * workers)
    load(served.port, requests, connections=4 * workers, expect=(302,))


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the session that we began for it
        process.wait()


def _family(pid: int) -> list[int]:
    """The process and its living descendants."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        text = " ".join((task / "children").read_text() for task in tasks)
    except OSError:
        return []
    return [pid, *(one for child in text.split() for one in _family(int(child)))]


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
