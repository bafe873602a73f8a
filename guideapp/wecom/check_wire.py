"""Single questions of the set-up check: no stored token, no budget, no breaker, no repeat.

Used before the database has tables, so nothing of `transport` and `tokens` is used; the ledger gets
its row where there is one.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.conf import settings

from guideapp.core.clock import now
from guideapp.wecom.errors import storable
from guideapp.wecom.ledger import record_call

_TEXT_MAX = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `errcode` None where no answer could be read, `failure` says why."""

    errcode: int | None
    failure: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    sent_at: datetime | None = None  # the other side's clock

    @property
    def errmsg(self) -> str:
        """WeCom's own words: its hint, and for 60020 our address."""
        return storable(str(self.answer.get("errmsg", "")))[:_TEXT_MAX]


class Wire:
    """Asks WeCom; remembers the tokens of this one check."""

    def __init__(self) -> None:
        self._tokens: dict[str, Reply] = {}

    def token_of(self, secret: str) -> Reply:
        """The answer of gettoken for `secret`; asked once a check."""
        if secret not in self._tokens:
            self._tokens[secret] = self._ask(
                "gettoken", {"corpid": settings.WECOM_CORP_ID, "corpsecret": secret}
            )
        return self._tokens[secret]

    def ask(self, path: str, secret: str, **query: str | int) -> Reply:
        """The answer of `path` with a token of `secret`; without a token, that refusal."""
        token = self.token_of(secret)
        if token.errcode != 0:
            return token
        return self._ask(path, {**query, "access_token": str(token.answer.get("access_token", ""))})

    def fetch(self, url: str, **query: str) -> tuple[int, str, str]:
        """(status, text, '') of one of our own pages, or (0, '', why there was no answer)."""
        try:
            answer = self._get(url, query)
        except requests.RequestException as error:
            return 0, "", failure_of(error)
        return answer.status_code, answer.text[:1000], ""

    def _ask(self, path: str, query: dict[str, str | int]) -> Reply:
        started = time.monotonic()
        reply = self._reply(path, query)
        record_call(
            path=path,
            errcode=reply.errcode,
            failure=reply.failure,
            duration_ms=round((time.monotonic() - started) * 1000),
            attempt=1,
        )
        return reply

    def _reply(self, path: str, query: dict[str, str | int]) -> Reply:
        try:
            response = self._get(f"{settings.WECOM_API_BASE_URL}/{path}", query)
        except requests.RequestException as error:
            return Reply(None, failure_of(error))
        if response.status_code != 200:
            return Reply(None, f"http_{response.status_code}")
        try:
            answer = response.json()
            return Reply(int(answer.get("errcode", 0)), "", answer, _clock_of(response))
        except (ValueError, TypeError, AttributeError):
            return Reply(None, "bad_json")

    def _get(self, url: str, query: dict[str, Any]) -> requests.Response:
        return requests.get(
            url,
            params=query,
            timeout=(settings.WECOM_CONNECT_TIMEOUT_SECONDS, settings.WECOM_TIMEOUT_SECONDS),
            allow_redirects=False,
        )


def skew_of(reply: Reply) -> int | None:
    """By how many seconds our clock is ahead of WeCom's; None where it did not say."""
    return None if reply.sent_at is None else round((now() - reply.sent_at).total_seconds())


def failure_of(error: requests.RequestException) -> str:
    """One word for why nothing came back; the error's own text would hold the address."""
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    if isinstance(error, requests.Timeout):
        return "timeout"
    return "no_connection" if isinstance(error, requests.ConnectionError) else "request"


def _clock_of(response: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return None
