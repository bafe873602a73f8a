"""Members through the bulk call of /api/v1/: new ones and changed ones, a thousand a call."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bench.databases import EMPTY
from bench.environment import HOST, url_of
from bench.load import Load, load
from bench.rounds import ROUNDS
from bench.servers import web
from bench.table import Line

_A_CALL = 1_000  # as many as the API takes
_CALLS = 20  # of a round
_CONNECTIONS = 2  # a sender with two threads
_BEARER = f"{'b' * 16}.only-for-measuring"
_CLIENT = """INSERT INTO integration_apiclient (created_at, updated_at, name, key_id, secret_hash,
    scopes, created_by, calls, refused, failed_items)
    VALUES (now(), now(), 'bench', %s, %s, '["members:write"]', 'bench', 0, 0, 0)"""
_EMPTY = "TRUNCATE members_member, integration_apiclient, members_importantdate CASCADE"
_COUNT = "SELECT count(*) FROM members_member WHERE name LIKE %s"


def measure() -> list[Line]:
    """Members a second, created and changed; the load generator is on the same cores."""
    created, changed = [], []
    with psycopg.connect(url_of(EMPTY.database), autocommit=True) as connection:
        connection.execute(_EMPTY)
        digest = hashlib.sha256(_BEARER.encode()).hexdigest()
        connection.execute(_CLIENT, [_BEARER.partition(".")[0], digest])
        with web(EMPTY.database) as server:
            load(server.port, [_call(ROUNDS * _CALLS, "先来")] * 4, connections=_CONNECTIONS)
            for number in range(ROUNDS):
                created.append(_members_a_second(server.port, number, "会员"))
            for number in range(ROUNDS):
                changed.append(_members_a_second(server.port, number, "改名"))
        kept = connection.execute(_COUNT, ["改名%"]).fetchone()
        connection.execute(_EMPTY)
    assert kept == (ROUNDS * _CALLS * _A_CALL,), kept
    note = f"{_A_CALL:,} a call, {_CONNECTIONS} calls at once"
    return [
        Line("members created over the API", tuple(created), "/s", 5_000, at_least=True, note=note),
        Line("members changed over the API", tuple(changed), "/s", 5_000, at_least=True),
    ]


def _members_a_second(port: int, number: int, name: str) -> float:
    calls = range(number * _CALLS, (number + 1) * _CALLS)
    done: Load = load(port, [_call(one, name) for one in calls], connections=_CONNECTIONS)
    return done.rate * _A_CALL


def _call(number: int, name: str) -> bytes:
    first = number * _A_CALL
    items = [_member(one, name) for one in range(first, first + _A_CALL)]
    body = json.dumps({"items": items}).encode()
    head = (
        f"POST /api/v1/members/bulk/ HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
        f"Authorization: Bearer {_BEARER}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _member(number: int, name: str) -> dict[str, Any]:
    """What a member system sends of everybody."""
    told = datetime.now(UTC) - timedelta(seconds=1)
    return {
        "number": f"HY{number:010d}",
        "name": f"{name}{number}",
        "gender": 1 + number % 2,
        "phone": f"13{number % 10**9:09d}",
        "phone_verified": True,
        "home_store": f"S{1 + number % EMPTY.stores}",
        "birthday": f"1990-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "as_of": told.isoformat(),
    }
