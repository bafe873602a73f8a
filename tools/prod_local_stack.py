"""The production processes on this machine: web behind TLS, a worker per lane, a played WeCom.

`with Stack(…) as stack:` starts everything with production settings and ends everything. The played
WeCom is a process of its own with its own database, as an outside server would be.
"""

import base64
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tools.prod_local_tls import TlsDoor, make_certificate

ROOT = Path(__file__).resolve().parent.parent
ADMIN = "wangsi"  # of the played company: content and administration
MATERIAL = "燕麦色大衣的 5 种穿法"
LANES = ("urgent", "normal", "bulk")
METRICS_TOKEN = secrets.token_urlsafe(24)
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
_STARTS_WITHIN_SECONDS = 90
_ENDS_WITHIN_SECONDS = 30


class StackError(Exception):
    """A part did not do what it should; the text names it and quotes its log."""


class Stack:
    """Everything that runs in production, in a folder of its own."""

    def __init__(self, database_url: str, *, redis_url: str = "", driver: str = "poll") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="guide-production-"))
        self.certificate = make_certificate(self.folder)
        self.web_port, self.site_port = free_port(), free_port()
        self.sandbox_port, self.wecom_port = free_port(), free_port()
        self.site = f"https://127.0.0.1:{self.site_port}"
        self.wecom = f"https://127.0.0.1:{self.wecom_port}"
        self.corp: dict[str, Any] = {}
        self.keep_logs = False
        self._given = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "JOBS_DRIVER": driver,
        }
        self._secrets = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATA_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "INDEX_KEY": secrets.token_urlsafe(32),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._doors: list[TlsDoor] = []

    def __enter__(self) -> Self:
        """From here on SIGTERM ends the block like an error does: nothing is left running."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in reversed(list(self._processes)):
            with contextlib.suppress(StackError):
                self.stop(name)
        for door in self._doors:
            door.close()
        if kind is None and not self.keep_logs:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- parts ------------------------------------------------------------------------------------

    def start_wecom(self) -> None:
        """The played WeCom with the small company; its keys become the product's."""
        command = ["sandbox", "--port", str(self.sandbox_port), "--scenario", "small"]
        command += ["--database", str(self.folder / "sandbox.sqlite3")]
        command += ["--callback-url", f"{self.site}/wecom/callback/"]
        self.start("sandbox", *command, environment=self._kept())
        self._until(lambda: self._answers(self.sandbox_port, "/sandbox/control/state"), "sandbox")
        self.corp = self.ask_wecom("state?only=corp")["corp"]
        door = TlsDoor(self.wecom_port, self.sandbox_port, self.certificate, as_http=True)
        self._doors.append(door)

    def prepare(self) -> None:
        """What an operator does before the first start, and the first administrator."""
        self.manage("migrate", "--verbosity", "0", "--no-input")
        self.manage("createcachetable")
        self.manage("fetch_sdk")
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        self.manage("grant_role", ADMIN, "hq_admin")
        self.manage("sync_organisation")
        self.set_up()

    def set_up(self) -> None:
        """Stores, customers and one material."""
        self.manage(
            "shell", "--no-imports", "-c", "from tools.prod_local_seed import set_up; set_up()"
        )

    def use_database(self, url: str) -> None:
        """What is started from now on works on this one."""
        self._given["DATABASE_URL"] = url

    def start_web(self, processes: int = 2) -> None:
        """So many web processes behind one port, and TLS in front of it."""
        port = str(self.web_port)
        self.start("web", "serve", "--port", port, "--workers", str(processes), "--threads", "4")
        self._until(lambda: self._answers(self.web_port, "/healthz"), "web")
        if len(self._doors) < 2:
            self._doors.append(TlsDoor(self.site_port, self.web_port, self.certificate))

    def start_workers(self) -> None:
        """One process per lane."""
        for lane in LANES:
            self.start(f"worker-{lane}", "worker", "--lanes", lane)
        self._until(self._has_workers, "worker-normal")

    # --- processes --------------------------------------------------------------------------------

    def start(self, name: str, *command: str, environment: dict[str, str] | None = None) -> None:
        """`manage.py …` in the background."""
        with self.log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 -- our own command
                [sys.executable, "manage.py", *command],
                env=environment or self.environment(),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str) -> float:
        """SIGTERM; how many seconds it took. Raises StackError where it had to be killed."""
        process = self._processes.pop(name)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=_ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise StackError(f"{name} did not end at SIGTERM.") from None
        if code:
            raise StackError(f"{name} ended with {code}: {self.tail(name)}")
        return time.monotonic() - began

    def kill(self, name: str) -> None:
        """kill -9, children too."""
        process = self._processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def running(self) -> list[str]:
        """The names of what was started and not stopped."""
        return list(self._processes)

    def manage(self, *command: str, **environment: str) -> str:
        """Run `manage.py …` to its end; what it said. Raises StackError."""
        done = subprocess.run(  # noqa: S603 -- our own command
            [sys.executable, "manage.py", *command],
            env={**self.environment(), **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            raise StackError(f"manage.py {command[0]}: {done.stderr[-1500:]}")
        return done.stdout

    def log(self, name: str) -> Path:
        """Where the process writes."""
        return self.folder / f"{name}.log"

    def tail(self, name: str) -> str:
        """The end of its log."""
        return self.log(name).read_text(errors="replace")[-1500:]

    # --- what they are told -----------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """Production: DEBUG and DEMO off, https, secure cookies, a proxy in front."""
        wecom, behind = f"{self.wecom}/sandbox", f"http://127.0.0.1:{self.sandbox_port}/sandbox"
        return {
            **self._kept(),
            **self._given,
            **self._secrets,
            "DEBUG": "0",
            "DEMO": "0",
            "SITE_URL": self.site,
            "ALLOWED_HOSTS": "127.0.0.1",
            "BEHIND_PROXY": "1",
            "METRICS_TOKEN": METRICS_TOKEN,
            "MEDIA_ROOT": str(self.folder / "media"),
            "FRAME_ANCESTORS": self.wecom,  # the played WeCom shows our pages in its window
            "WECOM_CORP_ID": self.corp["corp_id"],
            "WECOM_AGENT_ID": str(self.corp["agent_id"]),
            "WECOM_SECRET": self.corp["app_secret"],
            "WECOM_CONTACTS_SECRET": self.corp["contacts_secret"],
            "WECOM_CALLBACK_TOKEN": self.corp["callback_token"],
            "WECOM_CALLBACK_AES_KEY": self.corp["callback_aes_key"],
            "WECOM_API_BASE_URL": f"{behind}/cgi-bin",
            "WECOM_OAUTH_URL": f"{wecom}/connect/oauth2/authorize",
            "WECOM_QR_LOGIN_URL": f"{wecom}/wwlogin/sso/login",
            "WECOM_BRIDGE_SCRIPT": f"{self.wecom}/static/sandbox/bridge.js",
        }

    def _kept(self) -> dict[str, str]:
        """Nothing of the caller's own settings; our certificate is trusted."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        trusted = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(self.certificate))
        return kept | trusted | {"LOG_LEVEL": "WARNING"}

    # --- asking -----------------------------------------------------------------------------------

    def get(self, path: str, **headers: str) -> requests.Response:
        """GET a page of the product through TLS."""
        return requests.get(
            f"{self.site}{path}",
            headers=headers,
            verify=str(self.certificate),
            timeout=15,
            allow_redirects=False,
        )

    def ready(self) -> dict[str, bool]:
        """What /readyz says."""
        found: dict[str, bool] = self.get("/readyz").json()
        return found

    def figures(self) -> dict[str, float]:
        """What Prometheus would read."""
        answer = self.get("/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
        lines = [line for line in answer.text.splitlines() if line and line[0] != "#"]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def ask_wecom(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET or POST an address below /sandbox/control/."""
        url = f"http://127.0.0.1:{self.sandbox_port}/sandbox/control/{path}"
        answer = requests.request("GET" if body is None else "POST", url, json=body, timeout=30)
        if not answer.ok:
            raise StackError(f"{path}: {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told

    def _has_workers(self) -> bool:
        told = self.figures()
        return all(told[f'guide_workers{{lane="{lane}"}}'] for lane in LANES)

    def _answers(self, port: int, path: str) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).ok
        except requests.RequestException:
            return False

    def _until(self, claim: Callable[[], bool], name: str) -> None:
        pause, deadline = threading.Event(), time.monotonic() + _STARTS_WITHIN_SECONDS
        while not claim():
            process = self._processes.get(name)
            if time.monotonic() > deadline or (process and process.poll() is not None):
                raise StackError(f"{name} did not start: {self.tail(name)}")
            pause.wait(0.2)


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns for a person to read."""
    width = max(len(name) for name, _value in rows)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)
