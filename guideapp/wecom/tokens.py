"""The access token and both tickets: fetched once for all threads and processes.

They live encrypted in Credential rows. One process refreshes, under a lease taken by a conditional
UPDATE, when less than five minutes remain; the others go on with the old value. Each refresh raises
the generation, and only the generation that was read may be replaced.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.schedule import periodic
from guideapp.wecom.errors import WeComError, WeComNotSent, WeComProtocol
from guideapp.wecom.models import Credential
from guideapp.wecom.transport import Answer, Call, transport

logger = logging.getLogger(__name__)

REFRESH_BEFORE = timedelta(minutes=5)
COPY_SECONDS = 60  # a process may be this far behind the row
LEASE_SECONDS = 30  # longer than one refresh with its repeats can take
_POLL_SECONDS = 0.05
_LIFE_SECONDS_MAX = 24 * 3600
_STALE = frozenset({40001, 40014, 42001})  # 40001 too, when a business call answers it
_WRONG_KEYS = frozenset({40001, 40013, 40091})
_refused: dict["App", float] = {}  # whose secret WeCom refused → when to ask again, monotonic
_WRONG_KEYS_REST_SECONDS = 300  # many wrong secrets bar our address for an hour

Kind = Credential.Kind
_TICKET_CALLS = {
    Kind.CORP_TICKET: Call("get_jsapi_ticket"),
    Kind.APP_TICKET: Call("ticket/get", {"type": "agent_config"}),
}


class App(NamedTuple):
    """A holder of a secret: our self-built app, or the address-book sync (agent 0)."""

    corp_id: str
    agent_id: int
    secret: str


def our_app() -> App:
    """The self-built app."""
    return App(settings.WECOM_CORP_ID, settings.WECOM_AGENT_ID, settings.WECOM_SECRET)


def address_book_app() -> App | None:
    """通讯录同步, where its secret is configured."""
    secret = settings.WECOM_CONTACTS_SECRET
    return App(settings.WECOM_CORP_ID, 0, secret) if secret else None


class _Key(NamedTuple):
    corp_id: str
    agent_id: int
    kind: str


@dataclass(frozen=True)
class _Copy:
    """What a row said; `read_at` in monotonic seconds."""

    value: str
    expires_at: datetime | None
    generation: int
    read_at: float

    def is_valid(self) -> bool:
        return bool(self.value and self.expires_at and self.expires_at > now())

    def is_fresh(self) -> bool:
        return bool(self.value and self.expires_at and self.expires_at - now() > REFRESH_BEFORE)

    def is_recent(self) -> bool:
        return time.monotonic() - self.read_at < COPY_SECONDS


class CredentialStore:
    """One process's view of the Credential rows. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: dict[_Key, _Copy] = {}
        self._flights: dict[_Key, Future[str]] = {}

    def access_token(self, app: App) -> str:
        """A token of `app`. Raises a WeComError when there is none and none can be fetched."""
        return self._current(_key(app, Kind.ACCESS_TOKEN), lambda: _fetch_token(app))

    def ticket(self, app: App, kind: Credential.Kind) -> str:
        """The corp ticket or the app ticket, refreshed when less than five minutes remain."""
        return self._current(_key(app, kind), lambda: self._fetch_ticket(app, kind))

    def valid_ticket(self, app: App, kind: Credential.Kind) -> str:
        """As `ticket`, but a value that is still valid is enough: for pages, which must not wait.

        WeCom is asked only when no valid ticket is stored at all.
        """
        copy = self._copy(_key(app, kind))
        return copy.value if copy.is_valid() else self.ticket(app, kind)

    def reject(self, app: App, token: str) -> None:
        """WeCom refused `token`: have it replaced, unless somebody already has."""
        key = _key(app, Kind.ACCESS_TOKEN)
        row = self._read(key)
        if row.value == token:
            _rows(key).filter(generation=row.generation).update(expires_at=now())
        self._forget(key)

    def authorised(self, app: App, call: Call) -> Answer:
        """Send `call` with a token of `app`. A refused token is replaced, the call repeated once.

        Raises a WeComError (WeComTokenExpired when the new token is refused too).
        """
        token = self.access_token(app)
        try:
            return transport.send(call, token=token)
        except WeComError as error:
            if error.errcode not in _STALE:
                raise
        self.reject(app, token)
        return transport.send(call, token=self.access_token(app))

    def clear(self) -> None:
        """Begin as a fresh process does."""
        with self._lock:
            self._copies.clear()
            self._flights.clear()
            _refused.clear()

    def _current(self, key: _Key, fetch: Callable[[], tuple[str, int]]) -> str:
        copy = self._copy(key)
        if copy.is_fresh():
            return copy.value
        with self._lock:
            flight = self._flights.get(key)
            ours = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if ours:
            return self._fly(key, flight, fetch)
        if copy.is_valid():
            return copy.value
        try:
            return flight.result(timeout=_patience())
        except (TimeoutError, CancelledError):
            raise _nobody_refreshed(key) from None

    def _fly(self, key: _Key, flight: Future[str], fetch: Callable[[], tuple[str, int]]) -> str:
        """Refresh for every thread of this process; they share the outcome, an error too."""
        try:
            value = self._refresh(key, fetch)
        except WeComError as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(value)
            return value
        finally:
            flight.cancel()  # changes nothing unless we are leaving without an outcome
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]

    def _refresh(self, key: _Key, fetch: Callable[[], tuple[str, int]]) -> str:
        """The value of the row once it is fresh, or valid while another process refreshes it."""
        deadline = time.monotonic() + _patience()
        while time.monotonic() < deadline:
            row = self._read(key)
            if row.is_fresh():
                return row.value
            if _take_lease(key, row.generation):
                return self._replace(key, row, fetch)
            if row.is_valid():
                return row.value
            time.sleep(_POLL_SECONDS)
        raise _nobody_refreshed(key)

    def _replace(self, key: _Key, row: _Copy, fetch: Callable[[], tuple[str, int]]) -> str:
        """Fetch and store under the lease; a valid old value survives a failure."""
        asked_at = now()
        try:
            value, seconds = fetch()
        except WeComError:
            _leased(key, row.generation).update(lease_until=None)
            if row.is_valid():
                return row.value
            raise
        _leased(key, row.generation).update(
            value=value,
            expires_at=asked_at + timedelta(seconds=seconds),
            generation=row.generation + 1,
            lease_until=None,
            updated_at=now(),
        )
        return self._read(key).value or value

    def _copy(self, key: _Key) -> _Copy:
        """The copy of this process when it is recent, else the row."""
        copy = self._copies.get(key)
        return copy if copy is not None and copy.is_recent() else self._read(key)

    def _read(self, key: _Key) -> _Copy:
        """The row, made when missing; kept as this process's copy."""
        row = _rows(key).first()
        if row is None:
            row, _ = Credential.objects.get_or_create(**key._asdict())
        copy = _Copy(row.value, row.expires_at, row.generation, time.monotonic())
        with self._lock:
            known = self._copies.get(key)
            if known is None or known.generation <= copy.generation:
                self._copies[key] = copy
        return copy

    def _forget(self, key: _Key) -> None:
        with self._lock:
            self._copies.pop(key, None)

    def _fetch_ticket(self, app: App, kind: Credential.Kind) -> tuple[str, int]:
        call = _TICKET_CALLS[kind]
        return _value_of(call, self.authorised(app, call), "ticket")


def _key(app: App, kind: Credential.Kind) -> _Key:
    return _Key(app.corp_id, app.agent_id, kind.value)


def _fetch_token(app: App) -> tuple[str, int]:
    call = Call("gettoken", {"corpid": app.corp_id, "corpsecret": app.secret})
    if time.monotonic() < _refused.get(app, 0.0):
        raise WeComNotSent(errmsg="our secret was refused", path=call.path, retryable=True)
    try:
        answer = transport.send(call)
    except WeComError as error:
        if error.errcode in _WRONG_KEYS:
            logger.error("WeCom refuses our corp id or secret", extra={"errcode": error.errcode})
            _refused[app] = time.monotonic() + _WRONG_KEYS_REST_SECONDS
        raise
    return _value_of(call, answer, "access_token")


def _value_of(call: Call, answer: Answer, name: str) -> tuple[str, int]:
    """The text under `name` and its life in seconds."""
    value, seconds = answer.get(name), answer.get("expires_in")
    if isinstance(value, str) and value and value.isascii() and isinstance(seconds, int):
        return value, min(max(seconds, 0), _LIFE_SECONDS_MAX)
    raise WeComProtocol(errmsg=f"no {name} in the answer", path=call.path)


def _rows(key: _Key) -> QuerySet[Credential]:
    return Credential.objects.filter(**key._asdict())


def _leased(key: _Key, generation: int) -> QuerySet[Credential]:
    """The row while it is still of `generation`: an older answer matches nothing."""
    return _rows(key).filter(generation=generation)


def _take_lease(key: _Key, generation: int) -> bool:
    """One statement, by the database's clock: true for exactly one process."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    taken = _leased(key, generation).filter(free)
    return bool(taken.update(lease_until=Now() + timedelta(seconds=LEASE_SECONDS)))


def _patience() -> float:
    """How many seconds to wait for somebody else's refresh: as long as one call may take."""
    return 1.0 + settings.WECOM_CONNECT_TIMEOUT_SECONDS + settings.WECOM_TIMEOUT_SECONDS


def _nobody_refreshed(key: _Key) -> WeComNotSent:
    return WeComNotSent(errmsg=f"no {key.kind} in time", retryable=True)


credentials = CredentialStore()


@periodic("*/2 * * * *", name="wecom.keep_credentials_warm")
@task(queue_name="normal")
def keep_credentials_warm() -> None:
    """Refresh what runs out within five minutes, so that no page ever waits for WeCom."""
    for kind in _TICKET_CALLS:  # each needs the access token, which is refreshed on the way
        credentials.ticket(our_app(), kind)
