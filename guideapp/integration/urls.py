"""Addresses of the room."""

from collections.abc import Iterator

from django.urls import URLPattern, path

from guideapp.core.access import public
from guideapp.integration import views
from guideapp.integration.api.docs import docs, schema
from guideapp.integration.api.lists import LISTINGS
from guideapp.integration.api.views import BulkView, OneView, WriteOnlyView
from guideapp.integration.services import RESOURCES

app_name = "integration"
_bearer = public("the bearer secret of an API client, with a scope for the resource")


def _api() -> Iterator[URLPattern]:
    for name, resource in RESOURCES.items():
        one = OneView if name in LISTINGS else WriteOnlyView
        address = f"api/v1/{name}/"
        yield path(address, _bearer(one.as_view(resource=resource)), name=f"api_{name}")
        many = _bearer(BulkView.as_view(resource=resource))
        yield path(f"{address}bulk/", many, name=f"api_{name}_bulk")


urlpatterns = [
    *_api(),
    path("api/schema/", schema, name="api_schema"),
    path("api/docs/", docs, name="api_docs"),
    path("hq/api/", views.clients, name="clients"),
    path("hq/api/new/", views.new, name="client_new"),
    path("hq/api/make/", views.make, name="client_make"),
    path("hq/api/<int:client_id>/revoke/", views.revoke, name="client_revoke"),
]
