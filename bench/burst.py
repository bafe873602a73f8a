"""A burst of 10,000 events beside new customers, and welcomes while 10,000 bulk jobs wait.

Real processes: the product's web server, a worker for each lane, the played WeCom with a database
of its own.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

import psycopg

from bench.callback import Keys, edited, empty
from bench.databases import BURST
from bench.environment import url_of
from bench.load import load, send
from bench.servers import Served, free_port, manage, wait_for, web, workers
from bench.table import Line

_EVENTS = 10_000
_WELCOMES = 200  # of them, while the burst lasts
_WELCOMES_IN_PEACE = 100
_BULK_JOBS = 10_000
_KNOWN = 1_000  # customers whom the edits concern
_BUSY = 200  # of them, in the burst with the bar: readings of one customer merge
_PAUSE_SECONDS = 0.1
_LIMIT_SECONDS = 600
_CONNECTIONS = 8
_AGENT_ID = "1000002"
_ROOT = 1  # the department above all

_LEFT = """SELECT (SELECT count(*) FROM wecom_callbackevent WHERE state = 'pending')
    + (SELECT count(*) FROM core_job WHERE state IN ('ready', 'running') AND lane <> 'bulk'
       AND run_at <= now())"""
# From the moment a callback was stored to the moment its welcome went out.
_WAITS = """
SELECT extract(epoch FROM o.sent_at - e.received_at)
FROM wecom_callbackevent e
JOIN members_contact c ON c.external_userid = e.fields ->> 'ExternalUserID'
JOIN members_followrelation f ON f.contact_id = c.id
JOIN acquisition_welcomedelivery d ON d.follow_id = f.id
JOIN wecom_outboxcall o ON o.id = d.call_id
WHERE e.change_type = 'add_external_contact' AND o.state = 'done' AND e.received_at > %s"""
_GUIDE = """INSERT INTO organisation_guide (created_at, updated_at, userid, name, alias, position,
    avatar_url, status, departments, led_departments, can_contact_customers, store_id)
    VALUES (now(), now(), %s, %s, '', '', '', 1, '[]', '[]', true, 1)"""
# The readings of the address book put everybody under the root, which stands for the one store.
_DEPARTMENT = """INSERT INTO organisation_department
    (wecom_id, parent_wecom_id, name, "order", store_id) VALUES (%s, %s, %s, 0, %s)"""
_WELCOME = """INSERT INTO acquisition_welcomemessage
    (created_at, updated_at, text, is_active, brand_id, material_id)
    VALUES (now(), now(), '{客户}你好，我是{门店}的{导购}', true, 1, 1)"""
_BULK = """INSERT INTO core_job (task, args, kwargs, lane, priority, state, dedupe_key, run_at,
    attempts, fence, worker, enqueued_at, error, error_class)
    SELECT 'guideapp.core.jobs.prune.prune_ledger', '[]', '{}', 'bulk', 0, 'ready', '', now(), 0, 0,
        '', now(), '', '' FROM generate_series(1, %s)"""


class Incomplete(Exception):
    """Something that was owed did not happen; the text says what."""


@dataclass(frozen=True, slots=True)
class Company:
    """The played company and the product beside it, both running."""

    wecom: Served
    product: Served
    keys: Keys
    userids: list[str]

    def add(self, name: str, *, welcome: bool = True) -> tuple[str, str]:
        """Somebody new adds a guide: (userid, external_userid)."""
        userid = self.userids[hash(name) % len(self.userids)]
        event = {"type": "add_external_contact", "userid": userid, "name": name}
        answer = send(self.wecom.port, "/sandbox/control/events", event | {"welcome": welcome})
        told: dict[str, Any] = json.loads(answer.body)
        return userid, str(told["external_userid"])


def measure() -> list[Line]:
    """Drained in, the welcomes' wait meanwhile, and their wait beside bulk jobs."""
    _forget()
    with _company() as company:
        known = [company.add(f"老客{n}", welcome=False) for n in range(_KNOWN)]
        _drained()
        lines = [*_burst(company, known[:_BUSY]), _spread(company, known), *_beside_bulk(company)]
    _forget()
    return lines


def _burst(company: Company, known: list[tuple[str, str]]) -> list[Line]:
    began, clock = _database_now(), time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        arrivals = beside.submit(_arrive, company, _WELCOMES, "新客")
        rate = _edit(company, known, _EVENTS - _WELCOMES)
        arrivals.result()
    _drained()
    seconds = time.monotonic() - clock
    note = f"{_EVENTS - _WELCOMES:,} of them posted, about {len(known)} customers, at {rate:.0f}/s"
    return [
        Line("burst of 10,000 events, drained", (seconds,), "s", bar=60, note=note),
        _waits("welcome p99, stored → sent, in the burst", began, _WELCOMES, bar=5),
    ]


def _spread(company: Company, known: list[tuple[str, str]]) -> Line:
    """The same number of events about many more customers: WeCom is asked about each of them."""
    clock = time.monotonic()
    _edit(company, known, _EVENTS)
    _drained()
    note = "each is read from the played WeCom, on the same cores"
    name = f"… about {len(known):,} customers, drained"
    return Line(name, (time.monotonic() - clock,), "s", note=note)


def _edit(company: Company, known: list[tuple[str, str]], count: int) -> float:
    """Post so many edits of these customers; how many a second were taken."""
    pairs = [known[n % len(known)] for n in range(count)]
    requests = [edited(userid, customer, company.keys) for userid, customer in pairs]
    return load(company.product.port, requests, connections=_CONNECTIONS).rate


def _beside_bulk(company: Company) -> list[Line]:
    with psycopg.connect(url_of(BURST.database)) as connection:
        connection.execute(_BULK, [_BULK_JOBS])
    began = _database_now()
    _arrive(company, _WELCOMES_IN_PEACE, "来客")
    _drained()
    left = _count("SELECT count(*) FROM core_job WHERE lane = 'bulk' AND state = 'ready'")
    line = _waits("welcome p99 beside 10,000 bulk jobs", began, _WELCOMES_IN_PEACE, bar=2)
    if not left:
        raise Incomplete("The bulk jobs ended before the welcomes: nothing was shown.")
    return [line]


def _arrive(company: Company, count: int, name: str) -> None:
    for number in range(count):
        company.add(f"{name}{number}")
        time.sleep(_PAUSE_SECONDS)


def _waits(name: str, began: Any, expected: int, *, bar: float) -> Line:
    with psycopg.connect(url_of(BURST.database)) as connection:
        waits = [float(row[0]) for row in connection.execute(_WAITS, [began])]
    if len(waits) != expected:
        raise Incomplete(f"{len(waits)} of {expected} welcomes were sent.")
    cut = quantiles(waits, n=100, method="inclusive")
    note = f"of {expected}; p50 {cut[49]:.2f} s, slowest {max(waits):.2f} s"
    return Line(name, (cut[98],), "s", bar=bar, note=note)


def _drained() -> None:
    """Return when no event is pending and no job of the two upper lanes is due."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    while _count(_LEFT):
        if time.monotonic() > deadline:
            raise Incomplete(f"Not drained after {_LIMIT_SECONDS} s; see var/bench/*.log.")
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def _company() -> Iterator[Company]:
    """The sandbox, and web and worker with its keys."""
    wecom_port, port = free_port(), free_port()
    command = ["sandbox", "--port", str(wecom_port), "--database", "var/bench/sandbox.sqlite3"]
    command += ["--callback-url", f"http://127.0.0.1:{port}/wecom/callback/", "--reset"]
    with manage(command, BURST.database, port=wecom_port) as wecom:
        wait_for(wecom, "/healthz")
        state = json.loads(send(wecom_port, "/sandbox/control/state").body)
        corp, users = state["corp"], [user for user in state["users"] if user["contact_right"]]
        env = {
            "SSL_REDIRECT": "0",  # the played WeCom posts plain http
            "WECOM_API_BASE_URL": f"http://127.0.0.1:{wecom_port}/sandbox/cgi-bin",
            "WECOM_CORP_ID": corp["corp_id"],
            "WECOM_AGENT_ID": _AGENT_ID,
            "WECOM_SECRET": corp["app_secret"],
            "WECOM_CALLBACK_TOKEN": corp["callback_token"],
            "WECOM_CALLBACK_AES_KEY": corp["callback_aes_key"],
        }
        _know(users)
        with web(BURST.database, port=port, env=env) as product, workers(BURST.database, env):
            keys = Keys(corp["corp_id"], corp["callback_token"], corp["callback_aes_key"])
            yield Company(wecom, product, keys, [user["userid"] for user in users])


def _know(users: list[dict[str, Any]]) -> None:
    """Guides and a welcome message, as a synchronised company has them."""
    with psycopg.connect(url_of(BURST.database)) as connection:
        connection.execute(_DEPARTMENT, [_ROOT, 0, "root", 1])
        for number in {place["id"] for user in users for place in user["departments"]} - {_ROOT}:
            connection.execute(_DEPARTMENT, [number, _ROOT, f"department {number}", None])
        for user in users:
            connection.execute(_GUIDE, [user["userid"], user["name"]])
        connection.execute(_WELCOME)


def _forget() -> None:
    """Leave the kept database as it was seeded."""
    empty(BURST.database)
    with psycopg.connect(url_of(BURST.database)) as connection:
        connection.execute(
            "TRUNCATE members_contact, members_tag, members_taggroup, acquisition_welcomemessage, "
            "attribution_trackedlink, wecom_outboxcall, wecom_credential, wecom_apicall, "
            "organisation_department, organisation_rolegrant CASCADE"
        )
        connection.execute("DELETE FROM organisation_guide WHERE id > 1")


def _count(query: str) -> int:
    with psycopg.connect(url_of(BURST.database)) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _database_now() -> Any:
    with psycopg.connect(url_of(BURST.database)) as connection:
        row = connection.execute("SELECT now()").fetchone()
    return row[0] if row else None
