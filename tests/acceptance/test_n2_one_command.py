"""One command on an empty folder of data: a seeded company, and the first material sent."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.screens import ROOT, shoot

pytestmark = pytest.mark.browser
FIVE_MINUTES = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """`make demo`'s own command, with its data in a folder of this test's own."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WECOM_")},
        "DEMO": "1",
        "WECOM_SANDBOX": "1",
        "STATIC_HASHED": "1",
        "DJANGO_SETTINGS_MODULE": "guideapp.settings",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/demo.sqlite3",
        "MEDIA_ROOT": str(tmp_path / "media"),
        "WECOM_SECRET": "the-demo-s-own-secret",
        "WECOM_CONTACTS_SECRET": "another-one",
        "WECOM_CORP_ID": "ww0a1b2c3d4e5f6071",
        "WECOM_CALLBACK_TOKEN": "demotoken",
        "WECOM_CALLBACK_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    }
    with (tmp_path / "demo.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            [sys.executable, "manage.py", "demo", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        yield f"http://127.0.0.1:{port}"
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
    print((tmp_path / "demo.log").read_text())  # noqa: T201 -- pytest shows it when the test failed


def test_from_nothing_to_the_first_sent_material_in_under_five_minutes(demo: str, browser: Browser):
    began = time.monotonic()
    wait_until_it_answers(demo, began)
    page = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 860}).new_page()
    page.goto(f"{demo}/")
    page.get_by_role("link", name="导购").first.click()
    before = sent_from_the_sidebar(demo)
    page.locator(".sb-conv").filter(has=page.get_by_text("周晚晴", exact=True)).click()
    sidebar = page.frame_locator("iframe")
    sidebar.get_by_role("link", name="素材").click()
    sidebar.get_by_role("button", name="发送").first.click()
    expect(sidebar.get_by_text("已发给周晚晴")).to_be_visible()
    assert time.monotonic() - began < FIVE_MINUTES
    assert sent_from_the_sidebar(demo) == before + 1
    page.goto(f"{demo}/")
    expect(page.get_by_text("做完 2/4")).to_be_visible()
    shoot(page, "n2-trial")

    page.goto(f"{demo}/sandbox/")
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation(), page.expect_response("**/demo/reset/") as answer:
        page.get_by_role("button", name="重置").click()
    assert answer.value.ok
    assert sent_from_the_sidebar(demo) == before
    page.goto(f"{demo}/")
    # The window has opened the sidebar again; the send and everything else is undone.
    expect(page.get_by_text(re.compile("做完 [01]/4"))).to_be_visible()
    page.context.close()


def sent_from_the_sidebar(address: str) -> int:
    """How many bubbles of the played WeCom came from our sidebar."""
    messages = requests.get(f"{address}/sandbox/control/state", timeout=30).json()["messages"]
    return sum(row.get("source") == "sidebar" for row in messages)


def wait_until_it_answers(address: str, began: float) -> None:
    while time.monotonic() - began < FIVE_MINUTES:
        try:
            if requests.get(f"{address}/healthz", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.5)
    pytest.fail("The demo did not answer.")
