"""Between the product and WeCom: every call passes here, is counted, and may be spoilt or trapped.

Each process of the product has an address of its own, `/<name>/cgi-bin/…`, so that the wire knows
who is calling: a trap can kill exactly that process at a marked point of its call.
"""

import fnmatch
import http.client
import json
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

ASKED, ANSWERED, FINISHING = "asked", "answered", "finishing"
# `asked`: the call left the process, WeCom has not seen it. `answered`: WeCom has acted, the
# process does not know. `finishing`: the answer has just reached the process.

_BODIES: dict[str, tuple[str, bytes]] = {
    "-1": ("application/json", b'{"errcode":-1,"errmsg":"system busy"}'),
    "45009": ("application/json", b'{"errcode":45009,"errmsg":"api freq out of limit"}'),
    "html": ("text/html", b"<html><body>502 Bad Gateway</body></html>"),
}
AFTER_THE_EFFECT = frozenset({"truncated", "reset"})  # WeCom acts, the answer is lost


@dataclass
class Fault:
    """Spoil a share of the calls whose path fits."""

    name: str  # a key of _BODIES, truncated, reset, or hang (until it is released)
    rate: float
    path: str = "*"


@dataclass
class Trap:
    """Call `spring(victim)` once, when a call of `victim` ('' any) comes to `point`."""

    point: str
    victim: str
    spring: Callable[[str], None]
    path: str = "*"
    sprung: threading.Event = field(default_factory=threading.Event)


class Wire:
    """A proxy on a port of its own; `faults` may be changed at any time."""

    def __init__(self, port: int, upstream_port: int) -> None:
        self.port, self.upstream_port = port, upstream_port
        self.faults: list[Fault] = []
        self.calls: Counter[str] = Counter()  # by path, as they left the product
        self.spoilt: Counter[str] = Counter()  # by name of the fault
        self.welcomes: Counter[str] = Counter()  # by code: how often WeCom accepted it
        self.hanging = 0
        self.released = threading.Event()  # ends every hanging call
        self._traps: list[Trap] = []
        self._lock = threading.Lock()
        self._dice = random.Random(7)  # noqa: S311 -- the same run again
        self._server = Server(("127.0.0.1", port), handler_of(self._handle))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def address(self, name: str) -> str:
        """WECOM_API_BASE_URL of the process `name`."""
        return f"http://127.0.0.1:{self.port}/{name}/cgi-bin"

    def spoil(self, *faults: Fault) -> None:
        """From now on these faults and no others; none: everything is well."""
        self.faults = list(faults)
        if faults:
            self.released.clear()
        else:
            self.released.set()

    def trap(self, trap: Trap) -> Trap:
        """Set a trap; `trap.sprung` tells when it was sprung."""
        with self._lock:
            self._traps.append(trap)
        return trap

    def remove(self, trap: Trap) -> None:
        """Take an unsprung trap away."""
        with self._lock, suppress(ValueError):
            self._traps.remove(trap)

    def close(self) -> None:
        """Stop serving."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, request: "Request") -> None:
        name, path = request.path.lstrip("/").split("/cgi-bin/", 1)
        api = urlsplit(path).path
        with self._lock:
            self.calls[api] += 1
        if self._sprung(ASKED, name, api):
            return request.reset()
        fault = self._fault_of(api)
        if fault in _BODIES:
            kind, body = _BODIES[fault]
            return request.answer(200, kind, body)
        if fault == "hang":
            self._hang()
        status, kind, body = self._ask(request, f"/sandbox/cgi-bin/{path}")
        self._count_welcome(api, request.body, body)
        if fault in AFTER_THE_EFFECT or self._sprung(ANSWERED, name, api):
            return request.truncate(body) if fault == "truncated" else request.reset()
        request.answer(status, kind, body)
        self._sprung(FINISHING, name, api)
        return None

    def _fault_of(self, api: str) -> str:
        for fault in self.faults:
            if fnmatch.fnmatch(api, fault.path) and self._dice.random() < fault.rate:
                with self._lock:
                    self.spoilt[fault.name] += 1
                return fault.name
        return ""

    def _hang(self) -> None:
        with self._lock:
            self.hanging += 1
        self.released.wait(60)
        with self._lock:
            self.hanging -= 1

    def _sprung(self, point: str, name: str, api: str) -> bool:
        with self._lock:
            for trap in self._traps:
                here = trap.point == point and trap.victim in ("", name)
                if here and fnmatch.fnmatch(api, trap.path):
                    self._traps.remove(trap)
                    break
            else:
                return False
        trap.spring(name)
        trap.sprung.set()
        return True

    def _ask(self, request: "Request", path: str) -> tuple[int, str, bytes]:
        """WeCom's answer, over a connection that lives as long as the asking one."""
        kind = request.headers.get("Content-Type", "")
        headers = {"Content-Type": kind} if kind else {}
        for _attempt in (1, 2):
            upstream = request.upstream
            if upstream is None:
                upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=30)
                request.upstream = upstream
            try:
                upstream.request(request.command, path, request.body or None, headers)
                answer = upstream.getresponse()
                return answer.status, answer.getheader("Content-Type", ""), answer.read()
            except (OSError, http.client.HTTPException):
                upstream.close()
                request.upstream = None
        return 502, "text/plain", b"the played WeCom is away"

    def _count_welcome(self, api: str, asked: bytes, answered: bytes) -> None:
        if api == "externalcontact/send_welcome_msg" and not _errcode(answered):
            with self._lock:
                self.welcomes[str(json.loads(asked)["welcome_code"])] += 1


def _errcode(answer: bytes) -> int:
    try:
        return int(json.loads(answer).get("errcode", 0))
    except ValueError:
        return -2


class Server(ThreadingHTTPServer):
    """Many connections at once; a broken one is nobody's error."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A process that was killed leaves broken connections; that is what we are here for."""


class Request(BaseHTTPRequestHandler):
    """One request of a kept-open connection."""

    protocol_version = "HTTP/1.1"
    body = b""
    upstream: http.client.HTTPConnection | None = None

    def finish(self) -> None:
        """The other side has gone."""
        if self.upstream is not None:
            self.upstream.close()
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def truncate(self, body: bytes) -> None:
        """Send half of JSON as if it were whole."""
        self.answer(200, "application/json", body[: len(body) // 2])

    def reset(self) -> None:
        """Cut the connection with RST."""
        linger = struct.pack("ii", 1, 0)
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True


def handler_of(handle: Callable[[Request], None]) -> type[Request]:
    """A handler class that gives every whole request to `handle`."""

    class Handler(Request):
        def _serve(self) -> None:
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            handle(self)

        do_GET = do_POST = _serve

    return Handler
