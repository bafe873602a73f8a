"""One call to WeCom: what may go wrong on the wire, and what the ledger keeps of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from guideapp.core.clock import now
from guideapp.wecom import errors
from guideapp.wecom.client import forget_process_state
from guideapp.wecom.ledger import prune_calls
from guideapp.wecom.models import ApiCall
from guideapp.wecom.transport import Call, InsideTransaction, transport
from tests.wecom.conftest import BASE, Upstream

pytestmark = pytest.mark.django_db

USER = Call("user/get", {"userid": "guide007"})
BUSY = {"errcode": -1, "errmsg": "system busy"}
CROWDED = {"errcode": 45033, "errmsg": "too many calls at once"}
OK = {"errcode": 0, "errmsg": "ok", "userid": "guide007"}


def ledger() -> list[tuple[str, int | None, str, int]]:
    rows = ApiCall.objects.order_by("pk")
    return list(rows.values_list("path", "errcode", "failure", "attempt"))


@pytest.mark.parametrize(
    "body",
    [OK, {"userid": "guide007"}, OK | {"errcode": "0"}, OK | {"errmsg": ""}],
    ids=["usual", "no errcode", "textual errcode", "no words"],
)
def test_success_is_told_by_the_code_alone(upstream: Upstream, body: dict[str, Any]) -> None:
    upstream.answers("user/get", body)
    assert transport.send(USER)["userid"] == "guide007"
    assert ledger() == [("user/get", 0, "", 1)]


@pytest.mark.parametrize(
    ("body", "status", "error", "failure"),
    [
        ("<html>maintenance</html>", 200, errors.WeComProtocol, "html"),
        ('{"errcode":0,"userid":"gui', 200, errors.WeComProtocol, "bad_json"),
        ("", 200, errors.WeComProtocol, "bad_json"),
        (b"\xff\xfe", 200, errors.WeComProtocol, "bad_json"),
        ("[" * 100_000, 200, errors.WeComProtocol, "bad_json"),
        ('{"errcode": Infinity}', 200, errors.WeComProtocol, "bad_json"),
        ('["errcode"]', 200, errors.WeComProtocol, "bad_shape"),
        ('{"errcode": null}', 200, errors.WeComProtocol, "bad_shape"),
        ('{"errcode": "many"}', 200, errors.WeComProtocol, "bad_json"),
        ('{"errcode": 9223372036854775808}', 200, errors.WeComProtocol, "bad_shape"),
        ("{}", 302, errors.WeComProtocol, "http_302"),
        ("{}", 404, errors.WeComProtocol, "http_404"),
        ("{}", 502, errors.WeComUnavailable, "http_502"),
    ],
)
def test_an_answer_that_is_not_wecoms_is_an_error(
    upstream: Upstream, body: str, status: int, error: type[errors.WeComError], failure: str
) -> None:
    upstream.answers("user/get", body, status=status)
    with pytest.raises(error) as caught:
        transport.send(USER)
    assert (caught.value.path, caught.value.errmsg) == ("user/get", failure)
    assert ledger() == [("user/get", None, failure, 1)]


@pytest.mark.parametrize(
    ("trouble", "error", "failure"),
    [
        (requests.ReadTimeout(), errors.WeComUnavailable, "timeout"),
        (requests.ConnectTimeout(), errors.WeComNotSent, "no_connection"),
        (requests.ConnectionError(), errors.WeComUnavailable, "connection"),
        (requests.exceptions.ChunkedEncodingError(), errors.WeComUnavailable, "truncated"),
        (requests.exceptions.InvalidURL(), errors.WeComProtocol, "request"),
    ],
)
def test_trouble_on_the_wire_is_not_repeated_by_itself(
    upstream: Upstream, trouble: Exception, error: type[errors.WeComError], failure: str
) -> None:
    upstream.answers("user/get", trouble)
    with pytest.raises(error):
        transport.send(USER)
    assert ledger() == [("user/get", None, failure, 1)]


def test_a_refused_connection_says_that_nothing_was_sent(settings: Any) -> None:
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:1/cgi-bin"
    with pytest.raises(errors.WeComNotSent):
        transport.send(USER)


@pytest.mark.parametrize("busy", [BUSY, CROWDED])
def test_a_busy_wecom_is_asked_again(upstream: Upstream, busy: dict[str, Any]) -> None:
    upstream.answers("user/get", busy, busy, OK)
    assert transport.send(USER)["userid"] == "guide007"
    assert [attempt for *_, attempt in ledger()] == [1, 2, 3]


def test_after_three_busy_answers_the_caller_is_told(upstream: Upstream) -> None:
    upstream.answers("user/get", BUSY)
    with pytest.raises(errors.WeComUnavailable) as caught:
        transport.send(USER)
    assert caught.value.retryable
    assert len(ledger()) == 3


def test_a_rate_limit_is_waited_for_and_not_asked_again(upstream: Upstream) -> None:
    upstream.answers("user/get", {"errcode": 45009, "errmsg": "api freq out of limit"})
    for _ in range(2):
        with pytest.raises(errors.WeComRateLimited):
            transport.send(USER)
    assert len(upstream.asked("user/get")) == 1


@pytest.mark.parametrize("errcode", [84061, 40058, 60011, 41050, 424242])
def test_a_refusal_is_told_at_once(upstream: Upstream, errcode: int) -> None:
    upstream.answers("user/get", {"errcode": errcode, "errmsg": "no, hint: [1671528_12]"})
    with pytest.raises(errors.WeComError) as caught:
        transport.send(USER)
    assert (caught.value.errcode, caught.value.errmsg) == (errcode, "no, hint: [1671528_12]")
    assert len(ledger()) == 1


def test_five_failures_stop_the_calls_of_that_path_only(upstream: Upstream) -> None:
    upstream.answers("user/get", requests.ReadTimeout())
    upstream.answers("department/list", OK)
    for _ in range(6):
        with pytest.raises(errors.WeComUnavailable):
            transport.send(USER)
    assert len(upstream.asked("user/get")) == 5
    assert transport.send(Call("department/list"))


def test_bodies_are_raw_utf8(upstream: Upstream) -> None:
    upstream.answers("message/send", OK)
    transport.send(Call("message/send", body={"text": "您好🌿"}))
    sent = upstream.asked("message/send")[0].body
    assert sent == '{"text": "您好🌿"}'.encode()


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
objects = st.dictionaries(st.sampled_from(["errcode", "errmsg", "x"]), anything, max_size=3)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(body=st.binary(max_size=60) | (anything | objects | st.lists(anything)).map(json.dumps))
def test_whatever_comes_back_is_an_answer_or_a_typed_error(
    upstream: Upstream, body: str | bytes
) -> None:
    upstream.mock.upsert("GET", f"{BASE}/gettoken", body=body)
    forget_process_state()
    try:
        answer = transport.send(Call("gettoken"))
    except errors.WeComError:
        return
    assert isinstance(answer, dict)


def test_neither_error_nor_ledger_holds_the_token(upstream: Upstream) -> None:
    told = "invalid access_token=token-of-today, hint"
    upstream.answers("user/get", {"errcode": 40014, "errmsg": told})
    with pytest.raises(errors.WeComTokenExpired) as caught:
        transport.send(USER, token="token-of-today")
    kept = f"{caught.value!r} {caught.value} {vars(caught.value)} {ApiCall.objects.values().get()}"
    assert "token-of-today" not in kept


def test_a_call_inside_a_transaction_is_a_programming_error(upstream: Upstream) -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        transport.send(USER)
    assert ledger() == []


@pytest.mark.django_db(transaction=True)
def test_a_ledger_that_cannot_be_written_breaks_no_call(upstream: Upstream) -> None:
    upstream.answers("user/get", OK)
    with connection.schema_editor() as editor:
        editor.delete_model(ApiCall)
    try:
        assert transport.send(USER)["userid"] == "guide007"
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(ApiCall)


def test_calls_are_kept_for_half_a_year(upstream: Upstream) -> None:
    upstream.answers("user/get", OK)
    transport.send(USER)
    with time_machine.travel(now() + timedelta(days=179)):
        prune_calls.call()
    assert ApiCall.objects.exists()
    with time_machine.travel(now() + timedelta(days=181)):
        prune_calls.call()
    assert not ApiCall.objects.exists()
