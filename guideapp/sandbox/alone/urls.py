"""Addresses of the played WeCom where it runs alone."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from guideapp.core.access import public


@public("says only that the process runs")
def alive(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="sandbox:window")),
    path("healthz", alive),
    path("sandbox/", include("guideapp.sandbox.urls")),
]

handler400 = "guideapp.core.error_pages.bad_request"
handler404 = "guideapp.core.error_pages.not_found"
handler500 = "guideapp.core.error_pages.server_error"
