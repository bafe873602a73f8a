"""The chat window of the sandbox, and Tencent's own SDK in its frame, in a real browser.

The app in the frame is a page of this test's own, so that the window is proved without the
product: it loads the bridge and the unmodified SDK and lends `ask(name, parameters)`.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Frame, Page, expect

from guideapp.sandbox.models import Callback
from guideapp.sandbox.services import chat
from tests.browser_support import Windows
from tests.screens import ROOT, axe_findings, shoot, sideways
from tests.wecom_support import PlayedWeCom

pytestmark = pytest.mark.browser

SDK = ROOT / "node_modules" / "@wecom" / "jssdk" / "dist" / "wecom.global.prod.js"
APIS = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"]
NEWS = {
    "msgtype": "news",
    "news": {
        "link": "http://localhost/v/7/4fZk2mQp",
        "title": "燕麦色大衣的 5 种穿法",
        "desc": "一件穿到过年",
        "imgUrl": "http://localhost/static/favicon.svg",
    },
}
APP = """<!doctype html><html lang="zh-CN"><head><title>App</title>
<script src="/static/sandbox/bridge.js"></script><script src="/sdk.js"></script></head>
<body><main><h1>App</h1></main><script>
  const given = %s;
  ww.register({
    corpId: given.corp, agentId: given.agent, jsApiList: given.apis,
    getConfigSignature: () => given.signatures[location.href],
    getAgentConfigSignature: () => given.signatures[location.href],
  });
  window.ask = (name, parameters) => ww[name](parameters).then(
    (answer) => answer,
    (problem) => ({ errMsg: problem.errMsg, raw: JSON.stringify(problem) }),
  );
</script></body></html>"""


def signature(ticket: str, url: str) -> dict[str, str]:
    """What a server signs for a page (reference/wecom-jssdk.md §3.1)."""
    nonce, at = "n0nceA1b2C3", str(int(time.time()))
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={at}&url={url}"
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return {"timestamp": at, "nonceStr": nonce, "signature": digest}


def app(wecom: PlayedWeCom, **changes: Any) -> str:
    """The page in the frame, signed with the app's ticket fetched over the wire."""
    ticket = wecom.get("ticket/get", access_token=wecom.token(), type="agent_config")["ticket"]
    pages = [f"{wecom.url}/s/", f"{wecom.url}/g/"]
    given = {
        "corp": "ww0a1b2c3d4e5f6071",
        "agent": "1000002",
        "apis": APIS,
        "signatures": {page: signature(ticket, page) for page in pages},
    }
    return APP % json.dumps(given | changes)


@pytest.fixture
def sandbox(windows: Windows, wecom: PlayedWeCom) -> Iterator[Callable[..., Page]]:
    """Open the window at an address; its frame shows the app of this test."""

    def opened(address: str = "", body: str = "", **options: Any) -> Page:
        page = windows.open(**({"width": 1280, "height": 800} | options))
        content = body or app(wecom)
        shown = {"body": content, "content_type": "text/html; charset=utf-8"}
        for path in ("/s/", "/g/", "/m/", "/hq/"):
            page.context.route(f"{wecom.url}{path}", lambda route: route.fulfill(**shown))
        page.context.route("**/sdk.js", lambda route: route.fulfill(path=SDK))
        page.goto(f"/sandbox/{address}")
        return page

    return opened


def frame_of(page: Page) -> Frame:
    """Our app's frame, once its script has run."""
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    frame.wait_for_function("() => window.ask")
    return frame


def ask(page: Page, name: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the official SDK in the frame."""
    answer: dict[str, Any] = frame_of(page).evaluate(
        "([name, parameters]) => ask(name, parameters)", [name, parameters or {}]
    )
    return answer


def switch(page: Page, name: str) -> None:
    """Turn one of the client's switches; some open the app anew."""
    with page.expect_response("**/sandbox/act"):
        page.get_by_role("button", name=name).click()
    expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    page.wait_for_load_state("networkidle")


# --- the official SDK against the played client ---------------------------------------------------


def test_the_official_sdk_learns_where_it_is_and_who_the_customer_is(sandbox, wecom):
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    assert ask(page, "getContext")["entry"] == "single_chat_tools"
    assert ask(page, "getCurExternalContact")["userId"] == wecom.customer("zhou")
    log = page.get_by_role("complementary", name="事件日志")
    expect(log).to_contain_text("agentConfig")
    expect(log).to_contain_text("getCurExternalContact")


def test_another_conversation_is_another_customer_for_the_app(sandbox, wecom):
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    frame_of(page)
    page.get_by_role("link", name="橘子汽水").click()
    expect(page.get_by_role("heading", name="橘子汽水")).to_be_visible()
    assert ask(page, "getCurExternalContact")["userId"] == wecom.customer("juzi")


def test_a_card_that_the_app_sends_stands_in_the_chat(sandbox, wecom):
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    assert ask(page, "sendChatMessage", NEWS)["errMsg"] == "sendChatMessage:ok"
    expect(page.get_by_role("log")).to_contain_text("燕麦色大衣的 5 种穿法")
    expect(page.get_by_role("complementary", name="会话列表")).to_contain_text("[链接] 燕麦色")
    assert wecom.chat("linxm", wecom.customer("zhou"))[-1]["payload"] == NEWS["news"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("发送时取消", "sendChatMessage:cancel"),
        ("没有客户联系权限", "sendChatMessage:fail no permission"),
        ("不在客户聊天里", "sendChatMessage:fail without context of external contact"),
    ],
)
def test_each_switch_of_the_client_has_its_own_refusal(sandbox, wecom, name, problem):
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    frame_of(page)
    switch(page, name)
    assert ask(page, "sendChatMessage", NEWS)["errMsg"] == problem
    switched_off = page.get_by_role("button", name=name)
    switched_off.click()
    expect(switched_off).to_have_attribute("aria-pressed", "false")
    page.wait_for_load_state("networkidle")
    assert ask(page, "sendChatMessage", NEWS)["errMsg"] == "sendChatMessage:ok"


def test_a_signature_for_another_page_is_refused(sandbox, windows, wecom):
    windows.forgive("Object")  # the SDK leaves one rejection of its register unhandled
    windows.forgive("agentConfig")
    wrong = {f"{wecom.url}/s/": signature("a-ticket", f"{wecom.url}/other/")}
    page = sandbox(f"?customer={wecom.customer('zhou')}", app(wecom, signatures=wrong))
    assert "40093" in ask(page, "getCurExternalContact")["raw"]


def test_the_app_opens_from_a_group_and_from_the_workbench_too(sandbox, wecom):
    page = sandbox()
    page.get_by_role("link", name="群聊").click()
    expect(page.get_by_role("link", name="群聊")).to_have_attribute("aria-current", "page")
    assert ask(page, "getContext")["entry"] == "group_chat_tools"
    assert ask(page, "getCurExternalChat")["chatId"].startswith("wr")
    page.get_by_role("link", name="工作台").click()
    expect(page.get_by_role("link", name="工作台")).to_have_attribute("aria-current", "page")
    assert frame_of(page).url == f"{wecom.url}/g/"
    assert ask(page, "getContext")["entry"] == "normal"


def test_without_the_window_the_page_is_in_a_plain_browser(windows, wecom, sandbox):
    page = sandbox()
    tab = page.context.new_page()
    tab.goto("/s/")
    assert tab.evaluate("() => [ww.env.isWeCom, 'WeixinJSBridge' in window]") == [False, False]
    assert "wxwork" in frame_of(page).evaluate("() => navigator.userAgent")


def test_the_app_can_lose_its_network_while_the_window_keeps_its_own(sandbox, wecom):
    page = sandbox()
    fetched = "() => fetch('/healthz').then(() => 'came', () => 'failed')"
    assert frame_of(page).evaluate(fetched) == "came"
    page.get_by_role("button", name="断网").click()
    frame_of(page).wait_for_function("() => !navigator.onLine")
    assert frame_of(page).evaluate(fetched) == "failed"
    page.get_by_role("button", name="断网").click()
    frame_of(page).wait_for_function("() => navigator.onLine")
    assert frame_of(page).evaluate(fetched) == "came"


# --- what people do -------------------------------------------------------------------------------


def test_playing_another_guide_clears_the_cookies_of_the_app(sandbox, wecom):
    page = sandbox()
    session = {"name": "session", "value": "of-the-last-guide", "url": wecom.url}
    page.context.add_cookies([session])
    page.get_by_label("身份").select_option("zhaoke")
    expect(page.get_by_role("link", name="白露")).to_be_visible()
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert "session" not in cookies
    assert cookies["sandbox_person"] == "zhaoke"


def test_a_login_under_way_is_cut_off_before_another_guide_is_played(sandbox, wecom):
    """Its answer would bring the cookie of the last guide back."""
    page, happened = sandbox(), []
    frame_of(page)  # the first page is there
    page.on("requestfailed", lambda request: happened.append(urlsplit(request.url).path))
    page.on("request", lambda request: happened.append(urlsplit(request.url).path))
    page.context.route(f"{wecom.url}/s/", lambda route: None, times=1)  # no answer yet
    with page.expect_request(f"{wecom.url}/s/"):
        page.get_by_role("button", name="重新打开侧边栏").click()
    with page.expect_navigation():
        page.get_by_label("身份").select_option("zhaoke")
    told = [path for path in happened if path in ("/s/", "/sandbox/client/person")]
    assert told[:3] == ["/s/", "/s/", "/sandbox/client/person"]  # asked, cut off, changed


def test_a_new_customer_adds_the_guide_and_wecom_tells_the_app(sandbox, wecom):
    page = sandbox()
    with page.expect_response("**/sandbox/act"):
        page.get_by_role("button", name="客户加导购").click()
    newest = page.get_by_role("complementary", name="会话列表").get_by_role("link").first
    expect(newest).to_contain_text("我通过了")
    assert [row.change_type for row in wecom.waiting()] == ["add_external_contact"]


def test_what_a_customer_says_stays_inside_the_window(sandbox, wecom):
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    page.get_by_label("说点什么").fill("帮我留一件")
    page.get_by_role("button", name="以客户身份说").click()
    expect(page.get_by_role("log")).to_contain_text("帮我留一件")
    page.get_by_label("说点什么").fill("好的")
    page.get_by_label("说点什么").press("Enter")
    expect(page.get_by_role("log")).to_contain_text("好的")
    page.get_by_role("button", name="客户发消息").click()
    expect(page.get_by_role("log").locator(".sb-b")).to_have_count(5)
    assert not Callback.objects.exists()


def test_a_customer_opens_the_card_on_a_device_of_their_own(sandbox, wecom):
    link = f"{wecom.url}/healthz"
    chat.member_sends(
        userid="linxm",
        msgtype="news",
        payload=NEWS["news"] | {"link": link},
        external_userid=wecom.customer("zhou"),
    )
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    page.context.add_cookies([{"name": "session", "value": "guide", "url": wecom.url}])
    with page.expect_popup() as popup:
        page.get_by_role("link", name="客户看素材").click()
    popup.value.wait_for_url("**/healthz")
    device = urlsplit(popup.value.url)
    assert device.hostname == "127.0.0.1"
    names = {cookie["name"] for cookie in page.context.cookies(f"http://{device.netloc}")}
    assert "session" not in names
    expect(page.get_by_role("log")).to_contain_text("打开了《燕麦色大衣的 5 种穿法》")


def test_a_leaver_and_a_customer_who_goes_are_told_to_the_app(sandbox, wecom):
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    for act in ("客户删除导购", "导购离职"):
        with page.expect_response("**/sandbox/act"):
            page.get_by_role("button", name=act).click()
    expect(page.get_by_text("已删除导购")).to_be_visible()
    assert [row.change_type for row in wecom.waiting()] == ["del_follow_user", "delete_user"]
    page.reload()
    expect(page.get_by_label("身份")).to_contain_text("林小满（已离职）")
    page.get_by_role("button", name="客户加导购").press("Enter")
    expect(page.get_by_text("TA 已经离职")).to_be_visible()


def test_a_session_ends_without_the_page_noticing(sandbox, wecom):
    page = sandbox()
    page.context.add_cookies([{"name": "session", "value": "guide", "url": wecom.url}])
    before = frame_of(page).evaluate("() => performance.timeOrigin")
    with page.expect_response("**/sandbox/act"):
        page.get_by_role("button", name="登录过期").click()
    assert "session" not in {cookie["name"] for cookie in page.context.cookies()}
    assert frame_of(page).evaluate("() => performance.timeOrigin") == before


def test_the_list_is_searched_while_typing(sandbox, wecom):
    page = sandbox()
    page.get_by_role("searchbox", name="搜索").fill("橘子")
    conversations = page.get_by_role("complementary", name="会话列表").get_by_role("link")
    expect(conversations).to_have_count(1)
    page.get_by_role("searchbox", name="搜索").fill("无此人")
    expect(page.get_by_text("没找到「无此人」")).to_be_visible()


def test_the_log_can_be_emptied(sandbox, wecom):
    page = sandbox(f"?customer={wecom.customer('zhou')}")
    ask(page, "getContext")
    log = page.get_by_role("complementary", name="事件日志")
    expect(log).to_contain_text("getContext")
    page.get_by_role("button", name="清空").click()
    expect(log).to_contain_text("还没有记录")


def test_the_reset_button_asks_the_demo_and_begins_at_the_newest_chat(sandbox, windows, wecom):
    page = sandbox(f"?customer={wecom.customer('juzi')}")
    windows.forgive("409")
    answers = [{"status": 409, "json": {"message": "没有可以恢复的数据"}}, {"json": {"ok": True}}]
    page.route("**/demo/reset/", lambda route: route.fulfill(**answers.pop(0)))
    page.on("dialog", lambda dialog: dialog.accept())
    refusal = page.get_by_text("没有可以恢复的数据")
    with page.expect_request("**/demo/reset/") as asked:
        page.get_by_role("button", name="重置").click()
    assert asked.value.headers["x-csrftoken"]
    expect(refusal).to_be_visible()
    page.get_by_role("button", name="重置").click()
    page.wait_for_url("**/sandbox/")
    expect(page.get_by_role("heading", name="周晚晴")).to_be_visible()


# --- how it looks ---------------------------------------------------------------------------------


def test_the_frame_has_three_widths_and_keeps_the_chosen_one(sandbox, wecom):
    page = sandbox()
    for width in (450, 390, 360, 390):
        page.get_by_role("button", name=str(width), exact=True).click()
        box = page.locator("iframe").bounding_box()
        assert box is not None
        assert round(box["width"]) == width - 1  # the line at its left is the window's
    page.reload()
    expect(page.get_by_role("button", name="390", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_light_and_dark_are_one_choice_for_window_and_app(sandbox, wecom):
    page = sandbox(color_scheme="light")
    page.get_by_role("button", name="深色").click()
    page.wait_for_function("() => getComputedStyle(document.documentElement).colorScheme == 'dark'")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert cookies["look"] == "dark"


@pytest.mark.parametrize(
    ("width", "look"), [(1280, "light"), (1280, "dark"), (1024, "light"), (390, "dark")]
)
def test_the_window_is_readable_and_free_of_findings(sandbox, wecom, width, look):
    chat.member_sends(
        userid="linxm",
        msgtype="news",
        payload=NEWS["news"],
        external_userid=wecom.customer("zhou"),
    )
    page = sandbox(f"?customer={wecom.customer('zhou')}", color_scheme=look, width=width)
    ask(page, "getCurExternalContact")
    expect(page.get_by_role("complementary", name="事件日志")).to_contain_text("getCurExternal")
    shoot(page, f"sandbox-window-{width}-{look}", whole=False)
    assert sideways(page) == []
    assert axe_findings(page) == []


def test_a_conversation_is_opened_by_keyboard_alone(sandbox, wecom):
    page = sandbox()
    page.get_by_role("searchbox", name="搜索").focus()
    for _step in range(3):
        page.keyboard.press("Tab")
    chosen = page.evaluate("() => document.activeElement.querySelector('b').textContent")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=chosen, exact=True)).to_be_visible()
