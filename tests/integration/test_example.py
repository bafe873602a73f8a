"""The script of a reader: with nothing but `requests` it fills a company that is empty."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guideapp.attribution.models import Order
from guideapp.organisation.models import Store
from tests.factories import make_contact
from tests.integration.support import System

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "push_members.py"


def push(address: str, key: str, customer: str) -> list[str]:
    """What it printed, a line for each resource."""
    named = ("--store", "QH001", "--brand", "青禾", "--customer", customer, "--new-store")
    run = subprocess.run(  # noqa: S603 -- our own example
        [sys.executable, str(EXAMPLE), address, *named],
        env=os.environ | {"GUIDE_API_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def test_it_fills_a_fresh_company_and_changes_nothing_the_second_time(live_server: Any):
    contact, key = make_contact(), System().bearer
    first = push(live_server.url, key, contact.external_userid)
    assert first[0] == "stores: 1 created, 0 updated, 0 unchanged, 0 refused"
    assert Store.objects.get().region.brand.name == "青禾"
    contact.refresh_from_db()
    assert {order.member for order in Order.objects.all()} == {contact.member}
    second = push(live_server.url, key, contact.external_userid)
    assert all(" 0 created, 0 updated" in line for line in second)
