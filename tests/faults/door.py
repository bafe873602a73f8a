"""Before the web processes: spreads requests over them, and plays the post office of callbacks.

The played WeCom and the guides' browsers all come through here. A share of WeCom's callbacks is
kept back as letters, which the harness signs and delivers itself: late, twice and out of order.
"""

import hashlib
import http.client
import itertools
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from guideapp.wecom.callback_xml import read_elements
from guideapp.wecom.crypto import CallbackCrypto
from tests.faults.wire import Request, Server, handler_of

CALLBACK = "/wecom/callback/"
_PASSED = ("Content-Type", "Cookie", "X-Csrftoken", "Hx-Request", "User-Agent", "Accept", "Origin")


@dataclass(frozen=True)
class Back:
    """One web process as the door knows it."""

    name: str
    port: int


class Door:
    """A reverse proxy that tries the next web process where one is down."""

    crypto: CallbackCrypto  # known as soon as WeCom runs

    def __init__(self, port: int) -> None:
        self.port = port
        self.backs: list[Back] = []
        self.kept_share = 0.0  # of WeCom's callbacks, those that become letters
        self.letters: list[bytes] = []
        self.acknowledged: set[str] = set()  # digests of callbacks that were answered 200
        self.refused: dict[int, int] = {}  # how often a callback got another status
        self.deliveries = 0  # callbacks that were answered 200, repeated ones too
        self.on_request: Callable[[Back], None] | None = None  # once, when one is under way
        self._turn = itertools.count()
        self._dice = random.Random(11)  # noqa: S311 -- the same run again
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", port), handler_of(self._handle))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the product is reached."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def post_letter(self, letter: bytes, *, timestamp: str, nonce: str) -> bool:
        """Sign `letter` (an event's XML) and deliver it once; True when it was acknowledged."""
        sealed = self.crypto.encrypt(letter, nonce=nonce, timestamp=timestamp)
        body = f"<xml><Encrypt><![CDATA[{sealed.encrypt}]]></Encrypt></xml>".encode()
        query = f"msg_signature={sealed.msg_signature}&timestamp={timestamp}&nonce={nonce}"
        status, _kind, _body, _headers = self.forward("POST", f"{CALLBACK}?{query}", body, {})
        self._note(letter, status)
        return status == 200

    def take_letters(self) -> list[bytes]:
        """What was kept back since the last time."""
        with self._lock:
            taken, self.letters = self.letters, []
        return taken

    def forward(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str, bytes, dict[str, str]]:
        """Ask the next web process that takes the request; 502 when it dies in the middle of it."""
        for back in self._in_turn():
            connection = http.client.HTTPConnection("127.0.0.1", back.port, timeout=30)
            try:
                connection.connect()
            except OSError:
                continue  # nobody there: the request is still ours to give
            try:
                host = {"Host": f"127.0.0.1:{self.port}"}
                connection.request(method, path, body or None, headers | host)
                self._announce(back)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                return 502, "text/plain", b"", {}
            finally:
                connection.close()
            told = {name.title(): value for name, value in answer.getheaders()}
            more = {name: told[name] for name in _SENT_BACK if name in told}
            return answer.status, answer.getheader("Content-Type", ""), content, more
        return 502, "text/plain", b"", {}

    def _in_turn(self) -> list[Back]:
        backs = list(self.backs)
        start = next(self._turn) % max(1, len(backs))
        return backs[start:] + backs[:start]

    def _announce(self, back: Back) -> None:
        with self._lock:
            told, self.on_request = self.on_request, None
        if told is not None:
            told(back)

    def _handle(self, request: Request) -> None:
        is_callback = request.command == "POST" and request.path.startswith(CALLBACK)
        plain = self._opened(request) if is_callback else b""
        if is_callback and self._dice.random() < self.kept_share:
            with self._lock:
                self.letters.append(plain)
            return request.answer(200, "text/plain", b"")
        headers = {name: request.headers[name] for name in _PASSED if name in request.headers}
        status, kind, body, more = self.forward(
            request.command, request.path, request.body, headers
        )
        if is_callback:
            self._note(plain, status)
        with suppress(BrokenPipeError, ConnectionResetError):
            request.answer(status, kind, body, **more)
        return None

    def _note(self, plain: bytes, status: int) -> None:
        with self._lock:
            if status == 200:
                self.deliveries += 1
                self.acknowledged.add(hashlib.sha256(plain).hexdigest())
            else:
                self.refused[status] = self.refused.get(status, 0) + 1

    def _opened(self, request: BaseHTTPRequestHandler) -> bytes:
        """The event's XML, decrypted."""
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.path).query).items()}
        sealed = read_elements(request.body)["Encrypt"]  # type: ignore[attr-defined]
        signed = (query["msg_signature"], query["timestamp"], query["nonce"])
        return self.crypto.decrypt(*signed, sealed)


_SENT_BACK = ("Location", "Set-Cookie", "Retry-After")
