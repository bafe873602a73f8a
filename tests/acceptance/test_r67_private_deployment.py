"""Private by default: one command installs, one starts, and a guide logs in within five minutes."""

import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.screens import ROOT, shoot
from tools.prod_local_smoke import Window, guide_sends_a_material, hq_logs_in_by_qr
from tools.prod_local_stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIVE_MINUTES = 300


@pytest.fixture
def production(tmp_path) -> Iterator[Stack]:
    """The product under production settings on a fresh database, the played WeCom beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: nobody can make a certificate.")
    with Stack(f"sqlite:///{tmp_path}/production.sqlite3") as stack:
        yield stack


def test_a_fresh_installation_serves_guide_and_headquarters_in_five_minutes(
    production: Stack, browser: Browser
):
    began = time.monotonic()
    production.start_wecom()
    production.prepare()
    production.start_web(1)
    production.start_workers()
    guide, office = Window(browser, production), Window(browser, production)
    guide_sends_a_material(guide)
    hq_logs_in_by_qr(office)
    shoot(office.page, "r67-headquarters", whole=False)
    assert time.monotonic() - began < FIVE_MINUTES
    assert guide.troubles + office.troubles == []
    assert all(production.ready().values())
    nothing_of_the_demo_is_there(production)
    nothing_leaves_the_house(production)
    guide.context.close()
    office.context.close()


def nothing_of_the_demo_is_there(production: Stack) -> None:
    for path in ("/sandbox/", "/sandbox/control/state", "/demo/reset/"):
        assert production.get(path).status_code == 404


def nothing_leaves_the_house(production: Stack) -> None:
    answer = production.get("/s/")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    hosts = {
        source
        for directive in answer.headers["Content-Security-Policy"].split(";")
        for source in directive.split()[1:]
        if not source.startswith("'") and source != "data:"
    }
    ours = {production.wecom, *(f"https://{name}.work.weixin.qq.com" for name in ("login", "open"))}
    assert {"/".join(host.split("/")[:3]) for host in hosts} <= ours, hosts


def test_the_two_commands_and_the_way_to_upgrade_are_written_down():
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for heading in ("## Install and run", "## Upgrade", "## Backup and restore"):
        assert heading in operations
