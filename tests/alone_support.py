"""`manage.py sandbox` as a process of its own, and an app in another language that hears it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from wechatpy.work.crypto import WeChatCrypto

from tests.screens import ROOT
from tests.wecom_support import PlayedWeCom

_START_SECONDS = 60
_HEARS_WITHIN_SECONDS = 20


@dataclass
class Receiver:
    """Somebody's app that reads callbacks with wechatpy alone. `answers`: statuses, then 200."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    posts: list[tuple[dict[str, str], str]] = field(default_factory=list)
    pages: dict[str, Callable[[], str]] = field(default_factory=dict)  # path → HTML or a script
    _came: threading.Condition = field(default_factory=threading.Condition)

    def crypto(self) -> WeChatCrypto:
        """wechatpy's own cipher under the company's keys."""
        names = ("callback_token", "callback_aes_key", "corp_id")
        return WeChatCrypto(*(self.keys[name] for name in names))

    def texts(self, count: int) -> list[str]:
        """The first `count` events, decrypted; waits for them to come."""
        self.wait_for(count)
        signed = ("msg_signature", "timestamp", "nonce")
        return [
            str(self.crypto().decrypt_message(body, *(query[name] for name in signed)))
            for query, body in self.posts[:count]
        ]

    def wait_for(self, count: int) -> None:
        """Until `count` posts came, or fail."""
        with self._came:
            came = self._came.wait_for(lambda: len(self.posts) >= count, _HEARS_WITHIN_SECONDS)
        assert came, f"{len(self.posts)} of {count} events came"

    def take(self, query: dict[str, str], body: str) -> int:
        """Keep one post; the status to answer."""
        with self._came:
            self.posts.append((query, body))
            self._came.notify_all()
            return self.answers.pop(0) if self.answers else 200


def receiver() -> tuple[Receiver, ThreadingHTTPServer]:
    """A receiver and the server that feeds it, on a port of its own."""
    heard = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(heard.take(self.query(), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            page = heard.pages.get(urlsplit(self.path).path)
            if page:
                self.answer(page().encode())
            elif "echostr" in self.query():
                names = ("msg_signature", "timestamp", "nonce", "echostr")
                text = heard.crypto().check_signature(*(self.query()[name] for name in names))
                self.answer(text if isinstance(text, bytes) else text.encode())
            else:
                self.answer(b"", status=404)

        def answer(self, content: bytes, status: int = 200) -> None:
            script = self.path.endswith(".js")
            self.send_response(status)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def query(self) -> dict[str, str]:
            parsed = parse_qs(urlsplit(self.path).query)
            return {name: values[0] for name, values in parsed.items()}

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard.url = f"http://127.0.0.1:{server.server_port}/hear"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return heard, server


@dataclass(frozen=True)
class Alone(PlayedWeCom):
    """The standalone sandbox at `url`; `app` hears its callbacks."""

    app: Receiver

    @property
    def keys(self) -> dict[str, Any]:
        """Keys of the played company."""
        return self.app.keys

    def fault(self, name: str, **told: Any) -> list[dict[str, Any]]:
        """Turn a fault on or off; what is on now."""
        on: list[dict[str, Any]] = self._done("control/faults", {"name": name, **told})["faults"]
        return on

    def order(self, what: str, **told: Any) -> dict[str, Any]:
        """POST control/`what`; fails when it is refused."""
        return self._done(f"control/{what}", told)

    def wire(self, **query: Any) -> list[dict[str, Any]]:
        """The wire log by GET control/calls."""
        found: list[dict[str, Any]] = self.told("calls", **query)["calls"]
        return found

    def own_token(self) -> str:
        """A token of the main app, fetched like anybody would."""
        return self.token(self.keys["app_secret"], self.keys["corp_id"])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A command of ours, running until `stop`; its output is in `log`."""

    def __init__(self, *command: str, log: Path, env: dict[str, str]) -> None:
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(  # noqa: S603 -- our own command
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, url: str, *, said: str = "") -> None:
        """Until `url` answers 200 and `said` stands in the log, or fail with what it said."""
        waiting = threading.Event()
        for _attempt in range(_START_SECONDS * 5):
            try:
                if requests.get(url, timeout=2).ok and said in self.log.read_text():
                    return
            except requests.RequestException:
                pass
            if self.process.poll() is not None:
                break
            waiting.wait(0.2)
        pytest.fail(f"{url} did not answer:\n{self.log.read_text()}")

    def stop(self) -> int:
        """End it as an operator would; its exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        return self.process.wait(timeout=30)


def bare_environment() -> dict[str, str]:
    """No setting of the product: what an outsider's shell has."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


@pytest.fixture(scope="session")
def alone_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """One standalone sandbox for all tests of a session; `alone` begins it anew."""
    folder = tmp_path_factory.mktemp("alone")
    app, server = receiver()
    port = free_port()
    process = Process(
        *("sandbox", "--port", str(port), "--database", str(folder / "sandbox.sqlite3")),
        *("--callback-url", app.url),
        log=folder / "sandbox.log",
        env=bare_environment(),
    )
    process.wait_until(f"http://127.0.0.1:{port}/healthz")
    yield Alone(f"http://127.0.0.1:{port}", app)
    process.stop()
    server.shutdown()
    server.server_close()


@pytest.fixture
def alone(alone_process: Alone) -> Alone:
    """The standalone sandbox with the small company, nothing broken and nothing heard."""
    alone_process.reset("small")
    alone_process.app.keys = alone_process.told("state", only="corp")["corp"]
    alone_process.app.posts.clear()
    alone_process.app.pages.clear()
    alone_process.app.answers.clear()
    return alone_process
