"""What a session is good for, and when it ends."""

from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.urls import reverse

from guideapp.core.clock import now, today
from guideapp.core.models import AuditEntry
from guideapp.organisation.models import Guide, GuideSession, LoginDay, Role
from guideapp.organisation.services import end_sessions
from guideapp.organisation.sessions import LOGIN_DAY
from tests.factories import make_guide

ME = reverse("organisation:me")
PEOPLE = reverse("organisation:people")


def later(**span: float) -> time_machine.travel:
    """The same test, that much later."""
    return time_machine.travel(now() + timedelta(**span), tick=False)


def test_a_page_costs_one_query_for_the_session_and_one_for_the_guide(
    as_guide, django_assert_num_queries
):
    with django_assert_num_queries(2):
        as_guide.get(ME)


def test_without_a_session_a_page_leads_to_the_login_and_back(db, client):
    response = client.get(f"{ME}?a=1")
    assert response["Location"] == f"/wecom/login/?next={quote('/me/?a=1', safe='')}"


def test_without_a_session_a_fragment_is_told_to_take_its_page_to_the_login(db, client):
    page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/g/customers/"}
    response = client.get(ME, headers=page)
    assert response.status_code == 401
    assert response["HX-Redirect"] == "/wecom/login/?next=%2Fg%2Fcustomers%2F"


def test_without_a_session_a_script_gets_json(db, client):
    response = client.get(ME, headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json()["code"] == "login_expired"


def test_a_foreign_page_is_never_what_the_login_leads_back_to(db, client):
    page = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/g/"}
    assert client.get(ME, headers=page)["HX-Redirect"] == "/wecom/login/"


def test_logged_in_pages_are_never_stored(as_guide):
    assert as_guide.get(ME)["Cache-Control"] == "no-store"


def test_a_disabled_guide_is_out_with_the_next_request(as_guide):
    Guide.objects.filter(pk=as_guide.guide.pk).update(status=Guide.Status.DISABLED)
    assert as_guide.get(ME).status_code == 302


def test_a_guide_whose_roles_are_gone_is_out_with_the_next_request(as_guide):
    as_guide.guide.grants.update(revoked_at=now())
    assert as_guide.get(ME).status_code == 302


def test_ended_sessions_are_over_on_every_device(client_for):
    guide = make_guide()
    phone, desktop = client_for(guide), client_for(guide)
    assert end_sessions(guide) == 2
    assert phone.get(ME).status_code == desktop.get(ME).status_code == 302


def test_other_peoples_sessions_go_on(as_guide, as_manager):
    end_sessions(as_guide.guide)
    assert as_manager.get(ME).status_code == 200


def test_a_guide_is_out_after_eight_idle_hours(as_guide):
    with later(hours=8):
        assert as_guide.get(ME).status_code == 302


def test_use_keeps_a_session_alive_but_not_beyond_a_day(as_guide):
    for hours in (7, 14, 21):
        with later(hours=hours):
            assert as_guide.get(ME).status_code == 200
    with later(hours=24, seconds=1):
        assert as_guide.get(ME).status_code == 302


def test_headquarters_pages_close_after_half_an_hour_idle(as_admin):
    with later(minutes=31):
        assert as_admin.get(PEOPLE).status_code == 302
        assert as_admin.get(ME).status_code == 200
        assert as_admin.get(PEOPLE).status_code == 302, "using another page must not reopen it"


def test_headquarters_pages_close_after_eight_hours_of_use(as_admin):
    start = now()
    for minutes in range(25, 8 * 60, 25):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert as_admin.get(PEOPLE).status_code == 200
    with time_machine.travel(start + timedelta(hours=8, seconds=1), tick=False):
        assert as_admin.get(PEOPLE).status_code == 302


def test_a_session_is_written_at_most_every_ten_minutes(as_guide, django_assert_num_queries):
    with later(minutes=9), django_assert_num_queries(2):
        as_guide.get(ME)
    with later(minutes=11):
        as_guide.get(ME)
        with django_assert_num_queries(2):
            as_guide.get(ME)


def test_the_first_page_of_a_shanghai_day_is_a_login_day(as_guide):
    session = as_guide.session
    del session[LOGIN_DAY]
    session.save()
    as_guide.get(ME)
    as_guide.get(ME)
    entry = LoginDay.objects.get()
    assert (entry.guide, entry.store, entry.day) == (as_guide.guide, as_guide.guide.store, today())


def test_a_fragment_is_no_login_day(as_guide):
    session = as_guide.session
    del session[LOGIN_DAY]
    session.save()
    as_guide.get(ME, headers={"HX-Request": "true"})
    assert not LoginDay.objects.exists()


def test_a_missing_role_is_a_403_and_leaves_an_audit_row(as_guide):
    assert as_guide.get(PEOPLE).status_code == 403
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == (as_guide.guide.userid, "refused")


def test_a_missing_role_tells_a_script_in_its_own_manner(as_guide):
    response = as_guide.get(PEOPLE, headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    response = as_guide.get(PEOPLE, headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert "HX-Trigger" in response


@pytest.mark.parametrize("role", [Role.STORE_MANAGER, Role.REGIONAL_MANAGER, Role.HQ_CONTENT])
def test_only_admins_see_people(client_for, role):
    assert client_for(make_guide(roles=(role,))).get(PEOPLE).status_code == 403


def test_a_session_row_knows_its_guide(as_guide):
    assert GuideSession.objects.get().guide == as_guide.guide
