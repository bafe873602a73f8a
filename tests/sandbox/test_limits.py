"""How often and how much at once: WeCom's limits, lowered so that a test can reach them."""

import threading

import pytest


def user(played, token, **more):
    return played.get("user/get", access_token=token, userid="linxm", **more)["errcode"]


def lower(played, **limits):
    return played.post_page("control/limits", limits)[1]["limits"]


def advance(played, seconds):
    played.post_page("control/clock", {"advance_seconds": seconds})


def blocked(played):
    return [row["path"] for row in played.told("state", only="limits")["limits"]["blocked"]]


@pytest.mark.parametrize(("window", "seconds"), [("per_minute", 60), ("per_hour", 3600)])
def test_who_exceeds_a_window_is_blocked_for_as_long_as_it_is(played, window, seconds):
    token = played.token()
    lower(played, path="user/get", **{window: 2})
    assert [user(played, token) for _call in range(4)] == [0, 0, 45009, 45009]
    assert blocked(played) == ["user/get"]
    advance(played, seconds - 5)
    assert user(played, token) == 45009
    advance(played, 6)
    assert user(played, token) == 0


def test_one_interface_does_not_use_up_anothers(played):
    token = played.token()
    lower(played, path="", per_minute=1)
    assert [user(played, token), user(played, token)] == [0, 45009]
    assert played.get("get_jsapi_ticket", access_token=token)["errcode"] == 0


def test_an_interface_of_its_own_counts_before_those_of_each(played):
    token = played.token()
    lower(played, path="", per_minute=1)
    assert lower(played, path="user/get", per_minute=3) == [
        {"path": "", "per_minute": 1, "per_hour": None, "concurrent": None},
        {"path": "user/get", "per_minute": 3, "per_hour": None, "concurrent": None},
    ]
    assert [user(played, token) for _call in range(4)] == [0, 0, 0, 45009]


def test_wecoms_own_limits_come_back(played):
    token = played.token()
    lower(played, path="user/get", per_minute=1)
    assert [user(played, token), user(played, token)] == [0, 45009]
    assert lower(played, path="user/get") == []
    assert user(played, token) == 0


def test_debugging_is_for_five_calls_a_minute(played):
    token = played.token()
    assert [user(played, token, debug="1") for _call in range(6)] == [0] * 5 + [45009]
    assert user(played, token) == 0


def test_tickets_are_for_a_hundred_an_hour(played):
    token = played.token()
    codes = [played.get("get_jsapi_ticket", access_token=token)["errcode"] for _call in range(101)]
    assert codes == [0] * 100 + [45009]
    advance(played, 3601)
    assert played.get("get_jsapi_ticket", access_token=played.token())["errcode"] == 0


def test_too_many_calls_at_once_are_45033(alone):
    token = alone.own_token()
    alone.order("limits", path="user/get", concurrent=2)
    alone.fault("latency", rate=1, seconds=1, path="user/get")
    codes: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: codes.append(
                alone.get("user/get", access_token=token, userid="linxm")["errcode"]
            )
        )
        for _number in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 0, 45033, 45033, 45033]
    assert alone.get("user/get", access_token=token, userid="linxm")["errcode"] == 0


def test_app_messages_are_in_no_interfaces_rate(played, monkeypatch):
    monkeypatch.setattr("guideapp.sandbox.services.limits._OF_EACH", {60: 1})
    token = played.token()
    text = {"touser": "linxm", "msgtype": "text", "agentid": 1000002, "text": {"content": "好"}}
    sent = [played.post("message/send", token, text)["errcode"] for _call in range(3)]
    assert sent == [0, 0, 0]
    assert [user(played, token), user(played, token)] == [0, 45009]
