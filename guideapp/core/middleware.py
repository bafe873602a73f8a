"""What every request gets: an id, a language, browser rules, and worded refusals."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation

from guideapp.core.errors import GuideAppError, NoRoom, OverLimit
from guideapp.core.htmx import toast
from guideapp.core.kept_files import lost_a_file
from guideapp.core.logs import set_request_id
from guideapp.core.rotation import rotation

type GetResponse = Callable[[HttpRequest], HttpResponse]

_PROBED = frozenset(("/healthz", "/readyz", "/metrics"))
_REQUEST_ID = re.compile(r"[0-9a-zA-Z-]{8,36}")


class RequestIdMiddleware:
    """Give each request an id that its log lines and rows carry; a proxy's id is kept."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the id, serve, send it back; new secrets count from here on."""
        rotation.look()
        given = request.headers.get("X-Request-Id", "")
        value = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        set_request_id(value)
        try:
            response = self.get_response(request)
        finally:
            set_request_id("")
        response["X-Request-Id"] = value
        return response


class ProbeMiddleware:
    """Load balancers and Prometheus ask each process by its address, which is nobody's host name.

    What they ask for depends on no host, so any is as good as ours.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve these pages as if our own host had been asked."""
        if request.path_info in _PROBED:
            request.META["HTTP_HOST"] = urlsplit(settings.SITE_URL).netloc
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """Headers that Django does not set by itself; logged-in pages are never stored."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve and add the headers."""
        response = self.get_response(request)
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"
        )
        if getattr(request, "actor", None) is not None:
            response.setdefault("Cache-Control", "no-store")
        return response


class LanguageMiddleware:
    """Simplified Chinese unless the person chose otherwise in 我的 (a cookie)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.known = {code for code, _name in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve in the chosen language."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in self.known else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.setdefault("Content-Language", language)
        return response


class DomainErrorMiddleware:
    """Turn a GuideAppError into a toast (htmx), JSON (a script) or a page (everybody else)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve; refusals arrive in process_exception."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Say it here when a file found no room while the form was read for its token."""
        return self._worded(request, NoRoom()) if lost_a_file(request) else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Word a refusal; leave every other exception alone."""
        if not isinstance(error, GuideAppError):
            return None
        response = self._worded(request, error)
        if isinstance(error, OverLimit):
            response["Retry-After"] = str(error.retry_after)
        return response

    def _worded(self, request: HttpRequest, error: GuideAppError) -> HttpResponse:
        if "application/json" in request.headers.get("Accept", ""):
            body = {"code": error.code, "message": str(error.message)}
            return JsonResponse(body, status=error.status)
        if getattr(request, "htmx", None):
            response = HttpResponse(status=error.status)
            response["HX-Reswap"] = "none"
            return toast(response, str(error.message), kind="bad")
        return render(request, "errors/refusal.html", {"error": error}, status=error.status)
