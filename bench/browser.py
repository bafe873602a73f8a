"""The sidebar in a real browser: the official SDK finds a played client, the wire is ours."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from bench import people
from bench.databases import BenchRefused
from bench.seed import Scale, external_userid, guide_of

PLAIN_HTTP = {"COOKIE_SECURE": "0", "BENCH_COMPRESS": "1"}  # no TLS here; the proxy compresses
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_AGENT = (
    "Mozilla/5.0 (Linux; Android 15; wv) AppleWebKit/537.36 Version/4.0 Chrome/130.0 "
    "Mobile Safari/537.36 wxwork/4.1.36 MicroMessenger/7.0.1"
)
# What WeCom's client puts into the page, and a look at when the card is there.
_CLIENT = """
const replies = {
  agentConfig: { err_msg: "agentConfig:ok" },
  getContext: { err_msg: "getContext:ok", entry: "single_chat_tools" },
  getCurExternalContact: { err_msg: "getCurExternalContact:ok", userId: "CUSTOMER" },
};
window.WeixinJSBridge = {
  invoke(name, params, callback) { setTimeout(() => callback(replies[name]), 0); },
  on() {},
};
new MutationObserver((_, observer) => {
  if (!document.querySelector("#panel .stats")) return;
  observer.disconnect();
  requestAnimationFrame(() => { window.cardAt = performance.now(); });
}).observe(document, { childList: true, subtree: true });
"""
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 0.75e6 / 8,
}
_CPU_DIVISOR = 4


@dataclass
class Visit:
    """One opening of the sidebar. Times in seconds since the navigation began."""

    painted: float = 0.0
    card: float = 0.0
    wire_bytes: int = 0  # bodies and headers as received; nothing out of the cache
    requests: int = 0
    addresses: dict[str, int] = field(default_factory=dict)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, or BenchRefused where there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        raise BenchRefused("No Chromium was found. Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


@contextmanager
def phone(browser: Browser, port: int, scale: Scale, number: int) -> Iterator[BrowserContext]:
    """A guide's phone with an empty cache, logged in, beside the chat with customer `number`."""
    context = browser.new_context(
        user_agent=_AGENT,
        viewport={"width": 375, "height": 812},
        base_url=f"http://localhost:{port}",
        extra_http_headers={"X-Forwarded-Proto": "https"},
    )
    session = people.session_of(guide_of(number, scale))
    context.add_cookies([{"name": "session", "value": session, "domain": "localhost", "path": "/"}])
    context.add_init_script(_CLIENT.replace("CUSTOMER", external_userid(number)))
    yield context
    context.close()


def visit(context: BrowserContext, *, throttled: bool = False) -> Visit:
    """Open the sidebar until the card shows."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    seen = Visit()
    _listen(session, seen)
    if throttled:
        session.send("Network.emulateNetworkConditions", _SLOW_4G)
        session.send("Emulation.setCPUThrottlingRate", {"rate": _CPU_DIVISOR})
    page.goto("/s/", wait_until="commit")
    page.locator("#panel .stats").first.wait_for()
    seen.card = _moment(page, "window.cardAt")
    seen.painted = _moment(page, _FIRST_PAINT)
    page.wait_for_load_state("networkidle")
    page.close()
    return seen


def _moment(page: Page, expression: str) -> float:
    """A time of the page in seconds, as soon as it is known. (The CSP allows no waiting inside.)"""
    for _ in range(100):
        if (found := page.evaluate(expression)) is not None:
            return float(found) / 1000
        page.wait_for_timeout(20)
    raise BenchRefused(f"The page never said {expression}.")


def _listen(session: CDPSession, seen: Visit) -> None:
    """Count what comes over the wire; an answer out of the cache is none."""
    addresses: dict[str, str] = {}
    cached: set[str] = set()

    def finished(event: dict[str, Any]) -> None:
        key = event["requestId"]
        if key in cached or key not in addresses or not event["encodedDataLength"]:
            return
        seen.requests += 1
        seen.wire_bytes += int(event["encodedDataLength"])
        seen.addresses[addresses[key]] = int(event["encodedDataLength"])

    def asked(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.requestServedFromCache", lambda event: cached.add(event["requestId"]))
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
