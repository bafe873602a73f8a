"""The app's own data and its menu."""

import pytest

from guideapp.sandbox.models import App

VIEW = {"type": "view", "name": "客户", "url": "https://guide.example.com/"}


def menu(played, *buttons, agentid=1000002) -> dict:
    path = "menu/create"
    return played.post(path, played.token(), {"agentid": agentid, "button": list(buttons)})


def test_an_app_sees_its_visible_range(played):
    App.objects.filter(slug="second").update(departments=[3])
    main = played.get("agent/get", access_token=played.token(), agentid="1000002")
    assert {"userid": "linxm"} in main["allow_userinfos"]["user"]
    assert main["close"] == 0
    token = played.token(secret=played.state()["corp"]["second_secret"])
    second = played.get("agent/get", access_token=token, agentid="1000003")
    assert second["allow_partys"] == {"partyid": [3]}
    assert "allow_userinfos" not in second


def test_another_apps_agentid_is_refused(played):
    token = played.token()
    assert played.get("agent/get", access_token=token, agentid="1000003")["errcode"] == 301002
    assert played.get("agent/get", access_token=token)["errcode"] == 40056
    assert menu(played, VIEW, agentid=1000003)["errcode"] == 301002


def test_the_list_has_only_the_tokens_own_app(played):
    (app,) = played.get("agent/list", access_token=played.token())["agentlist"]
    assert (app["agentid"], app["name"]) == (1000002, "导购台")


def test_settings_are_written_and_read_back(played):
    body = {"agentid": 1000002, "description": "导购每天用的", "isreportenter": 1}
    assert played.post("agent/set", played.token(), body)["errcode"] == 0
    shown = played.get("agent/get", access_token=played.token(), agentid="1000002")
    assert (shown["description"], shown["isreportenter"]) == ("导购每天用的", 1)
    assert played.post("agent/set", played.token(), body | {"name": ""})["errcode"] == 40058
    assert played.post("agent/set", played.token(), body | {"description": "短"})["errcode"]


def test_a_menu_is_written_read_and_deleted(played):
    more = {"name": "更多", "sub_button": [VIEW, {"type": "click", "name": "签到", "key": "in"}]}
    assert menu(played, VIEW, more)["errcode"] == 0
    shown = played.get("menu/get", access_token=played.token(), agentid="1000002")
    assert shown["button"] == [VIEW, more]
    gone = played.get("menu/delete", access_token=played.token(), agentid="1000002")
    assert gone["errcode"] == 0
    again = played.get("menu/get", access_token=played.token(), agentid="1000002")
    assert again["errcode"] == 46003


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        ([VIEW] * 4, 40016),
        (["x"], 40017),
        ([VIEW | {"type": "fly"}], 40017),
        ([VIEW | {"name": "长" * 6}], 40018),
        ([{"type": "click", "name": "签到"}], 40019),
        ([VIEW | {"url": "https://x.cn/" + "x" * 1024}], 40020),
        ([{"name": "更多", "sub_button": [VIEW] * 6}], 40023),
    ],
)
def test_menus_that_are_refused(played, buttons, errcode):
    assert menu(played, *buttons)["errcode"] == errcode
