"""Other systems tell what happened: a scan in the store is on the card, with what to do next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.core.clock import now, today
from guideapp.integration.services import make_client
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import shoot, sideways

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "push_members.py"
EVERYTHING = ["members:write", "cards:write", "assets:write", "products:write", "skus:write"]
EVERYTHING += ["orders:write", "events:write"]


def office(story: Story) -> Page:
    """A desk at headquarters, just logged in by QR code."""
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("wangsi")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    return page


def key_for_a_system() -> str:
    return make_client(name="扫码购", scopes=EVERYTHING, brands=[], by="wangsi")[1]


def test_row_a_scan_in_the_store_is_on_the_card_and_leads_to_an_invitation(story: Story):
    event = {
        "kind": "scan_buy",
        "key": "SCAN-1",
        "at": now().isoformat(),
        "store": "QH001",
        "external_userid": story.wecom.customer("juzi"),
        "title": "羊绒围巾",
        "amount_fen": 59900,
    }
    answer = requests.post(
        f"{story.wecom.url}/api/v1/events/",
        json=event,
        headers={"Authorization": f"Bearer {key_for_a_system()}"},
        timeout=30,
    )
    assert answer.status_code == 201
    page, sidebar = story.chat("林小满", "橘子汽水")
    expect(sidebar.get_by_text("扫码购买了羊绒围巾").first).to_be_visible()
    expect(sidebar.get_by_text("还没开卡").first).to_be_visible()
    shoot(page, "r18-scan-buy-next", whole=False)
    sidebar.get_by_text("扫码购买了羊绒围巾").first.scroll_into_view_if_needed()
    shoot(page, "r18-scan-buy", whole=False)


def test_row_a_script_outside_the_product_fills_the_card(story: Story):
    run = subprocess.run(  # noqa: S603 -- our own example
        [
            sys.executable,
            str(EXAMPLE),
            story.wecom.url,
            *("--store", "QH001", "--brand", story.brand.name),
            *("--customer", story.wecom.customer("juzi"), "--day", today().isoformat()),
        ],
        env=os.environ | {"GUIDE_API_KEY": key_for_a_system()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "orders: 2 created, 0 updated, 0 unchanged, 0 refused" in run.stdout
    page, sidebar = story.chat("林小满", "橘子汽水")
    for text in ("银卡", "139****5519", "¥1,528", "1,860", "圆领羊绒开衫"):
        expect(sidebar.get_by_text(text).first).to_be_visible()
    shoot(page, "r18-pushed-member", whole=False)


def test_row_headquarters_gives_a_system_its_key(story: Story):
    page = office(story)
    page.goto("/hq/api/")
    expect(page.get_by_role("heading", name="还没有系统接进来")).to_be_visible()
    page.get_by_role("link", name="新建").first.click()
    page.get_by_label("名称").fill("会员系统")
    page.get_by_role("checkbox", name="写入 会员", exact=True).check()
    page.get_by_role("checkbox", name="读取 会员", exact=True).check()
    assert sideways(page) == []
    shoot(page, "r18-new-client")
    page.get_by_role("button", name="新建").click()
    secret = page.get_by_role("textbox", name="钥匙").input_value()
    shoot(page, "r18-secret")
    headers = {"Authorization": f"Bearer {secret}"}
    told = {"number": "HY9", "phone": "123"}
    answer = requests.post(
        f"{story.wecom.url}/api/v1/members/", json=told, headers=headers, timeout=30
    )
    assert answer.json()["code"] == "phone_refused"
    page.get_by_role("link", name="已经收好").click()
    expect(page.get_by_role("cell", name="会员系统").first).to_be_visible()
    expect(page.get_by_text("members:read · members:write")).to_be_visible()
    shoot(page, "r18-clients")
    page.goto("/api/docs/")
    expect(page.get_by_role("heading", name="接口说明")).to_be_visible()
    shoot(page, "r18-docs", whole=False)
    page.goto("/hq/api/")
    page.get_by_role("button", name="停用").click()
    expect(page.get_by_role("heading", name="已停用")).to_be_visible()
    refused = requests.get(f"{story.wecom.url}/api/v1/members/", headers=headers, timeout=30)
    assert refused.status_code == 401
