"""Events for the app: signed, encrypted, queued with the change, delivered after its commit.

WeCom waits five seconds for a 200 and tries three times, always with the same body and query.
"""

import http.client
import logging
import random
import re
import threading
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import Q

from guideapp.core.clock import now
from guideapp.sandbox import clock, config
from guideapp.sandbox.models import Callback, WireLog
from guideapp.sandbox.services import ids, wirelog
from guideapp.sandbox.services.callback_faults import Fate, fate_of, forged
from guideapp.wecom.crypto import CallbackCrypto

TRIES = 3
TIMEOUT_SECONDS = 5
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.S)
_QUERY = ("msg_signature", "timestamp", "nonce")  # in WeCom's order
_PAUSES = (timedelta(seconds=2), timedelta(seconds=5))  # before the second and the third try
_LEASE = timedelta(seconds=30)  # a delivery cut off by a stop is taken up again
_BATCH = 16
_THREADS = 8
_IDLE_SECONDS = 1.0
_BUSY_SECONDS = 0.1  # while something is under way

logger = logging.getLogger(__name__)
_wake = threading.Event()
_starting = threading.Lock()
_running: "Deliverer | None" = None


@dataclass(frozen=True)
class Receiver:
    """Another address than the app's, with keys of its own (batch jobs name one)."""

    url: str
    token: str
    aes_key: str


def enqueue(
    event: str,
    change_type: str,
    fields: Mapping[str, object],
    *,
    origin: str = "",
    at: datetime | None = None,
    to: Receiver | None = None,
) -> Callback:
    """Queue one event in the caller's transaction and have it delivered after the commit.

    `fields` are the elements beyond the envelope, in order; an empty value is left out. A mapping
    holds elements of its own and a list repeats one. An AgentID among them is an app's event.
    """
    keys = config.keys()
    fate = fate_of(change_type or event)
    corp_id = fate.corp_id or keys.corp_id
    happened = int((at or clock.now()).timestamp())
    told = {name: value for name, value in fields.items() if name not in fate.without}
    plain = plain_xml(corp_id, event, change_type, told, happened, bare=fate.bare)
    to = to or Receiver(config.callback_url(origin), keys.callback_token, keys.callback_aes_key)
    crypto = CallbackCrypto(to.token, to.aes_key, corp_id)
    nonce = str(random.randrange(10**9, 10**10))  # noqa: S311 -- as WeCom's: unique, not secret
    sealed = crypto.encrypt(plain.encode(), nonce=nonce, timestamp=str(config.unix_now()))
    query = {name: getattr(sealed, name) for name in _QUERY}
    row = Callback(
        event=event,
        change_type=change_type,
        url=to.url,
        query=forged(query) if fate.forged else query,
        plain=plain,
        body=envelope_xml(corp_id, sealed.encrypt, agent_id=str(fields.get("AgentID", ""))),
        next_at=now() + fate.delay,
        created_at=now(),
        fault=fate.fault,
    )
    return _queued(row, fate)


def _queued(row: Callback, fate: Fate) -> Callback:
    """Write the row as often as it is to be sent; a dropped one is lost from the start."""
    if fate.dropped:
        row.state = Callback.State.LOST
        title = row.change_type or row.event
        wirelog.record(WireLog.Kind.CALLBACK, title, ok=False, detail="0/3", fault=fate.fault)
    for _copy in range(fate.copies):
        row.pk = None
        row.save(force_insert=True)
    transaction.on_commit(_deliver_soon)
    return row


def plain_xml(
    corp_id: str,
    event: str,
    change_type: str,
    fields: Mapping[str, object],
    created: int,
    *,
    bare: bool = False,
) -> str:
    """The event as WeCom writes it: one line, text in CDATA (not if `bare`), numbers without.

    A ChangeType among `fields` stands where it is there; other names replace the envelope's.
    """
    envelope: dict[str, object] = {
        "ToUserName": corp_id,
        "FromUserName": "sys",
        "CreateTime": created,
        "MsgType": "event",
        "Event": event,
    }
    if "ChangeType" not in fields:
        envelope["ChangeType"] = change_type
    whole = {**envelope, **fields}
    given = {name: value for name, value in whole.items() if value not in ("", None)}
    elements = "".join(_element(name, value) for name, value in given.items())
    return f"<xml>{_without_cdata(elements) if bare else elements}</xml>"


def envelope_xml(corp_id: str, encrypted: str, *, agent_id: str = "") -> str:
    """The body that is posted. Contact events carry an empty AgentID."""
    return (
        f"<xml>{_element('ToUserName', corp_id)}{_element('Encrypt', encrypted)}"
        f"{_element('AgentID', agent_id)}</xml>"
    )


def deliver_due(*, waiting_too: bool = False, limit: int = 1000) -> int:
    """Deliver what is due in this thread and return how many tries were made.

    `waiting_too` does not wait for the pauses between tries. Must not be called inside a
    transaction: the app that is called may need the rows.
    """
    tries = 0
    while tries < limit:
        rows = _claim(waiting_too=waiting_too)
        if not rows:
            break
        for row in rows:
            _deliver(row)
        tries += len(rows)
    return tries


@dataclass(frozen=True)
class Verification:
    """What the app answered to the address check. `ok` only for the exact text."""

    ok: bool
    status: int | None
    ms: int


def verify(origin: str = "") -> Verification:
    """Check the callback address as WeCom does when an admin saves it (GET with echostr)."""
    keys = config.keys()
    crypto = CallbackCrypto(keys.callback_token, keys.callback_aes_key, keys.corp_id)
    expected = str(random.randrange(10**18, 10**19))  # noqa: S311 -- echoed, not secret
    sealed = crypto.encrypt(
        expected.encode(), nonce=ids.random_text(10), timestamp=str(config.unix_now())
    )
    query = {name: getattr(sealed, name) for name in _QUERY} | {"echostr": sealed.encrypt}
    url = config.callback_url(origin)
    status, body, ms = _http("GET", url, query)
    answer = Verification(ok=status == 200 and body == expected.encode(), status=status, ms=ms)
    wirelog.record(
        WireLog.Kind.CALLBACK, "verify_url", ok=answer.ok, status=status, ms=ms, detail=url
    )
    return answer


class Deliverer:
    """One thread that finds due rows and a few that post them, until `stop`."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sandbox-callback")
        self._thread = threading.Thread(target=self._run, name="sandbox-callbacks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being posted and end."""
        self._stopping.set()
        _wake.set()
        self._thread.join()
        self._pool.shutdown()

    @property
    def alive(self) -> bool:
        """False once stopped (or when the process was forked away from the thread)."""
        return self._thread.is_alive() and not self._stopping.is_set()

    def _run(self) -> None:
        under_way: set[Future[None]] = set()
        while not self._stopping.is_set():
            _wake.clear()
            rows: list[Callback] = []
            try:
                if len(under_way) < _THREADS:  # an app that hangs holds up nothing but its own
                    rows = _claim(limit=_THREADS - len(under_way))
                under_way |= {self._pool.submit(_deliver_and_close, row) for row in rows}
            except DatabaseError:  # tables being reset or migrated: the rows wait
                logger.warning("sandbox callbacks: the database did not answer", exc_info=True)
            except RuntimeError:  # the process is ending and takes no new work: the rows wait
                return
            close_old_connections()
            if under_way:
                under_way = wait(under_way, _BUSY_SECONDS, FIRST_COMPLETED).not_done
            elif not rows:
                _wake.wait(_IDLE_SECONDS)


def start_thread() -> Deliverer:
    """Begin delivering in the background. The one that runs already is returned."""
    global _running
    with _starting:
        if _running is None or not _running.alive:
            _running = Deliverer()
        return _running


def ensure_running() -> None:
    """Have a deliverer where the settings want one; a new one begins with what was left over."""
    if config.delivers_by_itself():
        start_thread()


def _deliver_soon() -> None:
    """Have the deliverer look at once, and not in a second."""
    ensure_running()
    _wake.set()


def _claim(*, waiting_too: bool = False, limit: int = _BATCH) -> list[Callback]:
    """Mark up to `limit` due rows as being sent, so that two deliverers never share one.

    Only reads while nothing is due: the deliverer asks every second.
    """
    moment = now()
    due = Q(state=Callback.State.WAITING)
    if not waiting_too:
        due &= Q(next_at__lte=moment)
    due |= Q(state=Callback.State.SENDING, next_at__lte=moment)  # cut off by a stop
    rows = list(Callback.objects.filter(due).order_by("next_at", "id")[:limit])
    return [row for row in rows if _take(row, until=moment + _LEASE)]


def _take(row: Callback, *, until: datetime) -> bool:
    """Count one more try for this deliverer; a row that had all its tries is given up."""
    same = Callback.objects.filter(pk=row.pk, state=row.state, next_at=row.next_at)
    if row.tries >= TRIES:
        same.update(state=Callback.State.LOST)
        return False
    row.tries += 1
    return bool(same.update(state=Callback.State.SENDING, next_at=until, tries=row.tries))


def _deliver_and_close(row: Callback) -> None:
    _deliver(row)
    close_old_connections()


def _deliver(row: Callback) -> None:
    query = {name: row.query[name] for name in _QUERY}  # PostgreSQL keeps no order of keys
    status, _body, ms = _http("POST", row.url, query, row.body.encode())
    ok = status == 200
    moment = now()
    changes: dict[str, object] = {"last_status": status}
    if ok:
        changes |= {"state": Callback.State.DELIVERED, "delivered_at": moment}
    elif row.tries >= TRIES:
        changes |= {"state": Callback.State.LOST}
    else:
        pause = _PAUSES[row.tries - 1]
        changes |= {"state": Callback.State.WAITING, "next_at": moment + pause}
    Callback.objects.filter(pk=row.pk).update(**changes)
    wirelog.record(
        WireLog.Kind.CALLBACK,
        row.change_type or row.event,
        ok=ok,
        status=status,
        ms=ms,
        detail=f"{row.event} · {row.tries}/{TRIES}",
        fault=row.fault,
    )


def _http(
    method: str, url: str, query: Mapping[str, str], body: bytes | None = None
) -> tuple[int | None, bytes, int]:
    """Status (None: no answer within five seconds), start of the body, milliseconds."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    own = f"{parts.query}&" if parts.query else ""
    target = f"{parts.path or '/'}?{own}{urlencode(query)}"
    headers = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"}
    started = time.monotonic()
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        status, content = answer.status, answer.read(4096)
    except (OSError, http.client.HTTPException):
        status, content = None, b""
    finally:
        connection.close()
    return status, content, round((time.monotonic() - started) * 1000)


def _element(name: str, value: object) -> str:
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(*inner) for inner in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    text = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def _without_cdata(elements: str) -> str:
    return _CDATA.sub(lambda found: escape(found[1]), elements)
