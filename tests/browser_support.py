"""A real browser for tests: Chromium, a phone's width, and no console error forgiven."""

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests import screens

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_ANSWERED_WITHIN_SECONDS = 5

expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong


class _UnderWay:
    """How many requests the live server is answering."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()
        request_started.connect(self._began)
        request_finished.connect(self._ended)

    def wait_for_none(self) -> None:
        """Return when all are answered: the flush that comes now would deadlock with them."""
        with self._changed:
            self._changed.wait_for(lambda: self._count <= 0, _ANSWERED_WITHIN_SECONDS)

    def close(self) -> None:
        """Stop counting."""
        request_started.disconnect(self._began)
        request_finished.disconnect(self._ended)

    def _began(self, **about: Any) -> None:
        self._add(1)

    def _ended(self, **about: Any) -> None:
        self._add(-1)

    def _add(self, number: int) -> None:
        with self._changed:
            self._count += number
            self._changed.notify_all()


@dataclass
class Windows:
    """Opens pages in contexts of their own and remembers what their consoles said."""

    browser: Browser
    base_url: str
    opened: int = 0
    troubles: list[str] = field(default_factory=list)
    # Parts of messages that do not count: htmx reports the request that leaving a page cuts off.
    forgiven: list[str] = field(default_factory=lambda: ["htmx:sendAbort", "htmx:afterRequest,"])
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, *, width: int = 375, height: int = 812, **options: Any) -> Page:
        """A new window with cookies of its own; relative addresses lead to the live server."""
        context = self.browser.new_context(
            base_url=self.base_url,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            **options,
        )
        context.set_default_timeout(20_000)
        context.on("page", self._watch)
        self.contexts.append(context)
        return context.new_page()

    def phone(self, **options: Any) -> Page:
        """A window of 375 × 812."""
        return self.open(**options)

    def desk(self, **options: Any) -> Page:
        """A window of 1280 × 860."""
        return self.open(width=1280, height=860, **options)

    def forgive(self, part: str) -> None:
        """This test provokes console messages that contain `part` (say, a cut connection)."""
        self.forgiven.append(part)

    def close(self) -> None:
        """Close every window."""
        for context in self.contexts:
            context.close()

    def _watch(self, page: Page) -> None:
        self.opened += 1
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(f"{message.location.get('url')}: {message.text}")

    def unforgiven(self) -> list[str]:
        """Console errors and page errors that no test asked for."""
        return [
            trouble
            for trouble in self.troubles
            if not any(part in trouble for part in self.forgiven)
        ]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Put the pictures that this run took on one page."""
    screens.write_index()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium (or Chrome); Playwright's own where neither is installed."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return {"args": arguments} | ({"executable_path": path} if path else {})


@pytest.fixture
def windows(browser: Browser, live_server: Any) -> Iterator[Windows]:
    """Windows onto the live server; a console error at the end fails the test."""
    opened, under_way = Windows(browser, live_server.url), _UnderWay()
    yield opened
    opened.close()
    under_way.wait_for_none()
    under_way.close()
    unforgiven = opened.unforgiven()
    assert not unforgiven, "\n".join(unforgiven)
