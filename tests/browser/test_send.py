"""One-tap send in a real browser: what the guide sees for every answer of WeCom's client.

The client is played inside the page (an init script), the official SDK and our server are real.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.core.search import search_terms
from guideapp.materials.models import Share
from guideapp.materials.services import open_material
from guideapp.members.models import FollowRelation
from tests.browser_support import Windows
from tests.conftest import GuideClient
from tests.factories import make_follow, make_guide, make_material
from tests.screens import axe_findings, shoot, sideways
from tests.wecom_support import PlayedWeCom

pytestmark = pytest.mark.browser

PHONE = (
    "Mozilla/5.0 (Linux; Android 15; wv) AppleWebKit/537.36 Version/4.0 Chrome/130.0 "
    "Mobile Safari/537.36 wxwork/4.1.36 MicroMessenger/7.0.1"
)
# `window.answer` is what the client says to sendChatMessage; "silence" never answers.
CLIENT = """
window.sent = [];
window.answer = { err_msg: "sendChatMessage:ok" };
window.WeixinJSBridge = {
  invoke(name, params, callback) {
    const replies = {
      getContext: { err_msg: "getContext:ok", entry: "single_chat_tools" },
      getCurExternalContact: { err_msg: "getCurExternalContact:ok", userId: "CUSTOMER" },
    };
    if (name === "sendChatMessage") {
      window.sent.push(JSON.parse(JSON.stringify(params)));
      if (window.answer === "silence") return;
      window.beforeAnswer?.();
      setTimeout(() => callback(window.answer), window.wait ?? 0);
      return;
    }
    setTimeout(() => callback(replies[name] ?? { err_msg: `${name}:ok` }), 0);
  },
  on() {},
};
"""


@pytest.fixture
def follow(wecom: PlayedWeCom) -> FollowRelation:
    """A customer of a guide of ours; one material can be sent."""
    make_material(title="双面羊毛大衣", earn_hint_fen=2400, summary="驼色到店")
    return make_follow(guide=make_guide(), remark="周晚晴")


@pytest.fixture
def phone(windows: Windows, follow: FollowRelation) -> Callable[..., Page]:
    """Opens the sidebar on `tab` beside the customer's chat, in a phone of `width`."""

    def opened(tab: str, **options: Any) -> Page:
        page = windows.open(user_agent=PHONE, **options)
        session = GuideClient(follow.guide).cookies[settings.SESSION_COOKIE_NAME].value
        cookies = {settings.SESSION_COOKIE_NAME: session, "tab": tab}
        page.context.add_cookies(
            [
                {"name": name, "value": value, "url": windows.base_url}
                for name, value in cookies.items()
            ]
        )
        page.add_init_script(CLIENT.replace("CUSTOMER", follow.contact.external_userid))
        page.goto("/s/")
        return page

    return opened


@pytest.fixture
def sidebar(phone: Callable[..., Page]) -> Callable[..., Page]:
    """Opens 素材 beside the customer's chat, in a phone of `width`."""

    def opened(**options: Any) -> Page:
        page = phone("materials", **options)
        expect(page.get_by_role("heading", level=1)).to_contain_text("周晚晴")
        return page

    return opened


def button(page: Page, name: str = "发送") -> Any:
    """The row's one button, by what it says."""
    return page.get_by_role("button", name=re.compile(rf"^{name}\s*双面羊毛大衣"))


def answers(page: Page, **answer: Any) -> None:
    """From now on the client answers a send so."""
    page.evaluate("(answer) => { window.answer = answer; }", answer)


def recorded(state: str, count: int = 1) -> None:
    """Wait until our server has so many shares, all in this state."""
    assert [share.state for share in Share.objects.all()] == [state] * count


def test_a_sent_material_says_so_on_the_row_and_in_a_toast(sidebar: Callable[..., Page]) -> None:
    page = sidebar()
    with page.expect_response("**/result/"):
        button(page).click()
    expect(page.get_by_text("已发给周晚晴")).to_be_visible()
    expect(page.get_by_text("刚刚发过")).to_be_visible()
    expect(button(page, "再发")).to_be_visible()
    (payload,) = page.evaluate("window.sent")
    assert payload["news"]["title"] == "双面羊毛大衣"
    recorded("sent")


def test_a_double_tap_sends_once(sidebar: Callable[..., Page]) -> None:
    page = sidebar()
    page.evaluate("window.wait = 300")
    with page.expect_response("**/result/"):
        button(page).dblclick()
    assert len(page.evaluate("window.sent")) == 1
    recorded("sent")


def test_the_button_is_busy_while_the_client_asks(sidebar: Callable[..., Page]) -> None:
    page = sidebar()
    page.evaluate("window.wait = 800")
    button(page).click()
    expect(page.locator("[data-send][aria-busy=true]")).to_be_disabled()
    expect(button(page, "再发")).to_be_enabled()


def test_a_cancelled_send_returns_quietly(sidebar: Callable[..., Page]) -> None:
    page = sidebar()
    answers(page, err_msg="sendChatMessage:cancel")
    with page.expect_response("**/result/"):
        button(page).click()
    expect(page.get_by_text("你取消了发送")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="没发出去")).to_be_hidden()
    expect(button(page)).to_be_visible()
    recorded("cancelled")


def test_a_failed_send_says_why_and_offers_to_try_again(sidebar: Callable[..., Page]) -> None:
    page = sidebar()
    answers(page, err_msg="sendChatMessage:fail no permission")
    button(page).click()
    alert = page.get_by_role("alert").filter(has_text="没发出去：你没有客户联系权限，请找店长")
    expect(alert).to_be_visible()
    answers(page, err_msg="sendChatMessage:ok")
    page.wait_for_timeout(1500)  # a second tap within 1.5 s does nothing
    with page.expect_response("**/result/"):
        button(page, "重发").click()
    expect(page.get_by_text("刚刚发过")).to_be_visible()
    expect(alert).to_be_hidden()
    assert sorted(Share.objects.values_list("state", flat=True)) == ["failed", "sent"]


def test_a_client_that_never_answers_leaves_the_result_unknown(
    sidebar: Callable[..., Page],
) -> None:
    page = sidebar()
    page.evaluate("window.answer = 'silence'")
    with page.expect_response("**/result/", timeout=15_000):
        button(page).click()
    expect(page.get_by_text("结果未知")).to_be_visible()
    recorded("unknown")


def test_the_same_material_within_a_day_asks_once(sidebar: Callable[..., Page]) -> None:
    page = sidebar()
    button(page).click()
    expect(button(page, "再发")).to_be_visible()
    page.wait_for_timeout(1500)
    button(page, "再发").click()
    expect(page.get_by_text("24 小时内发过，再点一次就发")).to_be_visible()
    assert Share.objects.count() == 1
    with page.expect_response("**/result/"):
        button(page, "确认再发").click()
    recorded("sent", count=2)


def test_a_lost_network_between_tap_and_result_loses_and_doubles_nothing(
    sidebar: Callable[..., Page], windows: Windows
) -> None:
    windows.forgive("ERR_INTERNET_DISCONNECTED")
    page = sidebar()
    page.expose_function("cut", lambda: page.context.set_offline(True))
    page.evaluate("() => { window.beforeAnswer = () => { window.cut(); }; window.wait = 500; }")
    button(page).click()
    expect(page.get_by_text("已发出，连上网后记录")).to_be_visible()
    recorded("unknown")
    with page.expect_response("**/result/"):
        page.context.set_offline(False)
    expect(page.get_by_text("刚刚发过")).to_be_visible()
    recorded("sent")
    page.reload()
    expect(page.get_by_text("刚刚发过")).to_be_visible()
    assert Share.objects.get().material.sent_count == 1


def test_a_result_outlives_the_page(sidebar: Callable[..., Page], windows: Windows) -> None:
    windows.forgive("ERR_FAILED")
    page = sidebar()
    page.route("**/result/", lambda route: route.abort())
    button(page).click()
    expect(page.get_by_text("已发出，连上网后记录")).to_be_visible()
    page.unroute("**/result/")
    with page.expect_response("**/result/"):
        page.goto("/s/")  # the guide changed the chat and came back
    recorded("sent")


def test_a_tap_without_network_sends_nothing_and_can_be_repeated(
    sidebar: Callable[..., Page], windows: Windows
) -> None:
    windows.forgive("ERR_FAILED")
    page = sidebar()
    page.route("**/send/", lambda route: route.abort())
    button(page).click()
    expect(page.get_by_text("网络断了，没发出去，连上后重发")).to_be_visible()
    assert page.evaluate("window.sent") == []
    page.unroute("**/send/")
    page.wait_for_timeout(1500)
    with page.expect_response("**/result/"):
        button(page, "重发").click()
    recorded("sent")


def test_what_the_customer_looks_at_appears_without_a_reload(
    sidebar: Callable[..., Page],
) -> None:
    page = sidebar()
    with page.expect_response("**/result/"):
        button(page).click()
    share = Share.objects.get()
    open_material(material=share.material, token=share.link.token, visitor="v", user_agent="WeChat")
    page.evaluate("htmx.trigger('[data-signals]', 'signal')")  # what happens every 20 s
    expect(page.get_by_text("TA 刚刚看过这条，共 1 次")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_the_list_is_clean_for_eyes_and_screen_readers(
    sidebar: Callable[..., Page], dark: bool
) -> None:
    make_material(title="长" * 40, earn_hint_fen=123456700)
    page = sidebar(width=360, color_scheme="dark" if dark else "light")
    assert axe_findings(page) == []
    assert sideways(page) == []
    shoot(page, f"sidebar-materials-{'dark' if dark else '360'}")


def test_a_tab_that_is_tapped_while_we_look_for_the_customer_is_the_one_that_shows(
    phone: Callable[..., Page], follow: FollowRelation
) -> None:
    """The card asks again each second; that must not cut off what the guide asked for."""
    FollowRelation.objects.filter(pk=follow.pk).update(guide=make_guide())
    page = phone("customer")
    expect(page.get_by_role("heading", name="正在认 TA 是谁")).to_be_visible()
    FollowRelation.objects.filter(pk=follow.pk).update(guide=follow.guide)  # now we know TA
    page.evaluate(
        """() => {
          const waiting = document.querySelector("#panel [hx-get]");
          document.querySelector("[data-tab=materials]").click();
          const asked = { source: waiting, target: "#panel" }; // as its timer does
          htmx.ajax("GET", waiting.getAttribute("hx-get"), asked).catch(() => {});
        }"""
    )
    expect(page.get_by_role("searchbox")).to_be_visible()


def test_a_search_typed_the_moment_the_box_appears_is_not_lost(phone: Callable[..., Page]) -> None:
    make_material(title="真丝衬衫", search_terms=search_terms("真丝衬衫"))
    page = phone("customer")
    expect(page.get_by_role("heading", level=1)).to_contain_text("周晚晴")
    page.evaluate(
        """() => new MutationObserver((_changes, watcher) => {
          const box = document.querySelector("#panel [type=search]");
          if (!box) return;
          watcher.disconnect();
          box.value = "真丝";
          box.dispatchEvent(new Event("input", { bubbles: true }));
        }).observe(document.getElementById("panel"), { childList: true, subtree: true })"""
    )
    page.get_by_role("link", name="素材").click()
    expect(page.locator("article")).to_have_count(1)
