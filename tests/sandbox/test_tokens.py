"""gettoken, the rights of the two secrets, and the two tickets."""

import re
from datetime import timedelta

import pytest
import time_machine

from guideapp.core.clock import now as real_now
from guideapp.sandbox import clock
from guideapp.sandbox.models import AccessToken, App, Ticket
from guideapp.sandbox.services import tokens


def test_the_same_token_is_given_within_its_life(played):
    first = played.get("gettoken", corpid="ww0a1b2c3d4e5f6071", corpsecret="test-app-secret")
    again = played.get("gettoken", corpid="ww0a1b2c3d4e5f6071", corpsecret="test-app-secret")
    assert first["errcode"] == 0
    assert again["access_token"] == first["access_token"]
    assert 7190 <= again["expires_in"] <= first["expires_in"] <= 7200


def test_an_older_token_is_told_with_its_remaining_seconds(played):
    played.token()
    AccessToken.objects.update(expires_at=tokens.now() + timedelta(seconds=90))
    again = played.get("gettoken", corpid="ww0a1b2c3d4e5f6071", corpsecret="test-app-secret")
    assert 85 <= again["expires_in"] <= 90


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({"corpid": "ww0a1b2c3d4e5f6071", "corpsecret": "wrong"}, 40001),
        ({"corpid": "wwffffffffffffffff", "corpsecret": "test-app-secret"}, 40013),
        ({"corpsecret": "test-app-secret"}, 41002),
        ({"corpid": "ww0a1b2c3d4e5f6071"}, 41004),
    ],
)
def test_wrong_keys_get_no_token(played, query, errcode):
    answer = played.get("gettoken", **query)
    assert answer["errcode"] == errcode
    assert "access_token" not in answer


def test_a_refusal_carries_hint_address_and_link(played):
    answer = played.get("gettoken", corpid="wwffffffffffffffff", corpsecret="x")
    reason, hint, address, link = answer["errmsg"].split(", ")
    assert reason == "invalid corpid"
    assert hint.startswith("hint: [")
    assert address == "from ip: 127.0.0.1"
    assert link.endswith("https://open.work.weixin.qq.com/devtool/query?e=40013")


def test_the_same_refusal_in_the_same_second_has_the_same_hint(played):
    with time_machine.travel("2026-11-20T10:00:00+08:00", tick=False):
        wrong = {"corpid": "wwffffffffffffffff", "corpsecret": "x"}
        same = {played.get("gettoken", **wrong)["errmsg"] for _ in range(2)}
        other = played.get("user/get", userid="linxm", access_token="made-up")["errmsg"]
    (words,) = same
    hint = re.compile(r"hint: \[(\d{10})(\d{15})\]")
    [(second, rest)], [(same_second, another)] = hint.findall(words), hint.findall(other)
    assert second == same_second == "1795140000"
    assert rest != another


def test_a_call_without_with_an_unknown_and_with_an_expired_token(played):
    old = played.token()
    assert played.get("user/get", userid="linxm")["errcode"] == 41001
    assert played.get("user/get", userid="linxm", access_token="made-up")["errcode"] == 40014
    played.raise_event("expire_tokens")
    assert played.get("user/get", userid="linxm", access_token=old)["errcode"] == 42001
    assert played.get("user/get", userid="linxm", access_token=played.token())["errcode"] == 0


def test_a_token_can_be_voided_early(played):
    old = played.token()
    played.raise_event("forget_tokens")
    assert played.get("user/get", userid="linxm", access_token=old)["errcode"] == 40014


def test_a_new_secret_in_the_environment_voids_the_tokens_of_the_old_one(played, settings):
    old = played.token()
    settings.WECOM_SECRET = "rotated"
    assert played.get("user/get", userid="linxm", access_token=old)["errcode"] == 40014
    fresh = played.token(secret="rotated")
    assert played.get("user/get", userid="linxm", access_token=fresh)["errcode"] == 0


def test_keys_given_later_hold_on_data_seeded_under_others(played, settings):
    settings.WECOM_CORP_ID = "wx5823bf96d3bd56c7"
    settings.WECOM_CALLBACK_TOKEN = "QDG6eK"
    assert played.state()["corp"]["corp_id"] == "wx5823bf96d3bd56c7"
    assert played.token(corp_id="wx5823bf96d3bd56c7")
    played.raise_event("delete_user", userid="zhaoke")
    assert "<ToUserName><![CDATA[wx5823bf96d3bd56c7]]>" in played.waiting()[0].plain


@pytest.mark.parametrize(
    "path",
    [
        "externalcontact/list",
        "externalcontact/get_corp_tag_list",
        "message/send",
        "get_jsapi_ticket",
        "ticket/get",
        "auth/getuserinfo",
    ],
)
def test_the_address_book_secret_may_not_do_the_apps_work(played, path):
    token = played.token(secret="test-contacts-secret")
    assert played.get(path, access_token=token, userid="linxm")["errcode"] == 48002


def test_the_app_may_not_list_ids_as_the_address_book_sync_does(played):
    assert played.post("user/list_id", played.token(), {})["errcode"] == 48002


def test_an_app_that_is_not_listed_may_not_read_customers(played):
    App.objects.filter(kind=App.Kind.APP).update(callable=False)
    token = played.token()
    assert (
        played.get("externalcontact/list", access_token=token, userid="linxm")["errcode"] == 48002
    )
    assert played.get("user/get", access_token=token, userid="linxm")["errcode"] == 0


def test_the_two_tickets_differ_and_stay_the_same_within_their_life(played):
    token = played.token()
    corp = played.get("get_jsapi_ticket", access_token=token)
    app = played.get("ticket/get", access_token=token, type="agent_config")
    assert corp["ticket"] != app["ticket"]
    assert played.get("get_jsapi_ticket", access_token=token)["ticket"] == corp["ticket"]
    assert 7190 <= app["expires_in"] <= 7200


def test_another_kind_of_ticket_is_refused(played):
    answer = played.get("ticket/get", access_token=played.token(), type="wx_card_forged")
    assert answer["errcode"] == 91040


def test_more_than_a_hundred_ticket_calls_an_hour_are_too_many(played):
    token = played.token()
    played.get("get_jsapi_ticket", access_token=token)
    Ticket.objects.update(calls=100)
    assert played.get("get_jsapi_ticket", access_token=token)["errcode"] == 45009
    Ticket.objects.update(window_at=tokens.now() - timedelta(hours=1))
    assert played.get("get_jsapi_ticket", access_token=token)["errcode"] == 0


def test_an_unknown_path_is_a_bare_404(played):
    answer = played.client.get("/sandbox/cgi-bin/user/fly")
    assert (answer.status_code, answer.content) == (404, b"404 page not found\n")
    assert played.calls() == []


def test_each_call_is_logged_with_its_code_and_never_with_its_token(played):
    token = played.token()
    played.get("user/get", access_token=token, userid="nobody")
    line = played.calls("user/get")[0]
    assert (line.errcode, line.ok, line.userid) == (60111, False, "nobody")
    assert token not in str(vars(line))


def test_each_secret_of_the_company_has_a_token_of_its_own(played):
    corp = played.state()["corp"]
    names = ("app_secret", "contacts_secret", "customer_secret", "second_secret")
    assert len({played.token(secret=corp[name]) for name in names}) == 4


def test_the_secret_of_customer_contact_reads_customers_and_writes_no_messages(played):
    token = played.token(secret=played.state()["corp"]["customer_secret"])
    ask = played.get("externalcontact/list", access_token=token, userid="linxm")
    assert ask["errcode"] == 0
    assert played.post("message/send", token, {})["errcode"] == 48002
    assert played.get("auth/getuserinfo", access_token=token, code="x")["errcode"] == 48002


def test_another_app_sees_only_its_own_range_and_no_customers_unless_listed(played):
    App.objects.filter(slug="second").update(departments=[4])
    token = played.token(secret=played.state()["corp"]["second_secret"])
    ids = [
        row["userid"]
        for row in played.get("user/simplelist", access_token=token, department_id=4)["userlist"]
    ]
    assert ids == ["zhaoke", "sunlan"]
    assert played.get("user/get", access_token=token, userid="linxm")["errcode"] == 60011
    assert played.get("user/list", access_token=token, department_id=3)["errcode"] == 60011
    tree = played.get("department/simplelist", access_token=token)["department_id"]
    assert [row["id"] for row in tree] == [4]
    ask = played.get("externalcontact/list", access_token=token, userid="zhaoke")
    assert ask["errcode"] == 48002


def test_an_address_that_is_not_trusted_is_refused(played):
    token = played.token()
    App.objects.filter(slug="app").update(trusted_ips=["203.0.113.9"])
    assert played.get("user/get", access_token=token, userid="linxm")["errcode"] == 60020
    assert played.token() == token


def test_an_app_that_is_switched_off_is_refused(played):
    token = played.token()
    App.objects.filter(slug="app").update(enabled=False)
    assert played.get("user/get", access_token=token, userid="linxm")["errcode"] == 50003
    answer = played.get("gettoken", corpid="ww0a1b2c3d4e5f6071", corpsecret="test-app-secret")
    assert answer["errcode"] == 40001


def test_when_time_passes_a_token_runs_out(played):
    token = played.token()
    clock.advance(7200)
    assert played.get("user/get", access_token=token, userid="linxm")["errcode"] == 42001
    fresh = played.token()
    assert fresh != token
    assert played.get("user/get", access_token=fresh, userid="linxm")["errcode"] == 0


def test_events_carry_the_time_of_the_played_world(played):
    clock.advance(86400)
    played.raise_event("delete_user", userid="zhaoke")
    created = int(played.waiting()[0].plain.split("<CreateTime>")[1].split("<")[0])
    assert abs(created - clock.unix_now()) <= 5
    assert created - tokens.now().timestamp() < 5


def test_a_new_company_begins_in_the_present(played):
    clock.advance(86400)
    played.reset("small")
    assert abs(clock.now() - real_now()) < timedelta(seconds=5)


def test_the_console_makes_another_app_and_says_its_secret(played):
    made = played.raise_event("app_switch", slug="stock", callable=True)
    token = played.token(secret=made["secret"])
    shown = played.get("agent/get", access_token=token, agentid=made["agentid"])
    assert shown["agentid"] == made["agentid"]
    assert played.get("externalcontact/list", access_token=token, userid="linxm")["errcode"] == 0
    played.raise_event("app_switch", slug="stock", callable=False, trusted_ips=["203.0.113.9"])
    assert played.get("agent/list", access_token=token)["errcode"] == 60020


def test_the_console_changes_the_companys_ways(played):
    played.raise_event("corp_switch", privacy=False)
    assert played.get("user/get", access_token=played.token(), userid="linxm")["mobile"]
    body = {"type": "corp_switch", "privacy": "no"}
    assert played.post_page("control/events", body)[0] == 400
