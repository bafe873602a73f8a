"""Processes that a fault test starts and kills, their logs, and a folder that never stays."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent
_pause = threading.Event()  # never set: waits without `sleep`


class Child:
    """One process in a session of its own, so that it can be killed with everything below it."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """kill -9 for it and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def stop(self, number: signal.Signals, *, within_seconds: float) -> int:
        """Send a signal to the process alone; its exit code. Raises TimeoutExpired."""
        self.process.send_signal(number)
        return self.process.wait(timeout=within_seconds)


class Family:
    """Every process of one run and its folder; leaving the block ends and removes all of them."""

    def __init__(self, *, keep_logs_in: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="guide-faults-"))
        self.folder.chmod(0o755)
        self._keep_logs_in = keep_logs_in
        self._children: list[Child] = []
        guard = [sys.executable, str(Path(__file__).with_name("guard.py")), str(self.folder)]
        self._guard = subprocess.Popen(  # noqa: S603 -- our own script
            guard, stdin=subprocess.PIPE, start_new_session=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in reversed(self._children):
            child.kill()
        if self._keep_logs_in is not None:
            self._keep_logs_in.mkdir(parents=True, exist_ok=True)
            for log in self.folder.glob("*.log"):
                shutil.copy(log, self._keep_logs_in)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._tell_guard("done")
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait(timeout=10)

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], **more: Any
    ) -> Child:
        """Run `command` in the background; what it says is appended to `<name>.log`."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 -- our own commands
                list(command),
                env=dict(environment),
                cwd=more.pop("cwd", ROOT),
                stdout=more.pop("stdout", out),
                stderr=out,
                start_new_session=True,
                **more,
            )
        child = Child(name, process, log)
        self._children.append(child)
        self._tell_guard(str(process.pid))
        return child

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
        """Run `command` to its end and answer its output. Raises RuntimeError with its log."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as errors:
            done = subprocess.run(  # noqa: S603 -- our own commands
                list(command),
                env=dict(environment),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=300,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}: {log.read_text()[-2000:]}")
        return done.stdout.decode()

    def adopt(self, group: int) -> None:
        """Have a process that another one started ended with the rest, should we be killed."""
        self._tell_guard(str(group))

    def _tell_guard(self, line: str) -> None:
        if self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.write(f"{line}\n".encode())
                self._guard.stdin.flush()


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """True when something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pause(seconds: float) -> None:
    """Let the other processes go on."""
    _pause.wait(seconds)


def wait_until(true: Callable[[], bool], what: str, *, seconds: float = 60) -> float:
    """Wait until `true()`; how long it took. Raises TimeoutError that names `what`."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        pause(0.05)
    return time.monotonic() - began
