"""What the middleware does with a view's rule, shown on views of this module's own."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from guideapp.core.access import public
from guideapp.core.models import AuditEntry
from guideapp.organisation.auth import GuideRequest, actor_of, guide_required, refuse_foreign

pytestmark = pytest.mark.urls(__name__)


def without_a_rule(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


@public("a test")
def open_to_all(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    return HttpResponse(actor.guide.name if actor else "nobody")


@public("a test")
def not_asking(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


@guide_required
def foreign(request: GuideRequest) -> HttpResponse:
    refuse_foreign(request, "contact:wmForeign")


urlpatterns = [
    path("without/", without_a_rule),
    path("open/", open_to_all),
    path("plain/", not_asking),
    path("foreign/", foreign),
]


def test_a_view_without_a_rule_is_closed_even_to_admins_and_is_logged(as_admin, caplog):
    response = as_admin.get("/without/")
    assert response.status_code == 403
    assert "secret" not in response.text
    assert "without an access rule" in caplog.text


def test_a_public_page_costs_nothing(as_guide, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert as_guide.get("/plain/").text == "hello"


def test_a_public_page_may_ask_who_is_there(as_guide, client):
    assert as_guide.get("/open/").text == as_guide.guide.name
    assert client.get("/open/").text == "nobody"


def test_something_foreign_is_unknown_and_the_attempt_is_kept(as_guide):
    assert as_guide.get("/foreign/").status_code == 404
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.subject) == (as_guide.guide.userid, "contact:wmForeign")
    assert entry.reason == "out of scope"


def test_something_foreign_looks_like_something_that_is_not_there(as_guide):
    assert as_guide.get("/foreign/").content == as_guide.get("/nowhere/").content
