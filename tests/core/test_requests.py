"""What every request gets: an id, rules for the browser, a language; and what machines ask."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django_htmx.middleware import HtmxDetails

from guideapp.core.access import public, requires, rule_of
from guideapp.core.audit import record_access, record_audit
from guideapp.core.clock import now
from guideapp.core.errors import BadInput, OverLimit
from guideapp.core.htmx import toast, wants_fragment
from guideapp.core.middleware import DomainErrorMiddleware
from guideapp.core.models import AccessLog, AuditEntry, WorkerHeartbeat

pytestmark = pytest.mark.django_db


def ask(**headers: str) -> HttpRequest:
    """A request with headers, as the middleware sees it."""
    request = RequestFactory().get("/", headers=headers)
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return request


def worded(error: Exception, **headers: str) -> HttpResponse | None:
    """What a refusal becomes."""
    middleware = DomainErrorMiddleware(lambda request: HttpResponse())
    return middleware.process_exception(ask(**headers), error)


def test_a_request_id_is_made_or_kept_from_a_proxy(client: Client) -> None:
    assert len(client.get("/healthz")["X-Request-Id"]) == 32
    given = {"X-Request-Id": "proxy-0123456789"}
    assert client.get("/healthz", headers=given)["X-Request-Id"] == "proxy-0123456789"


@pytest.mark.parametrize("bad", ["short", "x" * 40, "a b c d e f g h", "abc\r\ndef-12345"])
def test_a_request_id_that_is_none_is_replaced(client: Client, bad: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": bad})["X-Request-Id"] != bad


def test_the_browser_is_told_what_it_may_not_do(client: Client) -> None:
    response = client.get("/healthz")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "unsafe-inline" not in response["Content-Security-Policy"]


@pytest.mark.parametrize(("cookie", "language"), [("", "zh-hans"), ("en", "en"), ("xx", "zh-hans")])
def test_chinese_unless_the_person_chose_otherwise(
    client: Client, cookie: str, language: str
) -> None:
    client.cookies["language"] = cookie
    assert client.get("/healthz")["Content-Language"] == language


def test_a_refusal_is_json_for_a_script() -> None:
    response = worded(BadInput("太长了"), accept="application/json")
    assert response is not None
    assert response.status_code == 422
    assert response.content.decode().startswith('{"code": "bad_input"')


def test_a_refusal_is_a_toast_for_htmx_and_swaps_nothing() -> None:
    response = worded(OverLimit(retry_after=7), **{"HX-Request": "true"})
    assert response is not None
    assert (response.status_code, response["HX-Reswap"]) == (429, "none")
    assert response["Retry-After"] == "7"
    assert "toast" in response["HX-Trigger"]


def test_other_exceptions_are_left_alone() -> None:
    assert worded(ValueError()) is None


def test_a_toast_reaches_the_page_in_ascii() -> None:
    assert toast(HttpResponse(), "已发送")["HX-Trigger"].isascii()


def test_a_boosted_link_and_a_history_restore_get_the_page() -> None:
    yes = {"HX-Request": "true"}
    assert wants_fragment(ask(**yes)) is True
    assert wants_fragment(ask()) is False
    assert wants_fragment(ask(**yes, **{"HX-Boosted": "true"})) is False
    assert wants_fragment(ask(**yes, **{"HX-History-Restore-Request": "true"})) is False


def test_a_view_says_who_may_call_it() -> None:
    @public("nothing to protect")
    def door(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @requires("guide", "hq_admin")
    def room(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    opened, closed = rule_of(door), rule_of(room)
    assert opened is not None
    assert opened.public
    assert closed is not None
    assert closed.roles == {"guide", "hq_admin"}
    assert rule_of(print) is None


def test_the_process_says_that_it_is_alive_without_a_query(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok"


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_who_looks_after_a_process_may_ask_it_by_its_address(
    client: Client, address: str, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]  # the host of SITE_URL
    assert client.get(address, headers={"host": "172.18.0.5:8000"}).status_code != 400
    assert client.get("/", headers={"host": "172.18.0.5:8000"}).status_code == 400


def test_ready_names_the_part_that_is_missing(client: Client, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    beat = WorkerHeartbeat.objects.create(
        worker="w", lanes="normal", beat_at=now() - timedelta(minutes=2)
    )
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": True, "cache": True, "worker": False}
    beat.beat_at = now()
    beat.save()
    assert client.get("/readyz").status_code == 200


def test_not_ready_without_the_database(client: Client, settings: Any) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with connection.execute_wrapper(away):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": False, "cache": True, "worker": False}


def test_what_the_audit_holds_can_neither_be_changed_nor_deleted() -> None:
    entry = record_audit(actor="g1", action="role.grant", subject="guide:2", reason="x", role="hq")
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    with pytest.raises(TypeError):
        AuditEntry.objects.update(actor="g2")
    with pytest.raises(TypeError):
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.get().detail == {"role": "hq"}


def test_who_looked_at_whom_is_kept() -> None:
    record_access(actor_id=1, subject="contact:2", screen="card")
    row = AccessLog.objects.get()
    assert (row.actor_id, row.subject, row.screen) == (1, "contact:2", "card")
