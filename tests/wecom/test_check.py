"""接入检查: each thing that can be set up wrongly is found, named, and told how to put right."""

import hashlib
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry, Job, WorkerHeartbeat
from guideapp.wecom import jssdk
from guideapp.wecom.check import Finding, Verdict, ask_for_check, keep, last_check, run_check
from guideapp.wecom.check_words import WORDS, worded
from guideapp.wecom.errcodes import meaning_of
from guideapp.wecom.models import ApiCall
from tests.factories import make_callback_event, make_contact
from tests.wecom.conftest import BASE, Upstream
from tests.wecom_support import PlayedWeCom

pytestmark = pytest.mark.django_db
GOOD = {
    "department/list": {"errcode": 0, "department": [{"id": 1}]},
    "department/simplelist": {"errcode": 0, "department_id": [{"id": 1}]},
    "externalcontact/get_follow_user_list": {"errcode": 0, "follow_user": ["linxm"]},
    "agent/get": {"errcode": 0, "redirect_domain": "localhost"},
    "get_jsapi_ticket": {"errcode": 0, "ticket": "t"},
    "ticket/get": {"errcode": 0, "ticket": "t"},
}


@pytest.fixture(autouse=True)
def hosted_sdk(settings: Any) -> None:
    """Whether the SDK's file lies here is not what these tests are about."""
    settings.WECOM_SDK_URL = "https://wwcdn.weixin.qq.com/sdk.js"


def told(**answers: Any) -> dict[str, Any]:
    """Good answers but for those given; / is written __."""
    return GOOD | {path.replace("__", "/"): answer for path, answer in answers.items()}


def look(upstream: Upstream, token: Any = None, **answers: Any) -> dict[str, Finding]:
    """The findings by name, when WeCom answers so."""
    upstream.answers("gettoken", token or {"access_token": "t-1", "expires_in": 7200})
    for path, answer in told(**answers).items():
        upstream.answers(path, answer)
    return {finding.name: finding for finding in run_check()}


def test_a_company_set_up_well_has_nothing_wrong(wecom: PlayedWeCom, settings: Any) -> None:
    WorkerHeartbeat.objects.create(worker="w", lanes="urgent,normal,bulk", beat_at=now())
    make_callback_event()
    make_contact(synced_at=now(), unionid_bidx="x")
    settings.WECOM_TRUSTED_HOSTS = ["localhost", "127.0.0.1"]
    findings = run_check()
    assert [finding for finding in findings if finding.verdict is Verdict.BAD] == []
    assert {"secret", "ip", "range", "customers", "callback", "app_ticket"} <= {
        finding.name for finding in findings if finding.verdict is Verdict.OK
    }


def test_the_check_stands_in_the_ledger_without_a_token(wecom: PlayedWeCom) -> None:
    run_check()
    assert {"gettoken", "department/list"} <= set(ApiCall.objects.values_list("path", flat=True))
    assert "access_token" not in str(list(ApiCall.objects.values()))


@pytest.mark.parametrize(
    ("errcode", "problem", "words"),
    [
        (40001, "wrong", "WECOM_SECRET"),
        (40013, "wrong_corp", "WECOM_CORP_ID"),
        (50003, "refused", "应用被停用"),
    ],
)
def test_a_refused_secret_is_named_and_nothing_more_is_asked(
    upstream: Upstream, errcode: int, problem: str, words: str
) -> None:
    found = look(upstream, {"errcode": errcode, "errmsg": "no"})
    assert (found["secret"].verdict, found["secret"].problem) == (Verdict.BAD, problem)
    said = worded(found["secret"])
    assert words in said.what + said.fix
    assert not upstream.asked("department/list")


def test_an_address_that_is_not_trusted_is_told(upstream: Upstream) -> None:
    errmsg = "not allow to access from your ip, hint: [1], from ip: 203.0.113.7, more info at"
    found = look(upstream, department__list={"errcode": 60020, "errmsg": errmsg})
    assert found["ip"].facts == {"ip": "203.0.113.7"}
    assert "203.0.113.7" in worded(found["ip"]).fix
    assert found["range"].verdict is Verdict.UNKNOWN


FOLLOWERS = "externalcontact__get_follow_user_list"


@pytest.mark.parametrize(
    ("answers", "name", "verdict", "problem"),
    [
        ({"department__list": {"department": []}}, "range", "bad", "empty"),
        ({FOLLOWERS: {"errcode": 48002}}, "customers", "bad", "not_listed"),
        ({FOLLOWERS: {"follow_user": []}}, "customers", "warn", "nobody"),
        ({"department__simplelist": {"errcode": 48002}}, "contacts_secret", "bad", "no_right"),
        ({"agent__get": {"redirect_domain": "shop.example.com"}}, "domain", "bad", "another"),
        ({"agent__get": {"redirect_domain": "localhost:443"}}, "domain", "ok", ""),
        ({"agent__get": {"close": 1}}, "domain", "bad", "closed"),
        ({"agent__get": {"errcode": 301002}}, "domain", "bad", "other_agent"),
        ({"agent__get": {"errcode": 48001}}, "domain", "unknown", "not_told"),
        ({"get_jsapi_ticket": {"errcode": 45009}}, "corp_ticket", "bad", "refused"),
        ({"ticket__get": {"errcode": 60020}}, "app_ticket", "unknown", "blocked"),
    ],
)
def test_what_is_not_set_up_is_named(
    upstream: Upstream, answers: dict[str, Any], name: str, verdict: str, problem: str
) -> None:
    found = look(upstream, **answers)[name]
    assert (found.verdict, found.problem) == (verdict, problem)
    assert worded(found).fix or verdict in {"ok", "unknown"}


def test_a_company_without_a_trusted_domain(upstream: Upstream, settings: Any) -> None:
    settings.SITE_URL = "https://testserver"
    found = look(upstream, agent__get={"redirect_domain": ""})["domain"]
    assert found.problem == "none"
    assert "testserver" in worded(found).fix


def test_wecom_out_of_reach_is_one_trouble_not_ten(upstream: Upstream) -> None:
    upstream.mock.add("GET", f"{BASE}/gettoken", body=requests.ConnectionError())
    found = {finding.name: finding for finding in run_check()}
    assert found["secret"].problem == "unreachable"
    assert found["ip"].problem == found["customers"].problem == "blocked"


@pytest.mark.parametrize(("seconds", "problem"), [(0, ""), (300, "off"), (-300, "off")])
def test_a_clock_that_is_off_is_found(upstream: Upstream, seconds: int, problem: str) -> None:
    date = (now() + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    body = {"access_token": "t-1", "expires_in": 7200}
    upstream.mock.add("GET", f"{BASE}/gettoken", json=body, headers={"Date": date})
    assert look(upstream)["clock"].problem == problem


def test_without_the_address_book_secret_it_is_a_note(upstream: Upstream, settings: Any) -> None:
    settings.WECOM_CONTACTS_SECRET = ""
    assert look(upstream)["contacts_secret"].verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [(403, "", "other_keys"), (200, "<html>", "other_page"), (302, "", "other_page")],
)
def test_a_callback_address_that_is_not_ours_is_found(
    upstream: Upstream, settings: Any, status: int, body: str, problem: str
) -> None:
    settings.SITE_URL = "https://guide.example.com"
    upstream.mock.add("GET", "https://guide.example.com/wecom/callback/", body=body, status=status)
    assert look(upstream)["callback"].problem == problem


def test_a_callback_address_nobody_answers_at(upstream: Upstream, settings: Any) -> None:
    settings.SITE_URL = "https://guide.example.com"
    found = look(upstream)["callback"]
    assert found.problem == "no_answer"
    assert "guide.example.com/wecom/callback/" in worded(found).what


def test_a_broken_callback_key_is_found(upstream: Upstream, settings: Any) -> None:
    settings.WECOM_CALLBACK_AES_KEY = "short"
    assert look(upstream)["callback"].problem == "bad_key"


def test_a_company_that_never_called_or_fell_silent(upstream: Upstream) -> None:
    assert look(upstream)["events"].problem == "never"
    make_callback_event(received_at=now() - timedelta(days=1))
    assert look(upstream)["events"].problem == "quiet"


def test_a_company_that_calls_about_everything_but_its_customers(upstream: Upstream) -> None:
    make_callback_event(event="subscribe", digest="a" * 64)
    found = look(upstream)["events"]
    assert (found.problem, "外部联系人变更回调" in worded(found).fix) == ("no_customers", True)
    make_callback_event(event="change_external_contact", digest="b" * 64)
    assert look(upstream)["events"].problem == ""


def test_an_address_that_wecom_would_not_open(upstream: Upstream, settings: Any) -> None:
    settings.SITE_URL = "https://elsewhere.example.com"
    found = look(upstream)
    assert (found["address"].problem, found["domain"].problem) == ("not_allowed", "not_ours")
    settings.LOCAL, settings.SITE_URL = False, "http://localhost"
    assert look(upstream)["address"].problem == "not_https"


def test_lanes_that_nobody_works_off(upstream: Upstream) -> None:
    assert look(upstream)["worker"].problem == "none"
    WorkerHeartbeat.objects.create(worker="w", lanes="urgent,normal", beat_at=now())
    assert look(upstream)["worker"].facts == {"lanes": "bulk"}


def test_the_sdk_file_is_looked_at(
    upstream: Upstream, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WECOM_SDK_URL, settings.BASE_DIR = "", tmp_path
    assert look(upstream)["sdk"].problem == "absent"
    file = tmp_path / jssdk.SDK_FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"something else")
    assert look(upstream)["sdk"].problem == "another"
    digest = hashlib.sha256(b"something else").hexdigest()
    monkeypatch.setattr("guideapp.wecom.check_machine.SDK_SHA256", digest)
    assert look(upstream)["sdk"].verdict is Verdict.OK


def test_customers_without_a_unionid_are_noticed(upstream: Upstream) -> None:
    assert look(upstream)["unionid"].problem == "no_customers"
    make_contact(synced_at=now())
    assert look(upstream)["unionid"].problem == "missing"
    make_contact(synced_at=now(), unionid_bidx="x")
    assert look(upstream)["unionid"].verdict is Verdict.OK


def test_it_works_without_a_database(upstream: Upstream) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError

    with connection.execute_wrapper(away):
        found = look(upstream)
    assert found["migrations"].problem == "no_database"
    assert found["worker"].problem == found["events"].problem == "database"
    assert found["secret"].verdict is Verdict.OK


def test_the_command_says_what_to_do_and_fails(upstream: Upstream) -> None:
    upstream.answers("gettoken", {"errcode": 40001, "errmsg": "invalid credential"})
    out = StringIO()
    with pytest.raises(CommandError, match="checks failed"):
        call_command("wecom_check", stdout=out)
    assert "BAD  企业 ID 和应用密钥: 密钥不对（40001）" in out.getvalue()
    assert "→ 管理后台" in out.getvalue()
    assert last_check().findings


def test_the_command_keeps_nothing_in_a_dry_run(upstream: Upstream) -> None:
    upstream.answers("gettoken", {"errcode": 40001})
    with pytest.raises(CommandError):
        call_command("wecom_check", dry_run=True, stdout=StringIO())
    assert last_check().at is None


def test_the_page_runs_it_as_a_job_once(as_admin: Any, upstream: Upstream) -> None:
    upstream.answers("gettoken", {"errcode": 40001})
    page = reverse("workbench:wecom_check")
    assert "还没查过" in as_admin.get(page).text
    for _twice in range(2):
        response = as_admin.post(reverse("workbench:wecom_run_check"), follow=True)
    assert "正在检查" in response.text
    assert Job.objects.count() == 1
    assert AuditEntry.objects.filter(action="check.run").exists()
    run_due()
    text = as_admin.get(page).text
    assert "正在检查" not in text
    assert "密钥不对（40001）" in text
    assert "接入检查有" in as_admin.get(reverse("workbench:wecom")).text


def test_a_check_that_was_asked_for_long_ago_is_not_running() -> None:
    ask_for_check()
    assert last_check().is_running
    keep([])
    assert not last_check().is_running


@pytest.mark.parametrize(("name", "problem"), sorted(WORDS))
def test_every_trouble_has_its_words(name: str, problem: str) -> None:
    facts = {
        "url": "u",
        "host": "h",
        "count": 1,
        "lanes": "bulk",
        "file": "f",
        "errcode": 40001,
        "failure": "timeout",
        "seconds": 3,
        "ip": "i",
        "told": "t",
        "agent": 1,
        "status": 500,
        "at": now().isoformat(),
    }
    said = worded(Finding(name, Verdict.BAD, problem, facts))
    assert said.title
    assert "%(" not in said.what + said.fix


def test_codes_have_meanings() -> None:
    assert meaning_of(60020) == "服务器 IP 不在可信名单"
    assert meaning_of(None, "http_502") == "对方回了 HTTP 502"
    assert "没有收录" in meaning_of(123456)
    assert meaning_of(None, "something") == "something"
