"""A load generator that costs little: ready-made requests over kept-open connections."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from bench.environment import HOST

_LIMIT_SECONDS = 300


class WrongAnswer(Exception):
    """A server answered with another status than the one that is measured."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of `get`."""

    status: int
    head: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load; times in seconds."""

    seconds: float
    times: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.seconds

    def percentile_ms(self, percent: int) -> float:
        """The time that `percent` of the requests stayed under, in milliseconds."""
        return quantiles(self.times, n=100, method="inclusive")[percent - 1] * 1000


def page(path: str, session: str, *, fragment: bool = False) -> bytes:
    """A request of a logged-in guide; `fragment` as htmx asks for one."""
    htmx = "HX-Request: true\r\nHX-Target: panel\r\n" if fragment else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
        f"User-Agent: Mozilla/5.0 wxwork/4.1.36\r\n{htmx}"
        f"Cookie: __Host-session={session}\r\n\r\n"
    ).encode()


def post(path: str, body: bytes) -> bytes:
    """A POST as WeCom sends one."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(
    port: int, requests: Sequence[bytes], *, connections: int, expect: tuple[int, ...] = (200,)
) -> Load:
    """Send `requests` over `connections` at once, each the next as soon as it was answered.

    Raises WrongAnswer for a status that is not in `expect`.
    """
    return asyncio.run(_load(port, requests, connections, expect))


def send(port: int, path: str, body: dict[str, Any] | None = None) -> Answer:
    """One request over a connection of its own: GET, or POST of JSON."""
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n\r\n".encode()
    if body is not None:
        request = post(path, json.dumps(body).encode())
    return asyncio.run(_one(port, request))


async def _load(
    port: int, requests: Sequence[bytes], connections: int, expect: tuple[int, ...]
) -> Load:
    times: list[float] = []
    waiting = iter(requests)
    began = time.perf_counter()
    async with asyncio.timeout(_LIMIT_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_work(port, waiting, times, expect))
    return Load(time.perf_counter() - began, times)


async def _work(
    port: int, waiting: Iterator[bytes], times: list[float], expect: tuple[int, ...]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        began = time.perf_counter()
        writer.write(request)
        answer = await _read(reader)
        times.append(time.perf_counter() - began)
        if answer.status not in expect:
            line = request.partition(b"\r\n")[0].decode()
            raise WrongAnswer(f"{line}: {answer.status}, not {expect}")
    writer.close()


async def _one(port: int, request: bytes) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(30):
        answer = await _read(reader)
    writer.close()
    return answer


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head[9:12])
    size = head.lower().partition("content-length:")[2].partition("\r")[0]
    return Answer(status, head, await reader.readexactly(int(size or 0)))
