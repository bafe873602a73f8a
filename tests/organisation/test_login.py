"""Login through WeCom: the state, the one-time code, and where it leads."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from guideapp.organisation.models import Guide, GuideSession, LoginState, Role
from guideapp.organisation.sessions import QR_AT
from tests.factories import make_guide, make_store
from tests.organisation.steps import (
    INSIDE_WECOM,
    LOGIN,
    OAUTH,
    begin,
    choose,
    log_in,
    state_in,
)
from tests.wecom_support import PlayedWeCom


@pytest.fixture
def linxm(wecom: PlayedWeCom) -> Guide:
    """A guide of ours whom the played WeCom knows."""
    return make_guide(userid="linxm", name="林小满")


def exchanges(wecom: PlayedWeCom) -> int:
    """How often a code was exchanged."""
    return len(wecom.calls("auth/getuserinfo"))


def test_a_guide_comes_in_and_lands_on_the_page_asked_for(linxm, client):
    response = log_in(client, "linxm", "/me/?tab=1")
    assert response["Location"] == "/me/?tab=1"
    assert GuideSession.objects.get().guide == linxm
    assert client.get("/me/").status_code == 200


def test_the_answer_to_the_code_is_a_redirect_to_a_clean_address(linxm, client):
    response = log_in(client, "linxm")
    assert response.status_code == 302
    assert "code=" not in response["Location"]


def test_without_a_page_asked_for_the_login_leads_home(linxm, client):
    assert log_in(client, "linxm", "")["Location"] == "/g/"


def test_the_login_gives_the_session_a_new_key(linxm, client):
    client.session["before"] = 1
    client.session.save()
    before = client.session.session_key
    log_in(client, "linxm")
    assert client.session.session_key != before


def test_a_userid_is_known_whatever_its_case(wecom, client):
    make_guide(userid="LinXM")
    assert log_in(client, "linxm").status_code == 302


def test_the_state_has_128_random_bits_and_is_kept_only_as_a_hash(linxm, client):
    state = state_in(begin(client))
    assert state.isalnum()
    assert len(state) >= 22
    assert state not in str(list(LoginState.objects.values()))


@pytest.mark.parametrize("state", ["", "unknown", "x" * 200, "\x00"])
def test_a_missing_or_wrong_state_is_refused_before_anything_else(wecom, client, state):
    begin(client)
    response = client.get(OAUTH, {"code": "abc", "state": state})
    assert response.status_code == 400
    assert exchanges(wecom) == 0
    assert not GuideSession.objects.exists()


def test_a_state_works_once(linxm, wecom, client):
    back = choose(client, begin(client), "linxm")
    client.get(back)
    client.cookies.pop("session")
    response = client.get(back)
    assert response.status_code == 400
    assert exchanges(wecom) == 1
    assert "session" not in response.cookies


def test_a_state_of_another_browser_is_refused(linxm, wecom, client):
    back = choose(client, begin(client), "linxm")
    other = Client()
    begin(other)
    assert other.get(back).status_code == 400
    assert Client().get(back).status_code == 400
    assert exchanges(wecom) == 0


def test_a_state_dies_after_five_minutes(linxm, wecom, client):
    back = choose(client, begin(client), "linxm")
    with time_machine.travel(now() + timedelta(minutes=5, seconds=1)):
        assert client.get(back).status_code == 400
    assert exchanges(wecom) == 0


def test_a_replayed_code_is_refused_in_plain_words(linxm, client):
    used = choose(client, begin(client), "linxm")
    client.get(used)
    code = used.partition("code=")[2].partition("&")[0]
    response = Client().get(OAUTH, {"code": code})
    assert response.status_code == 400
    client.cookies.pop("session")
    response = client.get(OAUTH, {"code": code, "state": state_in(begin(client))})
    assert response.status_code == 400
    assert "没登录成" in response.text
    assert GuideSession.objects.count() == 1


def test_whoever_closes_the_qr_page_can_begin_again(linxm, wecom, client):
    back = client.get(begin(client)["Location"] + "&cancel=1")["Location"]
    response = client.get(back)
    assert response.status_code == 400
    assert "/wecom/login/?next=%2Fme%2F" in response.text
    assert exchanges(wecom) == 0


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "http://testserver/me/",
        "javascript:alert(1)",
        "me/",
        "/wecom/login/",
        "/" + "x" * 500,
    ],
)
def test_the_login_leads_to_paths_of_ours_only(linxm, client, address):
    assert log_in(client, "linxm", address)["Location"] == "/g/"


def test_inside_wecom_the_login_is_silent_and_on_a_desktop_a_qr_code(db, client):
    assert "wwlogin" in begin(client, "/hq/people/")["Location"]
    assert "wwlogin" in begin(client, "/m/")["Location"]
    assert "oauth2" in begin(client, "/s/")["Location"]
    assert "oauth2" in begin(client, "/g/")["Location"]
    inside = Client(headers=INSIDE_WECOM)
    assert "oauth2" in begin(inside, "/hq/people/")["Location"]
    assert "wwlogin" in begin(inside, "/hq/people/", by="qr")["Location"]


def test_a_qr_login_is_remembered_as_one(linxm, client):
    log_in(client, "linxm", "/g/")
    assert QR_AT not in client.session
    log_in(client, "linxm", "/me/")
    assert QR_AT in client.session


def test_somebody_unknown_reads_who_can_help_and_is_looked_up(wecom, client):
    make_guide(name="安总", roles=(Role.HQ_ADMIN,), store=None)
    response = log_in(client, "linxm")
    assert response.status_code == 403
    assert "你还没开通导购台" in response.text
    assert "安总" in response.text
    assert not GuideSession.objects.exists()
    assert AuditEntry.objects.get().reason == "not enabled"
    run_due()
    assert Guide.objects.get(userid="linxm").name == "林小满"


def test_a_guide_without_a_role_is_sent_to_the_stores_manager(wecom, client):
    store = make_store()
    make_guide(name="何见山", store=store, roles=(Role.STORE_MANAGER,))
    make_guide(userid="linxm", store=store, roles=())
    response = log_in(client, "linxm")
    assert response.status_code == 403
    assert "请店长何见山把你加进名单" in response.text


def test_a_disabled_guide_stays_out(wecom, client):
    make_guide(userid="linxm", status=Guide.Status.DISABLED)
    assert log_in(client, "linxm").status_code == 403


def test_a_leaver_with_the_same_userid_does_not_open_the_door(wecom, client):
    make_guide(userid="linxm", left_at=now(), status=Guide.Status.LEFT)
    assert log_in(client, "linxm").status_code == 403


def test_a_customer_sees_no_names(wecom, client):
    make_guide(name="安总", roles=(Role.HQ_ADMIN,), store=None)
    response = log_in(client, wecom.customer("zhou"), "/g/")
    assert response.status_code == 403
    assert "安总" not in response.text


def test_wecom_out_of_reach_is_said_in_plain_words(linxm, client, settings):
    back = choose(client, begin(client), "linxm")
    settings.WECOM_API_BASE_URL = "http://127.0.0.1:9"
    response = client.get(back)
    assert response.status_code == 503
    assert "企业微信暂时没有回应" in response.text
    assert not GuideSession.objects.exists()


def test_too_many_logins_of_one_address_wait(db, client, settings):
    settings.LOGIN_LIMIT_PER_MINUTE = 2
    begin(client)
    begin(client)
    response = begin(client)
    assert response.status_code == 429
    assert int(response["Retry-After"]) <= 60


def test_behind_our_proxy_the_limit_counts_the_callers_address(db, client, settings):
    settings.LOGIN_LIMIT_PER_MINUTE = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for address in ("192.0.2.1", "192.0.2.2"):
        answer = client.get(LOGIN, headers={"X-Forwarded-For": f"203.0.113.9, {address}"})
        assert answer.status_code == 302


def test_logging_out_ends_the_session_by_post_only(as_guide):
    assert as_guide.get(reverse("organisation:logout")).status_code == 405
    response = as_guide.post(reverse("organisation:logout"), follow=True)
    assert "已退出" in response.text
    assert not GuideSession.objects.exists()
    assert as_guide.get("/me/").status_code == 302
