"""wecom-bridge.js over the unmodified official SDK, with a played client in a page of its own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Route

from guideapp.wecom.jssdk import SDK_PACKAGE_FILE

pytestmark = pytest.mark.browser

ORIGIN = "https://guide.example.com"
PHONE = (
    "Mozilla/5.0 (Linux; Android 15; wv) AppleWebKit/537.36 Version/4.0 Chrome/130.0 "
    "Mobile Safari/537.36 wxwork/4.1.36 MicroMessenger/7.0.1"
)
SIGNED = {"timestamp": 1767225600, "nonceStr": "n0nce", "signature": "of the app ticket"}
PAGE_DATA = {
    "corpId": "ww0a1b2c3d4e5f6071",
    "agentId": 1000002,
    "corp": SIGNED | {"signature": "of the corp ticket"},
    "agent": SIGNED,
    "problem": "",
}
# `replies` maps a native name to its reply; "silence" never answers. `heard` keeps every call.
CLIENT = """
window.heard = [];
window.replies = {
  agentConfig: { err_msg: "agentConfig:ok" },
  getContext: { err_msg: "getContext:ok", entry: "single_chat_tools" },
  getCurExternalContact: { err_msg: "getCurExternalContact:ok", userId: "wm_lin" },
  getCurExternalChat: { err_msg: "getCurExternalChat:ok", chatId: "wr_group" },
  sendChatMessage: { err_msg: "sendChatMessage:ok" },
  openEnterpriseChat: { err_msg: "openEnterpriseChat:ok" },
};
window.WeixinJSBridge = {
  invoke(name, params, callback) {
    window.heard.push([name, JSON.parse(JSON.stringify(params))]);
    const reply = window.replies[name];
    if (reply !== "silence") setTimeout(() => callback(reply), 0);
  },
  on() {},
};
"""
HTML = """<!doctype html><meta charset="utf-8"><title>bridge</title><link rel="icon" href="data:,">
<script id="wecom-page" type="application/json">%s</script>
%s
<script type="module">import * as bridge from "/wecom-bridge.js"; window.bridge = bridge;</script>
"""
SDK_TAG = '<script defer src="/sdk.js"></script>'
OUTCOME = """async ([name, ...given]) => {
  try { return await window.bridge[name](...given); }
  catch (refusal) { return { reason: refusal.reason, raw: refusal.raw }; }
}"""


@dataclass
class Sidebar:
    """A page of ours inside the played client."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def ask(self, name: str, *given: Any) -> Any:
        """Call an export of the bridge: what it gives, or {reason, raw}."""
        return self.page.evaluate(OUTCOME, [name, *given])

    def client_replies(self, name: str, reply: Any) -> None:
        """From now on the client answers `name` so."""
        self.page.evaluate("([name, reply]) => { window.replies[name] = reply; }", [name, reply])

    def heard(self, name: str) -> list[dict[str, Any]]:
        """The parameters of every native call of that name."""
        calls: list[list[Any]] = self.page.evaluate("window.heard")
        return [params for called, params in calls if called == name]


@pytest.fixture(scope="module")
def open_sidebar(browser: Browser) -> Iterator[Callable[..., Sidebar]]:
    """Opens our page in a client with `user_agent`; no uncaught error is forgiven."""
    contexts, opened = [], []
    files = {
        "/wecom-bridge.js": settings.BASE_DIR / "static/js/wecom-bridge.js",
        "/sdk.js": settings.BASE_DIR / SDK_PACKAGE_FILE,
    }

    def open_page(
        *, user_agent: str = PHONE, data: dict[str, Any] | None = None, sdk: str = SDK_TAG
    ) -> Sidebar:
        html = HTML % (json.dumps(PAGE_DATA | (data or {})), sdk)

        def serve(route: Route) -> None:
            path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
            if path in files:
                route.fulfill(path=files[path], content_type="text/javascript")
            else:
                route.fulfill(body=html, content_type="text/html")

        context = browser.new_context(user_agent=user_agent)
        context.set_default_timeout(5_000)
        contexts.append(context)
        context.route("**", serve)
        page = context.new_page()
        sidebar = Sidebar(page)
        opened.append(sidebar)
        page.on("pageerror", lambda error: sidebar.errors.append(str(error)))
        page.clock.install()
        page.add_init_script(CLIENT)
        page.goto(f"{ORIGIN}/s/?tab=customer")
        page.wait_for_function("window.bridge")
        return sidebar

    yield open_page
    for context in contexts:
        context.close()
    assert [error for sidebar in opened for error in sidebar.errors] == []


@pytest.fixture(scope="module")
def registered(open_sidebar: Callable[..., Sidebar]) -> Sidebar:
    """One page for the whole table of replies to a send."""
    return open_sidebar()


@pytest.fixture(scope="module")
def unregistered(open_sidebar: Callable[..., Sidebar]) -> Sidebar:
    """One page that the client never accepted; a refusal is not remembered by the SDK."""
    return open_sidebar()


Open = Callable[..., Sidebar]


def test_beside_a_single_chat_the_customer_is_known(open_sidebar: Open) -> None:
    assert open_sidebar().ask("ready") == {
        "entry": "single_chat_tools",
        "externalUserId": "wm_lin",
        "chatId": None,
        "platform": "android",
        "version": "4.1.36",
    }


def test_beside_a_group_chat_the_group_is_known(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    sidebar.client_replies("getContext", {"err_msg": "getContext:ok", "entry": "group_chat_tools"})
    told = sidebar.ask("ready")
    assert (told["externalUserId"], told["chatId"]) == (None, "wr_group")


def test_from_the_workbench_there_is_nobody(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    sidebar.client_replies("getContext", {"err_msg": "getContext:ok", "entry": "normal"})
    told = sidebar.ask("ready")
    assert (told["externalUserId"], told["chatId"]) == (None, None)
    assert sidebar.heard("getCurExternalContact") == []


def test_the_page_registers_once_with_the_app_signature_of_the_page(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    sidebar.ask("ready")
    sidebar.ask("ready")
    (config,) = sidebar.heard("agentConfig")
    assert config["signature"] == "of the app ticket"
    assert (config["corpid"], config["agentid"]) == ("ww0a1b2c3d4e5f6071", "1000002")
    assert "sendChatMessage" in config["jsApiList"]


def test_a_message_is_sent_as_given(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    card = {"link": f"{ORIGIN}/v/1/x", "title": "秋装新品", "desc": "看看", "imgUrl": ORIGIN}
    assert sidebar.ask("sendChatMessage", {"msgtype": "news", "news": card}) == "sent"
    (sent,) = sidebar.heard("sendChatMessage")
    assert (sent["msgtype"], sent["news"]) == ("news", card)


def test_a_chat_is_opened_from_the_workbench(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    assert sidebar.ask("openChat", "wm_lin") is None
    (opened,) = sidebar.heard("openEnterpriseChat")
    assert opened["externalUserIds"] == "wm_lin"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ({"err_msg": "sendChatMessage:ok"}, "sent"),
        ({}, "sent"),
        ({"err_msg": "sendChatMessage:confirm"}, "sent"),
        ({"err_msg": "sendChatMessage:cancel"}, "cancelled"),
        ({"err_msg": "sendChatMessage:fail no permission"}, "no_permission"),
        ({"err_msg": "sendChatMessage:permission denied"}, "no_permission"),
        (
            {"err_msg": "sendChatMessage:fail_no permission to execute", "err_code": 2},
            "no_permission",
        ),
        ({"err_msg": "sendChatMessage:fail_nopermission"}, "no_permission"),
        ({"err_msg": "system:access_denied"}, "no_permission"),
        ({"err_msg": "the permission value is offline verifying"}, "no_permission"),
        (
            {"err_msg": "sendChatMessage:fail_without context of external contact"},
            "no_customer",
        ),
        ({"err_msg": "system:function_not_exist"}, "client_too_old"),
        ({"err_msg": "sendChatMessage:fail function is unsupported"}, "client_too_old"),
        ({"err_msg": "sendChatMessage:failed"}, "unknown"),
        ({"err_msg": "sendChatMessage:fail invalid imgUrl"}, "unknown"),
        ({"err_msg": "sendChatMessage:fail_unexpect err", "err_code": 2}, "unknown"),
        (None, "unknown"),
    ],
)
def test_each_reply_to_a_send_has_its_outcome(
    registered: Sidebar, reply: dict[str, Any] | None, outcome: str
) -> None:
    registered.client_replies("sendChatMessage", reply)
    told = registered.ask("sendChatMessage", {"msgtype": "text", "text": {"content": "您好"}})
    assert (told if isinstance(told, str) else told["reason"]) == outcome


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            {"err_msg": "not match any reliable domain. more info at https://x.qq.com?e=80001"},
            "bad_domain",
        ),
        ({"err_msg": "config:invalid url domain"}, "bad_domain"),
        (
            {"errMsg": "agentConfig:invalid signature more info at https://x.qq.com?e=40093"},
            "bad_signature",
        ),
        (
            {"errMsg": "agentConfig:fail", "errCode": 2, "err_Info": "invalid signature"},
            "bad_signature",
        ),
        ({"err_msg": "agentConfig:fail", "hint": "Hint: [17..]:40093"}, "bad_signature"),
        ({"err_msg": "agentConfig:fail"}, "unknown"),
    ],
)
def test_a_refused_registration_says_why_and_leaves_no_error(
    unregistered: Sidebar, reply: dict[str, Any], reason: str
) -> None:
    unregistered.client_replies("agentConfig", reply)
    told = unregistered.ask("ready")
    assert told["reason"] == reason
    assert told["raw"]


def test_a_refused_registration_is_tried_again_when_asked(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    sidebar.client_replies("agentConfig", {"err_msg": "agentConfig:fail"})
    assert sidebar.ask("ready")["reason"] == "unknown"
    sidebar.client_replies("agentConfig", {"err_msg": "agentConfig:ok"})
    assert sidebar.ask("ready")["externalUserId"] == "wm_lin"


@pytest.mark.parametrize("name", ["agentConfig", "getContext", "getCurExternalContact"])
def test_a_client_that_never_answers_is_given_up(open_sidebar: Open, name: str) -> None:
    sidebar = open_sidebar()
    sidebar.client_replies(name, "silence")
    sidebar.page.evaluate("window.outcome = bridge.ready().catch((refusal) => refusal.reason)")
    sidebar.page.clock.run_for(7000)
    sidebar.page.clock.run_for(7000)
    assert sidebar.page.evaluate("window.outcome") == "timeout"


def test_a_send_without_an_answer_is_not_called_sent(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    sidebar.ask("ready")
    sidebar.client_replies("sendChatMessage", "silence")
    sidebar.page.evaluate(
        "window.outcome = bridge.sendChatMessage({}).catch((refusal) => refusal.reason)"
    )
    sidebar.page.clock.run_for(9000)
    assert sidebar.page.evaluate("window.outcome") == "timeout"
    assert len(sidebar.heard("sendChatMessage")) == 1


def test_an_address_that_changes_while_registering_is_tried_once_more(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    outcome = sidebar.page.evaluate(
        """async () => {
          const asked = bridge.ready();
          history.replaceState(null, "", "?moved");
          return asked.catch((refusal) => refusal.reason);
        }"""
    )
    assert outcome["externalUserId"] == "wm_lin"


@pytest.mark.parametrize(
    "event",
    [
        'dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))',
        'document.dispatchEvent(new Event("visibilitychange"))',
        'dispatchEvent(new Event("focus"))',
    ],
)
def test_another_chat_beside_the_open_page_is_noticed(open_sidebar: Open, event: str) -> None:
    sidebar = open_sidebar()
    sidebar.ask("ready")
    sidebar.page.evaluate(
        """document.addEventListener("wecom:customer", (event) => {
          window.changed = { customer: event.detail.externalUserId };
        })"""
    )
    sidebar.client_replies("getCurExternalContact", {"userId": "wm_zhou"})
    sidebar.page.evaluate(event)
    assert sidebar.page.wait_for_function("window.changed").json_value() == {"customer": "wm_zhou"}


def test_the_same_chat_again_is_no_news(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    sidebar.ask("ready")
    sidebar.page.evaluate(
        """window.news = 0;
        document.addEventListener("wecom:customer", () => { window.news += 1; });
        dispatchEvent(new Event("focus"))"""
    )
    sidebar.page.wait_for_function("window.heard.filter(([name]) => name === 'getContext')[1]")
    sidebar.ask("ready")
    assert sidebar.page.evaluate("window.news") == 0


def test_a_chat_that_was_left_is_no_customer_any_more(open_sidebar: Open) -> None:
    sidebar = open_sidebar()
    sidebar.ask("ready")
    sidebar.page.evaluate(
        """document.addEventListener("wecom:customer", (event) => {
          window.changed = { customer: event.detail.externalUserId };
        })"""
    )
    sidebar.client_replies(
        "getCurExternalContact",
        {"err_msg": "getCurExternalContact:fail_without context of external contact"},
    )
    sidebar.page.evaluate('dispatchEvent(new Event("focus"))')
    assert sidebar.page.wait_for_function("window.changed").json_value() == {"customer": None}


@pytest.mark.parametrize(
    ("opened_with", "reason"),
    [
        ({"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0"}, "not_in_wecom"),
        ({"user_agent": PHONE.replace("4.1.36", "3.0.20")}, "client_too_old"),
        ({"data": {"problem": "bad_domain"}}, "bad_domain"),
        ({"data": {"problem": "timeout"}}, "timeout"),
        ({"sdk": ""}, "unknown"),
    ],
)
def test_where_nothing_can_work_the_reason_comes_at_once(
    open_sidebar: Open, opened_with: dict[str, Any], reason: str
) -> None:
    sidebar = open_sidebar(**opened_with)
    assert sidebar.ask("ready")["reason"] == reason
    assert sidebar.ask("sendChatMessage", {})["reason"] == reason
    assert sidebar.heard("agentConfig") == []


@pytest.mark.parametrize(
    ("words", "version", "platform"),
    [
        ("Windows NT 10.0; WOW64", "3.0.24", "windows"),
        ("iPhone; CPU iPhone OS 18_0 like Mac OS X", "4.0", "ios"),
        ("Macintosh; Intel Mac OS X 10_15_7", "5.0.11", "mac"),
    ],
)
def test_every_client_since_3_0_24_is_new_enough(
    open_sidebar: Open, words: str, version: str, platform: str
) -> None:
    agent = PHONE.replace("Linux; Android 15; wv", words).replace("4.1.36", version)
    told = open_sidebar(user_agent=agent).ask("ready")
    assert (told["platform"], told["version"]) == (platform, version)
