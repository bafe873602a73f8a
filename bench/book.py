"""The largest book of customers: each page of its list, and searches in it and in a store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

import psycopg

from bench import people
from bench.databases import LARGE
from bench.environment import HOST, url_of
from bench.load import load, page
from bench.rounds import ROUNDS
from bench.servers import web
from bench.table import Line

_GUIDE, _STORE = 1, 1  # whose book it is, and the store that they lead
_SEGMENTS = ("all", "birthday", "silent", "new", "value", "viewed")
# What matches many, few, one and nobody: by character, name, pinyin, initials, digits of a phone.
_WORDS = ("周", "周女士", "周女士25000", "zhounv", "zns", "没有的人", "mei", "2046", "13800002046")
_TIMES = 5  # of each request, in a round
_BAR_MS = 100
_TOKEN = "b" * 32  # of CSRF: cookie and header agree
_DEEP = """SELECT followed_at, id FROM members_followrelation WHERE guide_id = %s
    AND ended_at IS NULL ORDER BY followed_at DESC, id DESC OFFSET %s LIMIT 1"""


def measure() -> list[Line]:
    """95 of 100 pages and searches, in milliseconds; a guide with 40,000 customers."""
    people.log_in(LARGE, [_GUIDE])
    session = people.session_of(_GUIDE)
    lists = [page(f"/g/customers/?segment={one}", session) for one in _SEGMENTS]
    lists += [page(f"/g/customers/?{urlencode({'after': key})}", session) for key in _deep_keys()]
    mine, theirs = "/g/customers/search/", f"/m/stores/{_STORE}/customers/search/"
    with web(LARGE.database) as server:
        return [
            _line("page of 40,000 customers, any segment and depth, p95", server.port, lists),
            _line("search in 40,000 customers of 1 M, p95", server.port, _searches(mine, session)),
            _line(
                "search in their store's customers, p95", server.port, _searches(theirs, session)
            ),
        ]


def _line(name: str, port: int, requests: Sequence[bytes]) -> Line:
    load(port, requests, connections=1)
    runs = [load(port, list(requests) * _TIMES, connections=1) for _ in range(ROUNDS)]
    slowest = max(max(run.times) for run in runs) * 1000
    rounds = tuple(run.percentile_ms(95) for run in runs)
    return Line(name, rounds, "ms", bar=_BAR_MS, note=f"slowest {slowest:.0f} ms")


def _deep_keys() -> list[str]:
    """Where pages far down begin."""
    with psycopg.connect(url_of(LARGE.database)) as connection:
        rows = [
            connection.execute(_DEEP, [_GUIDE, LARGE.largest_book * part // 10]).fetchone()
            for part in (1, 5, 9)
        ]
    epoch = datetime.fromtimestamp(0, UTC)
    return [f"{round((at - epoch).total_seconds() * 1e6)}-{pk}" for at, pk in filter(None, rows)]


def _searches(path: str, session: str) -> list[bytes]:
    return [_search(path, session, words) for words in _WORDS]


def _search(path: str, session: str, words: str) -> bytes:
    body = urlencode({"q": words, "segment": "all"}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
        f"Origin: https://{HOST}\r\nHX-Request: true\r\nX-CSRFToken: {_TOKEN}\r\n"
        f"Cookie: __Host-session={session}; __Host-csrftoken={_TOKEN}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
