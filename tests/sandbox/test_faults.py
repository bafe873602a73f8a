"""What goes wrong on purpose, as a caller on the other side of the wire meets it."""

import threading
import time
from typing import Any

import pytest
import requests

from tests.alone_support import Alone

CODES = ("-1", "45009", "45033", "42001", "40014", "40001")


def call(alone: Alone, path: str = "getcallbackip", **query: Any) -> requests.Response:
    """One call of the API with a token fetched before."""
    query = {"access_token": alone.own_token()} | query
    return requests.get(f"{alone.api}/{path}", params=query, timeout=10)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_answered_as_wecom_words_it_and_the_call_changes_nothing(alone, code):
    token = alone.own_token()
    alone.fault(code, rate=1)
    body = {"touser": "linxm", "msgtype": "text", "agentid": 1000002, "text": {"content": "早"}}
    answer = alone.post("message/send", token, body)
    assert answer["errcode"] == int(code)
    assert (
        f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}" in answer["errmsg"]
    )
    assert alone.app_messages("linxm") == []


def test_a_token_fault_leaves_the_fetching_of_tokens_alone(alone):
    alone.fault("42001", rate=1)
    assert alone.own_token()


def test_the_html_of_a_gateway_is_no_json(alone):
    alone.fault("html", rate=1, path="getcallbackip")
    answer = call(alone)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_half_of_the_json_is_no_json(alone):
    alone.fault("truncated", rate=1, path="getcallbackip")
    answer = call(alone)
    assert answer.status_code == 200
    assert answer.text.startswith("{")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_reset_cuts_the_connection_after_the_call_took_effect(alone):
    token = alone.own_token()
    alone.fault("reset", rate=1)
    body = {"touser": "linxm", "msgtype": "text", "agentid": 1000002, "text": {"content": "早"}}
    cut = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    with pytest.raises(cut):  # before the first line of the answer, or right after the headers
        alone.post("message/send", token, body)
    assert alone.app_messages("linxm")[0]["payload"]["content"] == "早"


def test_latency_and_hanging_wait_as_long_as_they_were_told(alone):
    for name in ("latency", "hang"):
        alone.fault(name, rate=1, seconds=0.5, path="getcallbackip")
        began = time.monotonic()
        assert call(alone).json()["ip_list"]
        assert time.monotonic() - began >= 0.5
        alone.fault("none")


def test_while_calls_hang_the_others_are_answered(alone):
    token = alone.own_token()
    alone.fault("hang", rate=1, seconds=5, path="getcallbackip")
    hanging = [
        threading.Thread(target=lambda: alone.get("getcallbackip", access_token=token))
        for _number in range(24)
    ]
    for thread in hanging:
        thread.start()
    began = time.monotonic()
    assert alone.get("user/get", access_token=token, userid="linxm")["name"] == "林小满"
    assert alone.fault("none") == []
    assert time.monotonic() - began < 3
    for thread in hanging:
        thread.join()


def test_each_third_call_fails_where_that_was_asked(alone):
    alone.fault("-1", every=3, path="user/*")
    token = alone.own_token()
    codes = [alone.get("user/get", access_token=token, userid="linxm")["errcode"] for _ in range(6)]
    assert codes == [0, 0, -1, 0, 0, -1]
    assert alone.get("getcallbackip", access_token=token)["ip_list"]


def test_a_token_may_be_called_invalid_after_some_calls(alone):
    token = alone.own_token()
    alone.fault("40014", rate=1, after=3)
    codes = [alone.get("user/get", access_token=token, userid="linxm")["errcode"] for _ in range(5)]
    assert codes == [0, 0, 0, 40014, 40014]


def test_a_number_of_times_below_nothing_is_refused(alone):
    refused = requests.post(
        f"{alone.url}/sandbox/control/faults",
        json={"name": "-1", "rate": 1, "after": -1},
        timeout=5,
    )
    assert (refused.status_code, alone.told("state", only="faults")["faults"]) == (400, [])


def test_a_rate_hits_some_and_spares_some(alone):
    token = alone.own_token()
    alone.fault("-1", rate=0.5, path="user/get")
    codes = {
        alone.get("user/get", access_token=token, userid="linxm")["errcode"] for _ in range(40)
    }
    assert codes == {0, -1}


def test_the_wire_log_says_which_call_met_which_fault(alone):
    token = alone.own_token()
    alone.fault("latency", rate=1, seconds=0.1, path="user/get")
    alone.fault("truncated", rate=1, path="user/get")
    requests.get(f"{alone.api}/user/get", {"access_token": token, "userid": "linxm"}, timeout=5)
    (line,) = [row for row in alone.wire() if row["path"] == "user/get"]
    assert (line["fault"], line["ok"], line["errcode"]) == ("latency+truncated", False, 0)
    assert line["userid"] == "linxm"
    (fault, _other) = alone.told("state", only="faults")["faults"]
    assert (fault["seen"], fault["hits"]) == (1, 1)


def test_faults_are_cleared_one_by_one_all_at_once_and_by_a_reset(alone):
    alone.fault("-1", rate=1)
    alone.fault("html", rate=1, path="user/*")
    assert [row["name"] for row in alone.fault("-1", rate=0)] == ["html"]
    assert alone.fault("none") == []
    alone.fault("hang", rate=1)
    alone.reset()
    assert alone.told("state", only="faults")["faults"] == []


# --- callbacks ------------------------------------------------------------------------------------


def leave(alone: Alone, *keys: str) -> None:
    """Customers of linxm go, in this order."""
    for key in keys:
        alone.raise_event("del_follow_user", userid="linxm", external_userid=alone.customer(key))


def test_a_duplicated_event_comes_twice_in_the_same_words(alone):
    alone.fault("callback_duplicate", rate=1)
    leave(alone, "zhou")
    first, second = alone.app.texts(2)
    assert first == second
    assert alone.app.posts[0] == alone.app.posts[1]


def test_a_dropped_event_never_comes_and_is_counted(alone):
    alone.fault("callback_drop", every=2)
    leave(alone, "zhou", "juzi", "su")
    texts = alone.app.texts(2)
    assert alone.customer("juzi") not in "".join(texts)
    counted = alone.told("state", only="callbacks")["callbacks"]
    assert (counted["dropped"], counted["lost"]) == (1, 1)
    faults = [row["fault"] for row in alone.wire(kind="event")]
    assert faults.count("callback_drop") == 1


def test_a_shuffled_event_comes_after_newer_ones(alone):
    alone.fault("callback_shuffle", every=2, seconds=1)
    alone.raise_event("del_follow_user", userid="chenyu", external_userid=alone.customer("gu"))
    leave(alone, "zhou", "juzi")
    texts = alone.app.texts(3)
    assert alone.customer("zhou") in texts[2]


def test_a_forged_event_and_one_of_another_company_are_refused_by_any_library(alone):
    for name in ("callback_signature", "callback_corpid"):
        alone.fault("none")
        alone.fault(name, rate=1)
        alone.app.posts.clear()
        leave(alone, "zhou")
        alone.app.wait_for(1)
        with pytest.raises(Exception, match="Invalid"):
            alone.app.texts(1)
        alone.reset()


def test_an_event_without_cdata_and_one_without_its_welcome_code(alone):
    alone.fault("callback_plain", rate=1)
    alone.fault("callback_no_welcome", rate=1)
    alone.raise_event("add_external_contact", userid="linxm", name="新<客>")
    (text,) = alone.app.texts(1)
    assert "CDATA" not in text
    assert "<UserID>linxm</UserID>" in text
    assert "WelcomeCode" not in text
