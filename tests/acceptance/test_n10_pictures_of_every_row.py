"""Every row's test runs in a real browser and leaves a picture; a page puts them side by side."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import screens
from tests.browser_support import Windows

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).parent


def test_every_row_takes_a_picture_in_the_browser():
    without = [
        path.name
        for path in FOLDER.glob("test_[rn]*.py")
        if path != Path(__file__) and not re.search(r"\b(shoot|look_at)\(", path.read_text())
    ]
    assert without == []


def test_the_index_shows_ours_beside_the_design(windows: Windows, client):
    page = windows.desk()
    page.goto("/")
    screens.shoot(page, "start")
    screens.write_index()
    page.goto(f"file://{screens.FOLDER}/index.html")
    expect(page.get_by_role("heading", name="start", exact=True)).to_be_visible()
