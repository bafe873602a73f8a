"""A system that talks with /api/v1/."""

from typing import Any

from django.test import Client
from django.urls import reverse

from guideapp.integration.models import ApiClient
from guideapp.integration.services import RESOURCES, make_client
from guideapp.organisation.models import Brand

EVERYTHING = tuple(f"{name}:{act}" for name in RESOURCES for act in ("read", "write"))


class System:
    """An API client with its secret; `client` is its row."""

    def __init__(
        self,
        name: str = "CRM",
        scopes: tuple[str, ...] = EVERYTHING,
        brands: tuple[Brand, ...] = (),
    ) -> None:
        self.client, self.bearer = make_client(name=name, scopes=scopes, brands=brands, by="admin")
        self.http = Client()

    @property
    def row(self) -> ApiClient:
        """The client as it stands now."""
        return ApiClient.objects.get(pk=self.client.pk)

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.bearer}"} | more

    def post(self, name: str, record: Any, **headers: str) -> Any:
        return self._post(reverse(f"integration:api_{name}"), record, headers)

    def bulk(self, name: str, records: list[Any], **headers: str) -> Any:
        address = reverse(f"integration:api_{name}_bulk")
        return self._post(address, {"items": records}, headers)

    def get(self, name: str, **query: Any) -> Any:
        address = reverse(f"integration:api_{name}")
        return self.http.get(address, query, headers=self.headers())

    def _post(self, address: str, body: Any, headers: dict[str, str]) -> Any:
        return self.http.post(
            address, body, content_type="application/json", headers=self.headers(**headers)
        )
