"""Every room brings its own URLs; this file only gives each a place."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("", include("guideapp.core.urls")),
    path("", include("guideapp.wecom.urls")),
    path("", include("guideapp.organisation.urls")),
    path("", include("guideapp.materials.urls")),
    path("", include("guideapp.acquisition.urls")),
    path("", include("guideapp.workbench.urls")),
    path("", include("guideapp.integration.urls")),
    path("", include("guideapp.integration.urls_imports")),
]
if settings.WECOM_SANDBOX:
    urlpatterns += [path("sandbox/", include("guideapp.sandbox.urls"))]
if settings.DEMO:
    urlpatterns += [path("", include("guideapp.demo.urls"))]

handler400 = "guideapp.core.error_pages.bad_request"
handler403 = "guideapp.core.error_pages.forbidden"
handler404 = "guideapp.core.error_pages.not_found"
handler500 = "guideapp.core.error_pages.server_error"
