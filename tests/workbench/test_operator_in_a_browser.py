"""The operator's pages in a real browser: clean at 1280 and 360 px, light and dark."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from guideapp.core.audit import record_access, record_audit
from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import WorkerHeartbeat
from guideapp.organisation.models import Guide, Role
from guideapp.wecom.check import Finding, Verdict, keep
from guideapp.wecom.models import CallbackEvent, CallBudget, Credential, OutboxCall, SyncCursor
from tests.browser_support import Windows
from tests.factories import (
    make_api_call,
    make_callback_event,
    make_grant,
    make_guide,
    make_job,
    make_outbox_call,
)
from tests.screens import axe_findings, shoot, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

type Desk = Callable[..., Page]
LISTS = ("wecom", "wecom_check", "wecom_inbox", "wecom_outbox", "wecom_jobs", "wecom_calls")
PAGES = (*LISTS, "wecom_sync", "audit", "accesses")


@pytest.fixture
def admin() -> Guide:
    """Headquarters, administration."""
    return make_guide(name="安总", userid="anzong", roles=(Role.HQ_ADMIN,), store=None)


@pytest.fixture
def desk(windows: Windows, live_server: Any, client_for: Any, admin: Guide) -> Desk:
    """Open a window in which the administrator is logged in."""

    def opened(look: str = "light", width: int = 1280) -> Page:
        page = windows.open(width=width, height=860, color_scheme=look)
        name = settings.SESSION_COOKIE_NAME
        value = client_for(admin).cookies[name].value
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        return page

    return opened


@pytest.fixture
def busy_day(admin: Guide) -> dict[str, int]:
    """Rows of every kind; the numbers of those that have a page of their own."""
    states = CallbackEvent.State
    events = [
        make_callback_event(state=state, change_type=change)
        for state, change in (
            (states.DEAD, "edit_external_contact"),
            (states.PENDING, "add_external_contact"),
            (states.DONE, "del_follow_user"),
            (states.IGNORED, "something_new"),
        )
    ]
    calls = [make_outbox_call(state=state) for state in OutboxCall.State]
    job = make_job()
    make_job(state="ready", finished_at=None, run_at=now() - timedelta(minutes=3), lane="normal")
    api_calls = [
        make_api_call(path=path, errcode=code, failure=failure, duration_ms=ms)
        for path, code, failure, ms in (
            ("externalcontact/get", 0, "", 96),
            ("externalcontact/get_follow_user_list", 48002, "", 71),
            ("externalcontact/mark_tag", None, "timeout", 5003),
            ("user/get", 60111, "", 42),
        )
    ]
    _the_machine()
    record_audit(actor=admin.userid, action="role_granted", subject="guide:12", role="hq_content")
    record_access(actor_id=admin.pk, subject="contact:12", screen="sidebar")
    uncertain = next(call for call in calls if call.state == OutboxCall.State.UNCERTAIN)
    return {
        "wecom_event": events[0].pk,
        "wecom_call": uncertain.pk,
        "wecom_job": job.pk,
        "wecom_api_call": api_calls[-1].pk,
    }


def _the_machine() -> None:
    """A worker, a token, a budget in use, a reading, and a check that found something."""
    WorkerHeartbeat.objects.create(worker="web-1:17", lanes="urgent,normal", beat_at=now())
    app = {"corp_id": settings.WECOM_CORP_ID, "agent_id": 1000002}
    for kind, minutes in (("access_token", 97), ("corp_ticket", -3)):
        until = now() + timedelta(minutes=minutes)
        Credential.objects.create(**app, kind=kind, value="t", expires_at=until, generation=1)
    at = int(now().timestamp())
    CallBudget.objects.create(
        path="externalcontact/get",
        minute=at // 60,
        minute_used=250,
        hour=at // 3600,
        hour_used=9_000,
    )
    SyncCursor.objects.create(
        name="members.all",
        started_at=now() - timedelta(minutes=20),
        finished_at=now() - timedelta(minutes=8),
        report={"guides": 3812, "repaired": 4},
    )
    keep(
        [
            Finding("address", facts={"url": "https://guide.example.com"}),
            Finding("ip", Verdict.BAD, "foreign", {"ip": "203.0.113.7"}),
            Finding("contacts_secret", Verdict.WARN, "absent"),
            Finding("range", Verdict.UNKNOWN, "blocked"),
        ]
    )


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_every_page_of_the_operator_is_clean(
    desk: Desk, busy_day: dict[str, int], look: str, width: int
) -> None:
    page = desk(look, width)
    findings = {}
    addresses = {name: reverse(f"workbench:{name}") for name in PAGES}
    addresses |= {name: reverse(f"workbench:{name}", args=[pk]) for name, pk in busy_day.items()}
    addresses["wecom_dead"] = f"{addresses['wecom_inbox']}?state=dead"
    addresses["again"] = reverse("organisation:again")
    for name, address in addresses.items():
        page.goto(address)
        if wrong := axe_findings(page) + sideways(page):
            findings[name] = wrong
        suffix = "" if width == 1280 else f"-{width}"
        shoot(page, f"hq-{name.replace('_', '-')}{suffix}{'-dark' if look == 'dark' else ''}")
    assert findings == {}


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_page_says_so(desk: Desk, name: str) -> None:
    page = desk()
    page.goto(reverse(f"workbench:{name}"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert axe_findings(page) == []
    shoot(page, f"hq-{name.replace('_', '-')}-empty")


def test_the_scan_brings_back_what_was_typed(
    desk: Desk, busy_day: dict[str, int], settings: Any, admin: Guide
) -> None:
    settings.FRESH_LOGIN_MINUTES = 0
    page = desk()
    page.goto(reverse("workbench:wecom_event", args=[busy_day["wecom_event"]]))
    page.get_by_label("为什么").fill("企业微信恢复了")
    page.get_by_role("button", name="重放事件").click()
    expect(page.get_by_role("heading", name="先扫一次码")).to_be_visible()
    assert axe_findings(page) == []
    settings.FRESH_LOGIN_MINUTES = 5  # as after the scan
    page.reload()
    expect(page.get_by_role("heading", name="继续“重放事件”")).to_be_visible()
    shoot(page, "hq-again-held")
    page.get_by_role("button", name="重放事件").click()
    expect(page.get_by_text("已经安排")).to_be_visible()
    expect(page.get_by_text("企业微信恢复了")).to_be_visible()


def test_a_new_administrator_finds_the_page_in_the_menu(desk: Desk, admin: Guide) -> None:
    make_grant(guide=admin, role=Role.HQ_CONTENT)
    page = desk()
    page.goto("/hq/people/")
    page.get_by_role("navigation", name="总部导航").get_by_role("link", name="企业微信").click()
    page.get_by_role("link", name="调用记录").click()
    expect(page.get_by_text("这段时间没有调用过企业微信")).to_be_visible()
    run_due()
