"""One HTTP call to WeCom: time limits, typed errors, bounded retries, a ledger row each attempt.

Knows nothing of tokens: `tokens.authorised` adds one. A token travels in the query, so neither the
address nor what `requests` says about it may reach an error, a log or the ledger.
"""

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from django.conf import settings
from django.db import connection
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from guideapp.wecom.budget import budget
from guideapp.wecom.errors import (
    WeComError,
    WeComNotSent,
    WeComProtocol,
    WeComUnavailable,
    error_of,
    storable,
)
from guideapp.wecom.ledger import record_call
from guideapp.wecom.limits import limits
from guideapp.wecom.types import FileToUpload

ATTEMPTS = 3
_AT_ONCE_AGAIN = frozenset({-1, 45033})  # 45009 asks to wait for a window, so it is not here
_BACK_OFF_SECONDS = 0.2
_WINDOW_SECONDS = 60
_ERRCODE_MAX = 2**31 - 1  # what the ledger's column holds; real ones have seven digits

type Answer = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """What to ask: an API path such as `user/get`, its query, and at most one kind of body."""

    path: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None  # sent as raw UTF-8 JSON by POST
    upload: FileToUpload | None = None  # sent as multipart by POST
    read_seconds: int | None = None  # default WECOM_TIMEOUT_SECONDS


class InsideTransaction(RuntimeError):
    """A programming error: the database would wait, locked, for WeCom."""


class Transport:
    """Sends calls over kept-open connections. Thread-safe; one per process is enough."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=32))

    def send(self, call: Call, *, token: str = "") -> Answer:
        """The answer, whose errcode is 0. -1 and 45033 are tried three times in all, with jitter.

        Raises a WeComError; InsideTransaction when an atomic block is open.
        """
        _refuse_inside_transaction(call.path)
        attempt = 1
        while True:
            try:
                return self._attempt(call, token, attempt)
            except WeComError as error:
                if error.errcode not in _AT_ONCE_AGAIN or attempt == ATTEMPTS:
                    raise
            time.sleep(_BACK_OFF_SECONDS * 3 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
            attempt += 1

    def close(self) -> None:
        """Close the kept-open connections; the next call opens new ones."""
        self._session.close()

    def _attempt(self, call: Call, token: str, attempt: int) -> Answer:
        wait = settings.WECOM_TIMEOUT_SECONDS
        with limits.place(call.path, wait_seconds=wait):
            budget.spend(call.path)
            started = time.monotonic()
            errcode: int | None = None
            failure = ""
            try:
                answer, errcode = _decode(self._post_or_get(call, token))
            except _Unusable as unusable:
                failure = unusable.failure
            duration_ms = round((time.monotonic() - started) * 1000)
        _note(call.path, errcode)
        record_call(
            path=call.path,
            errcode=errcode,
            failure=failure,
            duration_ms=duration_ms,
            attempt=attempt,
        )
        if errcode is None:
            raise _error_of_failure(failure, call.path)
        if errcode:
            raise error_of(errcode, str(answer.get("errmsg", "")), call.path)
        return answer

    def _post_or_get(self, call: Call, token: str) -> requests.Response:
        query = {**call.query, **({"access_token": token} if token else {})}
        body, headers, files = None, {}, None
        if call.body is not None:
            body = json.dumps(call.body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json; charset=utf-8"
        if call.upload is not None:
            files = {"media": call.upload}
        try:
            return self._session.request(
                "GET" if body is None and files is None else "POST",
                f"{settings.WECOM_API_BASE_URL}/{call.path}",
                params=query,
                data=body,
                headers=headers,
                files=files,
                timeout=(
                    settings.WECOM_CONNECT_TIMEOUT_SECONDS,
                    call.read_seconds or settings.WECOM_TIMEOUT_SECONDS,
                ),
                allow_redirects=False,
            )
        except requests.ConnectTimeout:
            raise _Unusable("no_connection") from None
        except requests.Timeout:
            raise _Unusable("timeout") from None
        except (requests.exceptions.ContentDecodingError, requests.exceptions.ChunkedEncodingError):
            raise _Unusable("truncated") from None
        except requests.ConnectionError as error:
            raise _Unusable("connection" if _was_connected(error) else "no_connection") from None
        except requests.RequestException:
            raise _Unusable("request") from None


class _Unusable(Exception):
    """No answer that could be read; `failure` is the ledger's word for why."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


def _decode(response: requests.Response) -> tuple[Answer, int]:
    """The JSON object and its errcode. A missing errcode is 0, a textual one is a number."""
    if response.status_code != 200:
        raise _Unusable(f"http_{response.status_code}")
    try:
        answer = _storable(json.loads(response.content))
        errcode = int(answer.get("errcode", 0))
    except (ValueError, OverflowError, RecursionError):
        html = response.content.lstrip()[:1] == b"<"
        raise _Unusable("html" if html else "bad_json") from None
    except (TypeError, AttributeError):
        raise _Unusable("bad_shape") from None
    if abs(errcode) > _ERRCODE_MAX:
        raise _Unusable("bad_shape")
    return answer, errcode


def _storable(value: Any) -> Any:
    """The answer without NUL and lone surrogates: no database takes half an emoji of a nickname."""
    match value:
        case str():
            return value if value.isascii() and "\0" not in value else storable(value)
        case list():
            return [_storable(one) for one in value]
        case dict():
            return {key: _storable(one) for key, one in value.items()}
    return value


def _note(path: str, errcode: int | None) -> None:
    """Tell the limits how it went."""
    if errcode is None:
        limits.failed(path)
        return
    limits.succeeded(path)
    if errcode == 45009:
        limits.rate_limited(path, _WINDOW_SECONDS)


def _error_of_failure(failure: str, path: str) -> WeComError:
    """Nothing went out: NotSent. Nothing came, or a server error: Unavailable. Else: Protocol."""
    if failure == "no_connection":
        return WeComNotSent(errmsg=failure, path=path, retryable=True)
    if failure in {"timeout", "connection", "truncated"} or failure.startswith("http_5"):
        return WeComUnavailable(errmsg=failure, path=path, retryable=True)
    return WeComProtocol(errmsg=failure, path=path)


def _was_connected(error: requests.ConnectionError) -> bool:
    """False when not even a connection was made, so that nothing can have arrived."""
    cause = error.args[0] if error.args else None
    return not isinstance(getattr(cause, "reason", None), NewConnectionError)


def _refuse_inside_transaction(path: str) -> None:
    """A block that Django's TestCase opened around a whole test does not count."""
    blocks: list[Any] = getattr(connection, "atomic_blocks", [])
    if any(not getattr(block, "_from_testcase", False) for block in blocks):
        raise InsideTransaction(path)


transport = Transport()
