"""Signatures for pages, the script tags around the official SDK, and where its file comes from."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.template import RequestContext, Template
from django.test import RequestFactory

from guideapp.wecom.errors import UntrustedPage
from guideapp.wecom.jssdk import (
    SDK_FILE,
    SDK_PACKAGE_FILE,
    page_signatures,
    signature_of,
    trusted,
)
from tests.wecom.conftest import Upstream

PAGE = "https://guide.example.com/s/?tab=customer"
OURS = {"nonce": "n0nceA1b2C3", "timestamp": 1767225600}


@pytest.mark.parametrize(
    ("given", "signature"),
    [
        (
            {
                "ticket": "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-"
                "Sl-HhTdfl2fzFy1AOcHKP7qg",
                "nonce": "Wm3WZYTPz0wzccnW",
                "timestamp": 1414587457,
                "url": "http://mp.weixin.qq.com?params=value",
            },
            "0f9de62fce790f9a083d5c99e95740ceb90c27ed",
        ),
        (
            OURS
            | {
                "ticket": "TEST_CORP_TICKET",
                "url": "https://guide.example.com/sidebar/?tab=member&from=chat",
            },
            "77a70b7eaf1048ebccdd4f4ab38e53aba0bed822",
        ),
        (
            OURS
            | {
                "ticket": "TEST_APP_TICKET",
                "url": "https://guide.example.com/sidebar/?tab=member&from=chat",
            },
            "2543fc540acc6fbe8e113336d50b1911cb47a85c",
        ),
        (
            OURS
            | {
                "ticket": "TEST_APP_TICKET",
                "url": "https://guide.example.com/sidebar/%E7%B4%A0%E6%9D%90?q=a%20b&c=%E4%BD%A0",
            },
            "92577e3f0dbcd1d72e04081bee42ab8f553dbfcd",
        ),
        (
            OURS | {"ticket": "TEST_APP_TICKET", "url": "https://guide.example.com/"},
            "9c85a36a1428a2a79bc2434509f474331d7b98bb",
        ),
    ],
)
def test_a_published_signature_comes_out(given: dict[str, Any], signature: str) -> None:
    assert signature_of(**given) == signature


@pytest.fixture
def own_host(settings: Any) -> None:
    settings.WECOM_TRUSTED_HOSTS = ["guide.example.com", "127.0.0.1", "localhost", "[::1]"]


@pytest.fixture
def with_tickets(with_token: Upstream, own_host: None) -> Upstream:
    """A WeCom that gives the token and both tickets, once."""
    with_token.answers("get_jsapi_ticket", {"ticket": "of corp", "expires_in": 7200})
    with_token.answers("ticket/get", {"ticket": "of app", "expires_in": 7200})
    return with_token


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (PAGE, PAGE),
        ("https://GUIDE.example.com/s/", "https://GUIDE.example.com/s/"),
        ("https://guide.example.com:8443/s/", "https://guide.example.com:8443/s/"),
        (f"{PAGE}#panel", PAGE),
        (f"{PAGE}#a#b", PAGE),
        ("http://127.0.0.1:8000/s/", "http://127.0.0.1:8000/s/"),
        ("http://[::1]:8000/s/", "http://[::1]:8000/s/"),
        (PAGE + "x" * (2000 - len(PAGE)), PAGE + "x" * (2000 - len(PAGE))),
    ],
)
def test_our_own_pages_are_signed_up_to_the_hash(own_host: None, url: str, signed: str) -> None:
    assert trusted(url) == signed


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/s/",
        "http://guide.example.com/s/",
        "https://evil.example.com/s/",
        "https://guide.example.com.evil.example/s/",
        "https://sub.guide.example.com/s/",
        "https://guide.example.com@evil.example/s/",
        "https://evil.example\\@guide.example.com/s/",
        "https://user@guide.example.com/s/",
        "ftp://guide.example.com/",
        "javascript://guide.example.com/",
        "https://guide.example.com:port/",
        "https://[guide.example.com/",
        "https://guide.example.com/a b",
        "https://guide.example.com/\n",
        "https://guide.example.com/素材",
        PAGE + "x" * (2001 - len(PAGE)),
    ],
)
def test_no_other_address_is_signed(own_host: None, url: str) -> None:
    with pytest.raises(UntrustedPage):
        trusted(url)


def test_outside_the_demo_plain_http_is_never_signed(own_host: None, settings: Any) -> None:
    settings.LOCAL = False
    with pytest.raises(UntrustedPage):
        trusted("http://127.0.0.1:8000/s/")


@pytest.mark.django_db
def test_each_signature_is_made_of_its_own_ticket(with_tickets: Upstream) -> None:
    signed = page_signatures(f"{PAGE}#panel")
    assert (signed["corpId"], signed["agentId"]) == ("ww0a1b2c3d4e5f6071", 1000002)
    for one, ticket in ((signed["corp"], "of corp"), (signed["agent"], "of app")):
        again = signature_of(
            ticket=ticket, nonce=one["nonceStr"], timestamp=one["timestamp"], url=PAGE
        )
        assert one["signature"] == again


@pytest.mark.django_db
def test_a_second_page_needs_no_query_and_no_call(
    with_tickets: Upstream, django_assert_num_queries: Any
) -> None:
    page_signatures(PAGE)
    with django_assert_num_queries(0):
        page_signatures(PAGE)


def rendered(request: HttpRequest, **context: Any) -> str:
    page = RequestContext(request, context)
    return Template("{% load wecom %}{% wecom_page %}").render(page)


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script id="wecom-page" type="application/json">(.*?)</script>', html)
    assert found
    data: dict[str, Any] = json.loads(found.group(1))
    return data


@pytest.fixture
def sidebar_request() -> HttpRequest:
    """A page of ours, opened on this machine."""
    request = RequestFactory().get(
        "/s/", query_params={"q": "a|b"}, headers={"host": "127.0.0.1:8000"}
    )
    request._csp_nonce = "n0nce"
    return request


@pytest.mark.django_db
def test_a_page_brings_data_then_bridge_then_sdk(
    with_tickets: Upstream, sidebar_request: HttpRequest
) -> None:
    html = rendered(sidebar_request)
    assert data_of(html)["problem"] == ""
    assert re.findall(r'<script defer src="([^"]+)" nonce="n0nce"></script>', html) == [
        "/static/sandbox/bridge.js",
        "/static/vendor/wecom-jssdk.js",
    ]
    assert html.index("wecom-page") < html.index("bridge.js")


@pytest.mark.django_db
def test_a_page_is_signed_for_the_address_that_the_browser_shows(
    with_tickets: Upstream, sidebar_request: HttpRequest
) -> None:
    sidebar_request.META["QUERY_STRING"] = "q=a|b&c=%E4%BD%A0"
    one = data_of(rendered(sidebar_request))["agent"]
    assert one["signature"] == signature_of(
        ticket="of app",
        nonce=one["nonceStr"],
        timestamp=one["timestamp"],
        url="http://127.0.0.1:8000/s/?q=a|b&c=%E4%BD%A0",
    )


@pytest.mark.django_db
def test_tencents_own_copy_is_loaded_with_its_hash(
    with_tickets: Upstream, sidebar_request: HttpRequest, settings: Any
) -> None:
    settings.WECOM_SDK_URL = "https://wwcdn.weixin.qq.com/node/open/js/wecom-jssdk-2.4.4.js"
    settings.WECOM_BRIDGE_SCRIPT = ""
    html = rendered(sidebar_request)
    assert html.count("<script defer") == 1
    assert 'integrity="sha256-apnNWgl5S8SiZ74xA8M90OV4JJGJESHGYBTk/fUYrYo="' in html
    assert 'crossorigin="anonymous"' in html


@pytest.mark.django_db
def test_a_page_on_a_foreign_host_opens_without_signatures(
    upstream: Upstream, sidebar_request: HttpRequest, settings: Any
) -> None:
    settings.WECOM_TRUSTED_HOSTS = ["guide.example.com"]
    assert data_of(rendered(sidebar_request)) == {"problem": "bad_domain"}


@pytest.mark.django_db
def test_a_page_opens_while_wecom_is_away(
    upstream: Upstream, own_host: None, sidebar_request: HttpRequest
) -> None:
    upstream.answers("gettoken", requests.ReadTimeout())
    assert data_of(rendered(sidebar_request)) == {"problem": "timeout"}


def test_a_missing_file_takes_no_page_down(
    sidebar_request: HttpRequest, settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = str(tmp_path)  # nothing was ever collected here
    settings.WECOM_TRUSTED_HOSTS, settings.WECOM_BRIDGE_SCRIPT = [], ""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    assert "wecom-jssdk" not in rendered(sidebar_request)


# --- manage.py fetch_sdk ----------------------------------------------------------------------


@pytest.fixture
def checkout(settings: Any, tmp_path: Path) -> Path:
    """A checkout whose npm package is installed."""
    official = (settings.BASE_DIR / SDK_PACKAGE_FILE).read_bytes()
    package = tmp_path / SDK_PACKAGE_FILE
    package.parent.mkdir(parents=True)
    package.write_bytes(official)
    settings.BASE_DIR = tmp_path
    return tmp_path


def test_the_official_file_is_put_in_place_once(checkout: Path, capsys: Any) -> None:
    call_command("fetch_sdk")
    call_command("fetch_sdk")
    assert (checkout / SDK_FILE).read_bytes() == (checkout / SDK_PACKAGE_FILE).read_bytes()
    assert capsys.readouterr().out.splitlines() == [
        "var/vendor/wecom-jssdk.js: written",
        "var/vendor/wecom-jssdk.js: already there",
    ]


def test_a_dry_run_writes_nothing(checkout: Path) -> None:
    call_command("fetch_sdk", dry_run=True)
    assert not (checkout / SDK_FILE).exists()


def test_a_damaged_copy_is_replaced(checkout: Path) -> None:
    call_command("fetch_sdk")
    (checkout / SDK_FILE).write_text("cut")
    call_command("fetch_sdk")
    assert (checkout / SDK_FILE).stat().st_size == 53_503


def test_another_file_under_that_name_is_refused(checkout: Path) -> None:
    (checkout / SDK_PACKAGE_FILE).write_text("not Tencent's")
    with pytest.raises(CommandError, match=r"npm ci --omit=dev --ignore-scripts"):
        call_command("fetch_sdk")
    assert not (checkout / SDK_FILE).exists()


def test_without_the_package_one_sentence_says_what_to_do(checkout: Path) -> None:
    (checkout / SDK_PACKAGE_FILE).unlink()
    with pytest.raises(CommandError, match=r"npm ci --omit=dev --ignore-scripts"):
        call_command("fetch_sdk")
