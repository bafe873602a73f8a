"""Sensitive acts need a QR login of the last minutes; what was typed waits for the scan."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from guideapp.core.clock import now
from guideapp.organisation.auth import fresh_act_of
from guideapp.organisation.models import Guide, Role
from guideapp.organisation.sessions import HELD
from tests.factories import make_guide
from tests.organisation.steps import begin, choose, log_in
from tests.wecom_support import PlayedWeCom

AGAIN = "/hq/again/"
SENSITIVE = {
    "organisation:grant",
    "organisation:revoke",
    "organisation:hr_apply",
    "organisation:make_region",
    "organisation:make_store",
    "organisation:unlink",
    "imports:confirm",
    "integration:client_make",
    "integration:client_revoke",
    "workbench:identity_merge",
    "workbench:identity_apart",
    "workbench:identity_undo",
    "workbench:privacy_export",
    "workbench:privacy_erase",
    "workbench:privacy_withdraw",
    "workbench:wecom_replay",
    "workbench:wecom_replay_dead",
    "workbench:wecom_send_again",
    "workbench:wecom_drop",
    "workbench:wecom_run_again",
    "workbench:wecom_repeat",
}


@pytest.fixture
def later() -> Iterator[None]:
    """Six minutes after everybody's login."""
    with time_machine.travel(now() + timedelta(minutes=6)):
        yield


def grant_url(guide: Guide) -> str:
    return reverse("organisation:grant", args=[guide.pk])


def sent_hidden(page: str) -> dict[str, str]:
    """Name and value of the hidden fields of the page's form, without the form's own token."""
    fields = [part.split('"') for part in page.split('<input type="hidden" ')[1:]]
    return {part[1]: part[3] for part in fields if part[1] != "csrfmiddlewaretoken"}


def _urls(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern.callback
        else:
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _urls(pattern, inner)


def test_the_sensitive_acts_are_these():
    assert {name for name, view in _urls(get_resolver()) if fresh_act_of(view)} == SENSITIVE


def test_a_browser_is_led_to_the_scan_and_nothing_is_done(as_admin, later):
    guide = make_guide(roles=())
    response = as_admin.post(grant_url(guide), {"role": "hq_content"}, follow=True)
    assert response.redirect_chain == [(AGAIN, 302)]
    assert "先扫一次码" in response.text
    assert "给角色" in response.text
    assert "/wecom/login/?next=%2Fhq%2Fagain%2F&amp;by=qr" in response.text
    assert not guide.grants.exists()


def test_htmx_and_scripts_are_told_to_take_their_page_there(as_admin, later):
    for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}):
        response = as_admin.post(
            grant_url(make_guide(roles=())), {"role": "hq_content"}, headers=headers
        )
        assert (response.status_code, response["HX-Redirect"]) == (401, AGAIN)
        assert json.loads(response.content)["code"] == "scan_first"


def test_after_the_scan_one_tap_does_what_was_typed(as_admin, later, client_for):
    guide = make_guide(roles=())
    as_admin.post(grant_url(guide), {"role": "hq_content", "store": ""})
    held = as_admin.session[HELD]
    fresh = client_for(as_admin.guide)
    session = fresh.session
    session[HELD] = held
    session.save()
    page = fresh.get(AGAIN).text
    assert "继续“给角色”" in page
    fresh.post(grant_url(guide), sent_hidden(page))
    assert guide.grants.get().role == Role.HQ_CONTENT
    assert HELD not in fresh.session
    assert "没有等着的操作" in fresh.get(AGAIN).text


def test_the_real_scan_keeps_it_for_the_same_person_only(wecom: PlayedWeCom, client: Client):
    for userid in ("wangsi", "hejs"):
        make_guide(userid=userid, roles=(Role.HQ_ADMIN,), store=None)
    log_in(client, "wangsi", "/hq/people/")
    guide = make_guide(roles=())
    with time_machine.travel(now() + timedelta(minutes=6), tick=True):
        client.post(grant_url(guide), {"role": "hq_content"})
        assert log_in(client, "wangsi", AGAIN)["Location"] == AGAIN
        assert "继续“给角色”" in client.get(AGAIN).text
        client.get(choose(client, begin(client, AGAIN), "hejs"))
        assert "没有等着的操作" in client.get(AGAIN).text


def test_it_waits_also_when_the_whole_login_has_expired(as_admin):
    guide = make_guide(roles=())
    with time_machine.travel(now() + timedelta(minutes=31)):
        assert as_admin.post(grant_url(guide), {"role": "hq_content"})["Location"] == AGAIN
        assert as_admin.get(AGAIN)["Location"].startswith("/wecom/login/?next=%2Fhq%2Fagain%2F")
        assert as_admin.session[HELD]["path"] == grant_url(guide)


def test_it_does_not_wait_for_ever(as_admin, later):
    as_admin.post(grant_url(make_guide(roles=())), {"role": "hq_content"})
    with time_machine.travel(now() + timedelta(minutes=16)):
        assert "给角色" not in as_admin.get(AGAIN).text


def test_a_form_too_long_is_not_kept(as_admin, later):
    as_admin.post(grant_url(make_guide(roles=())), {"role": "x" * 9000})
    assert HELD not in as_admin.session


def test_the_way_back_leads_to_the_page_one_came_from(as_admin, later):
    guide = make_guide(roles=())
    page = reverse("organisation:person", args=[guide.pk])
    headers = {"Referer": f"http://testserver{page}"}
    as_admin.post(grant_url(guide), {"role": "hq_content"}, headers=headers)
    assert f'href="{page}"' in as_admin.get(AGAIN).text


def test_the_minutes_are_a_setting(as_admin, later, settings):
    settings.FRESH_LOGIN_MINUTES = 10
    guide = make_guide(roles=())
    as_admin.post(grant_url(guide), {"role": "hq_content"})
    assert guide.grants.exists()


def test_a_page_that_only_shows_needs_no_scan(as_admin, later):
    assert as_admin.get(reverse("workbench:wecom_inbox")).status_code == 200


def test_a_foreign_form_is_refused_before_anything_is_kept(as_admin, later):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = as_admin.cookies
    strict.post(grant_url(make_guide(roles=())), {"role": "hq_content"})
    assert HELD not in as_admin.session
