"""What must work after every deployment, seen in a real browser."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, expect, sync_playwright

from tools.prod_local_stack import MATERIAL, Stack

GUIDE, CUSTOMER, HQ = "林小满", "周晚晴", "王思"
_PATIENCE_MS = 30_000  # a busy machine is no failure of the installation
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium (or Chrome, or what CHROMIUM names)."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


class Window:
    """A browser window of one person; what its console complains about is kept."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self.troubles: list[str] = []
        self.context: BrowserContext = browser.new_context(
            ignore_https_errors=True, locale="zh-CN", viewport={"width": 1280, "height": 860}
        )
        self.context.set_default_timeout(_PATIENCE_MS)
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.stack = stack

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "401" not in message.text:
            self.troubles.append(message.text[:300])


def guide_sends_a_material(window: Window) -> str:
    """The sidebar beside a chat: silent login, card, one tap."""
    page = window.page
    page.goto(f"{window.stack.wecom}/sandbox/")
    choice = page.get_by_label("身份")
    label = choice.locator("option").filter(has_text=GUIDE).first.inner_text()
    if choice.locator("option:checked").inner_text() != label:
        with page.expect_navigation():
            choice.select_option(label=label)
    page.locator(".sb-conv").filter(has=page.get_by_text(CUSTOMER, exact=True)).first.click()
    sidebar = page.frame_locator("iframe")
    expect(sidebar.get_by_text(CUSTOMER).first).to_be_visible(timeout=_PATIENCE_MS)
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("button", name=f"发送 {MATERIAL}").click()
    expect(sidebar.get_by_text(f"已发给{CUSTOMER}")).to_be_visible(timeout=_PATIENCE_MS)
    return "card seen, material sent"


def hq_logs_in_by_qr(window: Window) -> str:
    """Headquarters in a desktop browser."""
    page = window.page
    page.goto(f"{window.stack.site}/hq/people/")
    page.get_by_role("link", name=re.compile(HQ)).first.click()
    expect(page).to_have_url(re.compile(r"/hq/people/$"), timeout=_PATIENCE_MS)
    expect(page.get_by_text(GUIDE).first).to_be_visible(timeout=_PATIENCE_MS)
    cookies = {cookie["name"]: cookie for cookie in window.context.cookies()}
    session = cookies["__Host-session"]
    if not (session["secure"] and session["httpOnly"]):
        raise AssertionError("The session cookie is not secure.")
    return "QR login, /hq/people/, __Host- cookie"
