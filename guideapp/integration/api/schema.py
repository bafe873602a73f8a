"""The OpenAPI document of /api/v1/, made from the resources themselves."""

from functools import cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from guideapp.core.results import Status
from guideapp.integration.api.lists import LISTINGS, LONGEST_PAGE, PAGE

_LAG = _("刚改过的记录过一两分钟才列出，免得漏掉还在写入的；下次接着用最后一条的 updated_at")
_STATUSES = [(status.value, status.value) for status in Status]


class Ended(serializers.Serializer[Any]):
    """How one record ended."""

    status = serializers.ChoiceField(_STATUSES)
    code = serializers.CharField(required=False)
    message = serializers.CharField(required=False)
    field = serializers.CharField(required=False)


class EndedInBulk(Ended):
    """How a record of many ended; `index` counts from 0."""

    index = serializers.IntegerField()


class BulkAnswer(serializers.Serializer[Any]):
    """How many records ended how."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = EndedInBulk(many=True)


class Refusal(serializers.Serializer[Any]):
    """Why a call was refused."""

    code = serializers.CharField()
    message = serializers.CharField()


class ResourceSchema(AutoSchema):
    """Bodies, answers and parameters of an address, from its resource."""

    view: Any

    @property
    def _is_bulk(self) -> bool:
        return self.path.endswith("/bulk/")

    def get_operation_id(self) -> str:
        """`members_list`, `members_save`, `members_save_many`."""
        act = "list" if self.method == "GET" else "save_many" if self._is_bulk else "save"
        return f"{self.view.resource.name}_{act}"

    def get_tags(self) -> list[str]:
        """The resource's name."""
        return [self.view.resource.name]

    def get_summary(self) -> str:
        """The resource's title."""
        return str(self.view.resource.title)

    def get_description(self) -> str:  # type: ignore[override]  # as the super class has it
        """What its record is known by."""
        return (self.view.resource.serializer.__doc__ or "").strip()

    def get_auth(self) -> list[dict[str, list[str]]]:
        """A bearer secret."""
        return [{"bearer": []}]

    def get_request_serializer(self) -> Any:
        """One record, or many."""
        serializer = self.view.resource.serializer
        if not self._is_bulk or self.method == "GET":
            return serializer if self.method == "POST" else None
        items = serializer(many=True, min_length=1, max_length=1000)
        return inline_serializer(f"Many{serializer.__name__}", {"items": items})

    def get_response_serializers(self) -> Any:
        """By status."""
        refusals = {
            status: OpenApiResponse(Refusal)
            for status in ("400", "401", "403", "404", "405", "406", "409", "413", "415", "429")
        }
        if self.method == "GET":
            out = LISTINGS[self.view.resource.name].serializer
            page = inline_serializer(
                f"PageOf{out.__name__}",
                {"items": out(many=True), "next": serializers.CharField(allow_null=True)},
            )
            return refusals | {"200": OpenApiResponse(page), "422": OpenApiResponse(Refusal)}
        if self._is_bulk:
            return refusals | {"200": OpenApiResponse(BulkAnswer), "422": OpenApiResponse(Refusal)}
        return refusals | {status: OpenApiResponse(Ended) for status in ("200", "201", "422")}

    def get_override_parameters(self) -> list[Any]:
        """The page that is asked for, or the key of a repeated call."""
        if self.method == "POST":
            return [
                OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
            ]
        limit = {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE}
        found: list[Any] = [OpenApiParameter("cursor", str), OpenApiParameter("limit", limit)]
        if LISTINGS[self.view.resource.name].clock:
            kind = {"type": "string", "format": "date-time"}
            found.append(OpenApiParameter("updated_since", kind, description=str(_LAG)))
        return found

    def get_filter_backends(self) -> list[Any]:
        """None: the parameters are named above."""
        return []


@cache
def document(language: str) -> dict[str, Any]:
    """The OpenAPI document, its words in `language`."""
    with translation.override(language):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made
