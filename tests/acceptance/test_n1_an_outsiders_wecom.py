"""A WeCom for outsiders: a foreign SDK and a foreign sidebar work by addresses alone, and break."""

import hashlib
import json
import time
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient, parse_message

from tests.alone_support import Alone
from tests.browser_support import Windows
from tests.screens import ROOT, shoot

pytestmark = pytest.mark.browser

SDK = ROOT / "node_modules" / "@wecom" / "jssdk" / "dist" / "wecom.global.prod.js"
# A sidebar as somebody else would write it: one script from the sandbox, then the official SDK.
SIDEBAR = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>别家的侧边栏</title>
<link rel="icon" href="data:,"><script src="%(bridge)s"></script><script src="/sdk.js"></script>
</head><body><h1>别家的侧边栏</h1><p id="who">…</p><button id="send">发送</button><script>
  const page = %(page)s;
  const who = document.getElementById("who");
  ww.register({
    corpId: page.corp, agentId: page.agent, jsApiList: page.apis,
    getConfigSignature: () => page.signature, getAgentConfigSignature: () => page.signature,
  });
  const late = new Promise((_, reject) => setTimeout(() => reject({errMsg: "没有回应"}), 4000));
  Promise.race([ww.getCurExternalContact(), late]).then(
    (answer) => { who.textContent = answer.userId; },
    (problem) => { who.textContent = problem.errMsg; },
  );
  document.getElementById("send").onclick = () => ww.sendChatMessage({
    msgtype: "text", text: { content: "这是别家系统发的" },
  });
</script></body></html>"""


class Outsider(WeChatClient):
    """wechatpy, with another base address and nothing else."""

    def __init__(self, alone: Alone) -> None:
        self.API_BASE_URL = f"{alone.api}/"
        super().__init__(alone.keys["corp_id"], alone.keys["app_secret"])

    def fetch_access_token(self) -> Any:
        """wechatpy spells this one address out."""
        query = {"corpid": self.corp_id, "corpsecret": self.secret}
        return self._fetch_access_token(url=f"{self.API_BASE_URL}gettoken", params=query)


def sidebar(alone: Alone, client: Outsider) -> str:
    """The outsider's page, signed for its own address with a ticket that wechatpy fetched."""
    origin = alone.app.url.removesuffix("/hear")
    ticket = client.jsapi.get_agent_ticket()["ticket"]
    at = str(int(time.time()))
    text = f"jsapi_ticket={ticket}&noncestr=n0nce&timestamp={at}&url={origin}/s/"
    signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    page = {
        "corp": alone.keys["corp_id"],
        "agent": alone.keys["agent_id"],
        "apis": ["getCurExternalContact", "sendChatMessage"],
        "signature": {"timestamp": at, "nonceStr": "n0nce", "signature": signature},
    }
    bridge = alone.told("state", only="addresses")["addresses"]["bridge_script"]
    return SIDEBAR % {"bridge": bridge, "page": json.dumps(page)}


@pytest.fixture
def window(alone: Alone, windows: Windows) -> Page:
    """The chat window of the standalone sandbox; the outsider's sidebar is in its frame."""
    client = Outsider(alone)
    alone.app.pages["/s/"] = lambda: sidebar(alone, client)
    alone.app.pages["/sdk.js"] = lambda: SDK.read_text(encoding="utf-8")
    page = windows.open(width=1280, height=860)
    page.goto(f"{alone.url}/sandbox/?customer={alone.customer('zhou')}")
    return page


def frame_of(page: Page) -> Frame:
    """The frame of the app."""
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame


def test_a_foreign_sidebar_boots_in_a_plain_browser(window: Page, alone: Alone):
    frame = window.frame_locator("iframe")
    expect(frame.locator("#who")).to_have_text(alone.customer("zhou"))
    assert frame_of(window).url.startswith(alone.app.url.removesuffix("hear"))
    frame.get_by_role("button", name="发送").click()
    expect(window.get_by_role("log")).to_contain_text("这是别家系统发的")
    shoot(window, "n1-foreign-sidebar", whole=False)


def test_a_foreign_sdk_talks_to_it_by_base_address_alone(window: Page, alone: Alone):
    client = Outsider(alone)
    (zhou, *_others) = client.external_contact.list("linxm")["external_userid"]
    client.message.send_text(alone.keys["agent_id"], ["linxm"], content=f"去看看 {zhou}")
    expect(window.locator(".sb-conv").filter(has_text="应用消息")).to_contain_text(zhou[:6])
    window.get_by_role("button", name="客户加导购").click()
    event = parse_message(alone.app.texts(1)[0])
    assert event._data["ChangeType"] == "add_external_contact"


def test_what_goes_wrong_is_switched_in_the_window(window: Page, alone: Alone, windows: Windows):
    frame = window.frame_locator("iframe")
    expect(frame.locator("#who")).to_have_text(alone.customer("zhou"))
    window.get_by_text("故障", exact=True).click()
    window.get_by_role("button", name="没有 JS 接口").click()
    expect(frame.locator("#who")).to_have_text("没有回应")
    window.get_by_role("button", name="系统繁忙 -1").click()
    expect(window.get_by_role("button", name="系统繁忙 -1")).to_have_attribute(
        "aria-pressed", "true"
    )
    shoot(window, "n1-faults", whole=False)
    with pytest.raises(WeChatClientException) as busy:
        Outsider(alone).user.get("linxm")
    assert busy.value.errcode == -1
    window.get_by_role("button", name="全部恢复正常").click()
    expect(window.get_by_role("button", name="系统繁忙 -1")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert Outsider(alone).user.get("linxm")["name"] == "林小满"
