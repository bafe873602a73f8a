"""The access token and both tickets: fetched once, renewed in time, never overwritten by age."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from django.db import connection, connections

from guideapp.core.clock import now
from guideapp.wecom import errors
from guideapp.wecom.models import ApiCall, Credential
from guideapp.wecom.tokens import (
    CredentialStore,
    address_book_app,
    credentials,
    keep_credentials_warm,
    our_app,
)
from guideapp.wecom.transport import Call
from tests.wecom.conftest import Upstream

pytestmark = pytest.mark.django_db

Kind = Credential.Kind
USER = Call("user/get", {"userid": "guide007"})
OK = {"errcode": 0, "errmsg": "ok", "userid": "guide007"}
REFUSED = {"errcode": 40014, "errmsg": "invalid access_token"}
TICKET = {"errcode": 0, "ticket": "ticket-1", "expires_in": 7200}


def token_row() -> Credential:
    return Credential.objects.get(kind=Kind.ACCESS_TOKEN)


def tokens_used(upstream: Upstream, path: str) -> list[str]:
    return [
        parse_qs(urlsplit(request.url).query)["access_token"][0] for request in upstream.asked(path)
    ]


class SlowWeCom(ThreadingHTTPServer):
    """Counts what it is asked; gettoken takes a while, as under a stampede."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/cgi-bin"


class _Handler(BaseHTTPRequestHandler):
    server: SlowWeCom

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/cgi-bin/")
        self.server.asked.append(path)
        time.sleep(0.3)
        body = json.dumps({"errcode": 0, "access_token": "token-of-all", "expires_in": 7200})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Tests stay silent."""


@pytest.fixture
def slow_wecom(settings: Any) -> Iterator[SlowWeCom]:
    server = SlowWeCom()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.WECOM_API_BASE_URL = server.base
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def token_in_a_thread(store: CredentialStore, together: threading.Barrier) -> str:
    try:
        together.wait()
        return store.access_token(our_app())
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("processes", [1, 2])
def test_50_threads_on_a_cold_cache_make_one_gettoken_call(
    slow_wecom: SlowWeCom, processes: int
) -> None:
    stores = [CredentialStore() for _ in range(processes)]
    together = threading.Barrier(50)
    with ThreadPoolExecutor(50) as pool:
        found = [pool.submit(token_in_a_thread, stores[n % processes], together) for n in range(50)]
        assert {future.result() for future in found} == {"token-of-all"}
    assert slow_wecom.asked == ["gettoken"]
    assert token_row().generation == 1


def test_a_token_is_kept_encrypted(with_token: Upstream) -> None:
    credentials.access_token(our_app())
    assert token_row().value == "token-1"
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM wecom_credential")
        (stored,) = cursor.fetchone()
    assert stored.startswith("v1|")


def test_a_recent_copy_asks_neither_wecom_nor_the_database(
    with_token: Upstream, django_assert_num_queries: Any
) -> None:
    credentials.access_token(our_app())
    with django_assert_num_queries(0):
        assert credentials.access_token(our_app()) == "token-1"


def test_a_fresh_process_reads_the_stored_token(with_token: Upstream) -> None:
    credentials.access_token(our_app())
    assert CredentialStore().access_token(our_app()) == "token-1"
    assert len(with_token.asked("gettoken")) == 1


@pytest.mark.parametrize(("minutes_left", "tokens"), [(6, 1), (4, 2)])
def test_a_token_is_renewed_in_its_last_five_minutes(
    upstream: Upstream, minutes_left: int, tokens: int
) -> None:
    upstream.gives_tokens("token-1", "token-2")
    credentials.access_token(our_app())
    with time_machine.travel(now() + timedelta(minutes=120 - minutes_left), tick=True):
        assert credentials.access_token(our_app()) == f"token-{tokens}"
    assert token_row().generation == tokens


def test_others_use_the_old_token_while_one_renews_it(upstream: Upstream) -> None:
    upstream.gives_tokens("token-1")
    credentials.access_token(our_app())
    Credential.objects.update(
        expires_at=now() + timedelta(minutes=4), lease_until=now() + timedelta(seconds=20)
    )
    assert CredentialStore().access_token(our_app()) == "token-1"


def test_a_lease_that_ran_out_is_taken_over(upstream: Upstream) -> None:
    upstream.gives_tokens("token-1", "token-2")
    credentials.access_token(our_app())
    Credential.objects.update(expires_at=None, lease_until=now() - timedelta(seconds=1))
    assert CredentialStore().access_token(our_app()) == "token-2"


def test_a_lease_that_nobody_ends_is_not_waited_for_for_ever(
    upstream: Upstream, settings: Any
) -> None:
    settings.WECOM_CONNECT_TIMEOUT_SECONDS = settings.WECOM_TIMEOUT_SECONDS = 0
    upstream.gives_tokens("token-1")
    credentials.access_token(our_app())
    Credential.objects.update(expires_at=None, lease_until=now() + timedelta(minutes=1))
    with pytest.raises(errors.WeComNotSent):
        CredentialStore().access_token(our_app())


def test_a_valid_token_survives_a_failed_renewal(upstream: Upstream) -> None:
    upstream.gives_tokens("token-1")
    upstream.answers("gettoken", requests.ReadTimeout())
    credentials.access_token(our_app())
    Credential.objects.update(expires_at=now() + timedelta(minutes=4))
    assert CredentialStore().access_token(our_app()) == "token-1"
    assert token_row().lease_until is None


def test_an_old_answer_never_replaces_a_newer_token(upstream: Upstream) -> None:
    def renewed_by_another_process(request: Any) -> tuple[int, dict[str, str], str]:
        Credential.objects.update(
            value="token-of-another", generation=7, expires_at=now() + timedelta(hours=2)
        )
        return 200, {}, json.dumps({"access_token": "token-of-the-slow-one", "expires_in": 7200})

    upstream.mock.add_callback(
        "GET", "https://qyapi.example.com/cgi-bin/gettoken", renewed_by_another_process
    )
    assert credentials.access_token(our_app()) == "token-of-another"
    assert (token_row().value, token_row().generation) == ("token-of-another", 7)


@pytest.mark.parametrize("errcode", [40014, 42001, 40001])
def test_a_refused_token_is_replaced_and_the_call_repeated_once(
    upstream: Upstream, errcode: int
) -> None:
    upstream.gives_tokens("token-1", "token-2")
    upstream.answers("user/get", {"errcode": errcode, "errmsg": "no"}, OK)
    assert credentials.authorised(our_app(), USER)["userid"] == "guide007"
    assert tokens_used(upstream, "user/get") == ["token-1", "token-2"]


def test_a_token_that_is_refused_twice_is_an_error(upstream: Upstream) -> None:
    upstream.gives_tokens("token-1", "token-2")
    upstream.answers("user/get", REFUSED)
    with pytest.raises(errors.WeComTokenExpired):
        credentials.authorised(our_app(), USER)
    assert len(upstream.asked("user/get")) == len(upstream.asked("gettoken")) == 2


def test_a_token_that_somebody_already_replaced_is_not_fetched_again(upstream: Upstream) -> None:
    upstream.gives_tokens("token-1")
    upstream.answers("user/get", REFUSED, OK)
    credentials.access_token(our_app())
    Credential.objects.update(generation=2)
    row = token_row()
    row.value = "token-of-another"
    row.save()
    assert credentials.authorised(our_app(), USER)
    assert tokens_used(upstream, "user/get") == ["token-1", "token-of-another"]
    assert len(upstream.asked("gettoken")) == 1


def test_a_wrong_secret_is_not_tried_in_a_loop(upstream: Upstream) -> None:
    upstream.answers("gettoken", {"errcode": 40001, "errmsg": "invalid credential"})
    with pytest.raises(errors.WeComNotPermitted):
        credentials.authorised(our_app(), USER)
    with pytest.raises(errors.WeComUnavailable):
        credentials.authorised(our_app(), USER)
    assert len(upstream.asked("gettoken")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 0},
        {"access_token": "", "expires_in": 7200},
        {"access_token": "\ud800", "expires_in": 7200},
        {"access_token": "t"},
    ],
)
def test_a_token_answer_without_a_token_is_an_error(
    upstream: Upstream, answer: dict[str, Any]
) -> None:
    upstream.answers("gettoken", answer)
    with pytest.raises(errors.WeComProtocol):
        credentials.access_token(our_app())
    assert token_row().lease_until is None


def test_both_tickets_are_kept_apart(with_token: Upstream) -> None:
    with_token.answers("get_jsapi_ticket", TICKET)
    with_token.answers("ticket/get", TICKET | {"ticket": "ticket-2"})
    keep_credentials_warm.call()
    assert credentials.ticket(our_app(), Kind.CORP_TICKET) == "ticket-1"
    assert credentials.ticket(our_app(), Kind.APP_TICKET) == "ticket-2"
    assert with_token.asked("ticket/get")[0].params["type"] == "agent_config"
    assert ApiCall.objects.count() == 3


def test_a_page_uses_a_ticket_to_its_last_minute_without_asking(with_token: Upstream) -> None:
    with_token.answers("get_jsapi_ticket", TICKET, requests.ReadTimeout())
    credentials.ticket(our_app(), Kind.CORP_TICKET)
    with time_machine.travel(now() + timedelta(minutes=118), tick=True):
        assert credentials.valid_ticket(our_app(), Kind.CORP_TICKET) == "ticket-1"
    assert len(with_token.asked("get_jsapi_ticket")) == 1


def test_the_address_book_secret_has_a_token_of_its_own(upstream: Upstream, settings: Any) -> None:
    upstream.gives_tokens("token-of-app", "token-of-sync")
    sync = address_book_app()
    assert sync is not None
    assert credentials.access_token(our_app()) == "token-of-app"
    assert credentials.access_token(sync) == "token-of-sync"
    settings.WECOM_CONTACTS_SECRET = ""
    assert address_book_app() is None
