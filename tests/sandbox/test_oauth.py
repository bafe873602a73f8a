"""The authorize page, the QR login and the contact QR."""

from urllib.parse import parse_qs, urlsplit

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.models import OAuthCode, User
from guideapp.sandbox.services import oauth

CORP = "ww0a1b2c3d4e5f6071"


def authorize(played, *, person="", **change):
    query = {
        "appid": CORP,
        "redirect_uri": f"{played.url}/wecom/oauth/?next=%2Fs%2F",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "aB3",
        "agentid": "1000002",
    }
    if person:
        played.client.cookies["sandbox_person"] = person
    return played.client.get("/sandbox/connect/oauth2/authorize", {**query, **change})


def qr_login(played, **change):
    query = {
        "login_type": "CorpApp",
        "appid": CORP,
        "agentid": "1000002",
        "redirect_uri": f"{played.url}/wecom/oauth/",
        "state": "aB3",
    }
    return played.client.get("/sandbox/wwlogin/sso/login", {**query, **change})


def answer_of(response) -> dict[str, list[str]]:
    assert response.status_code == 302
    return parse_qs(urlsplit(response.headers["Location"]).query)


def who(played, code, path="auth/getuserinfo"):
    return played.get(path, access_token=played.token(), code=code)


def test_the_chosen_member_comes_in_without_being_asked(played):
    answer = answer_of(authorize(played, person="linxm"))
    assert (answer["next"], answer["state"]) == (["/s/"], ["aB3"])
    assert who(played, answer["code"][0]) == {"errcode": 0, "errmsg": "ok", "userid": "linxm"}


def test_nobody_in_particular_gets_a_list_to_choose_from(played):
    page = authorize(played)
    assert page.status_code == 200
    assert "林小满" in page.content.decode()
    assert "as=linxm" in page.content.decode()


def test_a_choice_is_remembered(played):
    response = authorize(played, **{"as": "chenyu"})
    assert answer_of(response)["code"]
    assert response.cookies["sandbox_person"].value == "chenyu"


def test_a_code_works_once(played):
    code = answer_of(authorize(played, person="linxm"))["code"][0]
    who(played, code)
    assert who(played, code)["errcode"] == 40029


def test_a_code_dies_after_five_minutes(played):
    code = answer_of(authorize(played, person="linxm"))["code"][0]
    OAuthCode.objects.update(expires_at=oauth.now())
    assert who(played, code)["errcode"] == 40029
    assert who(played, "")["errcode"] == 40029


def test_a_customer_is_no_member(played):
    zhou = played.customer("zhou")
    code = answer_of(authorize(played, person=zhou))["code"][0]
    answer = who(played, code)
    assert "userid" not in answer
    assert answer["external_userid"] == zhou


def test_the_old_path_answers_in_camel_case(played):
    code = answer_of(authorize(played, person="linxm"))["code"][0]
    assert who(played, code, "user/getuserinfo")["UserId"] == "linxm"


def test_a_member_who_left_does_not_come_in(played):
    played.raise_event("delete_user", userid="linxm")
    page = authorize(played, person="linxm")
    assert page.status_code == 400
    assert "已经离开企业" in page.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"appid": "wwffffffffffffffff"}, "appid"),
        ({"redirect_uri": "https://evil.example/wecom/oauth/"}, "redirect_uri"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri"),
        ({"state": "a-b"}, "state"),
        ({"state": "a" * 129}, "state"),
        ({"scope": "snsapi_userinfo"}, "scope"),
        ({"response_type": "token"}, "response_type"),
        ({"agentid": "7"}, "agentid"),
    ],
)
def test_addresses_that_are_refused(played, change, words):
    page = authorize(played, person="linxm", **change)
    assert page.status_code == 400
    assert f"{words} 参数错误" in page.content.decode()
    assert not OAuthCode.objects.exists()


def test_the_redirect_host_must_fit_with_its_port(played):
    other_port = "http://testserver:1/wecom/oauth/"
    assert authorize(played, person="linxm", redirect_uri=other_port).status_code == 400


def test_somebody_scans_the_login_page(played):
    assert "谁来扫码" in qr_login(played).content.decode()
    answer = answer_of(qr_login(played, **{"as": "wangsi"}))
    assert who(played, answer["code"][0])["userid"] == "wangsi"
    assert OAuthCode.objects.get().by_qr


def test_a_cancelled_login_brings_back_only_the_state(played):
    assert answer_of(qr_login(played, cancel="1")) == {"state": ["aB3"]}


def test_the_login_page_wants_a_self_built_app(played):
    assert qr_login(played, login_type="ServiceApp").status_code == 400
    assert qr_login(played, agentid="7").status_code == 400


def test_scanning_a_members_contact_qr_adds_the_member(played, client):
    address = "/sandbox/contact/linxm/"
    assert "林小满" in client.get(address).content.decode()
    response = client.post(address, {"name": "路人", "state": "badge"}, follow=True)
    assert "路人已添加为好友" in response.content.decode()
    (row,) = played.waiting()
    assert row.change_type == "add_external_contact"
    assert "<State><![CDATA[badge]]></State>" in row.plain


def test_somebody_known_can_scan_it_too(played, client):
    wutong = played.customer("wutong")
    client.post("/sandbox/contact/chenyu/", {"customer": wutong})
    assert played.follow("chenyu", wutong)["add_way"] == 1
    assert client.get("/sandbox/contact/ghost/").status_code == 404


def private(played, **change):
    return authorize(played, person="linxm", scope="snsapi_privateinfo", **change)


def test_private_fields_are_asked_for_on_a_page_of_consent(played):
    page = private(played)
    assert page.status_code == 200
    assert "手机号" in page.content.decode()
    assert not OAuthCode.objects.exists()


def test_only_what_was_ticked_comes_back_with_the_ticket(played):
    code = answer_of(private(played, agree="1", show=["mobile", "gender"]))["code"][0]
    token = played.token()
    told = played.get("auth/getuserinfo", access_token=token, code=code)
    assert "expires_in" not in told
    detail = played.post("auth/getuserdetail", token, {"user_ticket": told["user_ticket"]})
    assert {name: detail[name] for name in ("userid", "mobile", "gender")} == {
        "userid": "linxm",
        "mobile": "13900000001",
        "gender": "2",
    }
    assert "avatar" not in detail
    old = played.post("user/getuserdetail", token, {"user_ticket": told["user_ticket"]})
    assert old == detail


def test_a_user_ticket_lives_half_an_hour(played):
    code = answer_of(private(played, agree="1", show="mobile"))["code"][0]
    token = played.token()
    ticket = played.get("auth/getuserinfo", access_token=token, code=code)["user_ticket"]
    clock.advance(1800)
    answer = played.post("auth/getuserdetail", token, {"user_ticket": ticket})
    assert answer["errcode"] == 84014
    assert played.post("auth/getuserdetail", token, {"user_ticket": "x"})["errcode"] == 84015
    assert played.post("auth/getuserdetail", token, {})["errcode"] == 84090


def test_without_an_agentid_the_scope_is_as_silent_as_the_base(played):
    query = {
        "appid": CORP,
        "redirect_uri": f"{played.url}/wecom/oauth/",
        "response_type": "code",
        "scope": "snsapi_privateinfo",
    }
    played.client.cookies["sandbox_person"] = "linxm"
    response = played.client.get("/sandbox/connect/oauth2/authorize", query)
    assert "user_ticket" not in who(played, answer_of(response)["code"][0])


def test_a_member_outside_the_visible_range_gets_no_ticket(played):
    User.objects.filter(userid="linxm").update(in_scope=False)
    code = answer_of(private(played, agree="1", show="mobile"))["code"][0]
    answer = who(played, code)
    assert answer["userid"] == "linxm"
    assert "user_ticket" not in answer


def test_a_code_of_another_app_is_refused(played):
    code = answer_of(authorize(played, person="linxm", agentid="1000003"))["code"][0]
    assert who(played, code)["errcode"] == 50001


def test_a_stranger_has_an_openid_only(played):
    code = answer_of(authorize(played, person=played.customer("wutong")))["code"][0]
    assert set(who(played, code)) == {"errcode", "errmsg", "openid"}
