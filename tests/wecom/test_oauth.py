"""Who opened a page: the address we send a browser to, and what its code tells."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from guideapp.wecom import errors, oauth
from tests.wecom.conftest import Upstream

BACK = "https://guide.example.com/wecom/oauth/"


def test_the_silent_login_goes_to_wecom_with_everything_it_needs(settings: Any) -> None:
    settings.WECOM_OAUTH_URL = "https://open.weixin.qq.com/connect/oauth2/authorize"
    address = urlsplit(oauth.authorize_url(BACK, "a1b2", "https://guide.example.com"))
    assert (address.netloc, address.fragment) == ("open.weixin.qq.com", "wechat_redirect")
    assert {name: value for name, (value,) in parse_qs(address.query).items()} == {
        "appid": "ww0a1b2c3d4e5f6071",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "a1b2",
        "agentid": "1000002",
    }


@pytest.mark.parametrize(
    ("host", "begins"),
    [("http://127.0.0.1:8000", "http://127.0.0.1:8000/sandbox/"), ("", "/sandbox/")],
)
def test_the_played_wecom_is_on_the_host_of_the_request(host: str, begins: str) -> None:
    assert oauth.authorize_url(BACK, "a1b2", host).startswith(begins)
    assert oauth.qr_login_url(BACK, "a1b2", host).startswith(begins)


def test_the_qr_login_names_the_app(settings: Any) -> None:
    settings.WECOM_QR_LOGIN_URL = "https://login.work.weixin.qq.com/wwlogin/sso/login"
    query = parse_qs(urlsplit(oauth.qr_login_url(BACK, "a1b2")).query)
    assert (query["login_type"], query["agentid"]) == (["CorpApp"], ["1000002"])
    assert query["redirect_uri"] == [BACK]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        ({"userid": "guide007"}, ("guide007", "")),
        ({"UserId": "guide007", "DeviceId": "d"}, ("guide007", "")),
        ({"openid": "o1", "external_userid": "wm_lin"}, ("", "wm_lin")),
        ({"openid": "o1"}, ("", "")),
        ({"userid": "wwlinked/guide007"}, ("", "")),
    ],
)
def test_a_code_tells_who_it_is(
    with_token: Upstream, answer: dict[str, str], identity: tuple[str, str]
) -> None:
    with_token.answers("auth/getuserinfo", answer)
    assert oauth.exchange("code") == identity


@pytest.mark.django_db
@pytest.mark.parametrize("errcode", [40029, 42003, 42022])
def test_a_used_or_old_code_begins_the_login_again(with_token: Upstream, errcode: int) -> None:
    with_token.answers("auth/getuserinfo", {"errcode": errcode, "errmsg": "invalid code"})
    with pytest.raises(errors.WeComLoginCodeInvalid):
        oauth.exchange("code")


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "x" * 513])
def test_what_is_no_code_is_never_asked_about(upstream: Upstream, code: str) -> None:
    with pytest.raises(errors.WeComLoginCodeInvalid):
        oauth.exchange(code)
