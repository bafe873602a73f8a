"""Take docs/pictures/ from a running demo: `make demo` in one shell, `make pictures` in another.

Every picture is a few dozen kilobytes: colours are reduced to a palette.
"""

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
ADDRESS = os.environ["SITE_URL"]
_COLOURS = 128


def save(shot: bytes, name: str) -> None:
    """Keep a screenshot as a small PNG."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(shot)).convert("RGB").quantize(_COLOURS)
    image.save(FOLDER / f"{name}.png", optimize=True)
    sys.stdout.write(f"docs/pictures/{name}.png {(FOLDER / f'{name}.png').stat().st_size:,} B\n")


def play(page: Page, person: str) -> None:
    """Be somebody else in the window."""
    choice = page.get_by_label("身份")
    label = choice.locator("option").filter(has_text=person).first.inner_text()
    if choice.locator("option:checked").inner_text() != label:
        with page.expect_navigation():
            choice.select_option(label=label)


def take(page: Page) -> None:
    """Walk through the guide's and the manager's pages."""
    page.goto(f"{ADDRESS}/sandbox/")
    play(page, "林小满")
    page.locator(".sb-conv").filter(has=page.get_by_text("周晚晴", exact=True)).first.click()
    sidebar = page.frame_locator("iframe")
    expect(sidebar.get_by_text("累计消费")).to_be_visible()
    side = page.get_by_role("region", name="导购台侧边栏")
    page.wait_for_timeout(1500)
    save(page.screenshot(), "sandbox")
    save(side.screenshot(), "customer")
    sidebar.get_by_role("link", name="素材").click()
    expect(sidebar.get_by_role("searchbox")).to_be_visible()
    page.wait_for_timeout(1500)
    save(side.screenshot(), "materials")
    play(page, "顾南乔")
    page.get_by_role("link", name="工作台").click()
    expect(page.frame_locator("iframe").get_by_text("导购榜")).to_be_attached()
    page.wait_for_timeout(800)
    save(side.screenshot(), "team")


def headquarters(page: Page) -> None:
    """The library as headquarters sees it."""
    page.goto(f"{ADDRESS}/hq/materials/")
    page.get_by_role("link", name="许清和").click()
    page.get_by_role("heading", level=1, name="素材库").wait_for()
    page.wait_for_timeout(800)
    save(page.screenshot(), "hq-materials")


def main() -> None:
    """Take them all."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or None
    with sync_playwright() as play_wright:
        browser = play_wright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for job in (take, headquarters):
            context = browser.new_context(
                viewport={"width": 1280, "height": 820}, locale="zh-CN", timezone_id="Asia/Shanghai"
            )
            job(context.new_page())
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
