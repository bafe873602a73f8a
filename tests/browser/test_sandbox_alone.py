"""The product in one process, WeCom in another: the environment alone joins them."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.alone_support import Alone, Process, bare_environment, free_port, receiver
from tests.browser_support import Windows
from tests.screens import ROOT, shoot

pytestmark = pytest.mark.browser

# What headquarters says at /hq/organisation/: which departments are regions and stores.
LINK = """
from guideapp.members.services import reconcile
from guideapp.organisation.models import Department
from guideapp.organisation.services import link_region, link_store, place_guides, sync_address_book
sync_address_book()
rows = {row.wecom_id: row for row in Department.objects.all()}
region = link_region(actor_userid="", department=rows[2], brand_name="青禾")
link_store(actor_userid="", department=rows[3], region=region, code="QH001", city="杭州")
place_guides.call()
reconcile()
"""


def environment(wecom: Alone, product: str, folder: Path) -> dict[str, str]:
    """The product's environment: the sandbox's addresses and keys, and secrets of its own."""
    told = wecom.told("state", only="corp,addresses")
    keys, addresses = told["corp"], told["addresses"]
    return bare_environment() | {
        "DEBUG": "1",
        "STATIC_HASHED": "1",
        "LOG_LEVEL": "WARNING",
        "SITE_URL": product,
        "DATABASE_URL": f"sqlite:///{folder}/product.sqlite3",
        "MEDIA_ROOT": str(folder / "media"),
        "SECRET_KEY": "only-for-tests-" + "x" * 50,
        "DATA_KEYS": "1:" + base64.b64encode(b"k" * 32).decode(),
        "INDEX_KEY": "only-for-tests",
        "WECOM_CORP_ID": keys["corp_id"],
        "WECOM_AGENT_ID": str(keys["agent_id"]),
        "WECOM_SECRET": keys["app_secret"],
        "WECOM_CONTACTS_SECRET": keys["contacts_secret"],
        "WECOM_CALLBACK_TOKEN": keys["callback_token"],
        "WECOM_CALLBACK_AES_KEY": keys["callback_aes_key"],
        "WECOM_API_BASE_URL": addresses["api_base_url"],
        "WECOM_OAUTH_URL": addresses["oauth_url"],
        "WECOM_QR_LOGIN_URL": addresses["qr_login_url"],
        "WECOM_BRIDGE_SCRIPT": addresses["bridge_script"],
        "FRAME_ANCESTORS": wecom.url,
    }


def run(env: dict[str, str], *command: str) -> None:
    """A command of the product that ends by itself."""
    subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        timeout=120,
    )


@pytest.fixture
def two_processes(tmp_path: Path) -> Iterator[Alone]:
    """The sandbox and the product, which has read the small company from it."""
    product, wecom = (f"http://127.0.0.1:{free_port()}" for _process in range(2))
    ports = {address: address.rsplit(":", 1)[1] for address in (product, wecom)}
    sandbox = Process(
        *("sandbox", "--port", ports[wecom], "--database", str(tmp_path / "sandbox.sqlite3")),
        *("--callback-url", f"{product}/wecom/callback/"),
        log=tmp_path / "sandbox.log",
        env=bare_environment(),
    )
    sandbox.wait_until(f"{wecom}/healthz")
    heard, server = receiver()  # not used: the product hears the events
    server.server_close()
    played = Alone(wecom, heard)
    env = environment(played, product, tmp_path)
    for command in (["migrate"], ["createcachetable"], ["shell", "-c", LINK]):
        run(env, *command)
    if not (ROOT / "var" / "static" / "staticfiles.json").exists():
        run(env, "collectstatic", "--noinput")
    served = Process(
        *("serve", "--port", ports[product], "--with-worker"),
        log=tmp_path / "product.log",
        env=env,
    )
    served.wait_until(f"{product}/healthz")
    yield played
    served.stop()
    sandbox.stop()
    print(*(log.read_text() for log in (served.log, sandbox.log)))  # noqa: T201 -- when it fails


def test_the_product_works_against_it_by_environment_alone(two_processes: Alone, windows: Windows):
    page = windows.open(width=1280, height=860)
    page.goto(f"{two_processes.url}/sandbox/?customer={two_processes.customer('zhou')}")
    sidebar = page.frame_locator("iframe")
    expect(sidebar.get_by_text("周晚晴").first).to_be_visible(timeout=30_000)
    shoot(page, "sandbox-alone", whole=False)

    page.get_by_role("link", name="工作台").click()
    expect(sidebar.get_by_role("link", name="客户", exact=True)).to_be_visible(timeout=30_000)
    assert two_processes.raise_event("verify_callback")["ok"] is True


def test_headquarters_log_in_by_its_qr_code(two_processes: Alone, windows: Windows):
    addresses = two_processes.told("state", only="addresses")["addresses"]
    page = windows.open(width=1280, height=860)
    windows.forgive("403 (Forbidden)")  # nobody gave this person a role; who it is was known
    page.goto(f"{addresses['app_url']}/wecom/login/?by=qr")
    page.get_by_role("link", name="王思").click()
    expect(page.get_by_text("你还没开通导购台")).to_be_visible(timeout=30_000)
