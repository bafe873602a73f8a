"""A member system that answers over HTTP with cursor paging, and can be switched off."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from guideapp.core.clock import now

TOKEN = "source-token"  # noqa: S105 -- of a played system


@dataclass
class PlayedSource:
    """`records` by resource; `page` records an answer; `asked` are the queries, oldest first."""

    url: str = ""
    page: int = 2
    as_of: datetime | None = None
    status: int = 200
    body: str = ""  # instead of the real answer
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    fails_after: int | None = None  # requests that it still answers

    def answer(self, path: str, token: str) -> tuple[int, str]:
        """Status and body."""
        parts = urlsplit(path)
        resource = parts.path.strip("/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append({"resource": resource, **query})
        if token != f"Bearer {TOKEN}":
            return 401, "{}"
        if self.fails_after is not None and len(self.asked) > self.fails_after:
            return 503, "down"
        if self.status != 200 or self.body:
            return self.status, self.body
        rows = self.records.get(resource, [])
        start = int(query.get("cursor", 0))
        end = start + self.page
        told = {
            "items": rows[start:end],
            "next_cursor": str(end) if end < len(rows) else None,
            "as_of": (self.as_of or now()).isoformat(),
        }
        return 200, json.dumps(told)


@contextmanager
def played_source() -> Iterator[PlayedSource]:
    """The system on a port of this machine; leaving the block kills it."""
    source = PlayedSource()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = source.answer(self.path, self.headers.get("Authorization", ""))
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *about: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    source.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
