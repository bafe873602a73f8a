"""The OpenAPI document, for programs and for people."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from guideapp.core.access import public
from guideapp.integration.api.schema import document
from guideapp.integration.services import RESOURCES

_open = public("describes the interface and holds no data")


@require_GET
@_open
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as JSON."""
    return JsonResponse(document(get_language() or "zh-hans"))


@require_GET
@_open
def docs(request: HttpRequest) -> HttpResponse:
    """The same to read: each resource with its fields and addresses."""
    told = document(get_language() or "zh-hans")
    resources = [_resource(told, name) for name in RESOURCES]
    context = {"resources": resources, "per_minute": settings.API_CALLS_PER_MINUTE}
    return render(request, "integration/docs.html", context)


def _resource(told: dict[str, Any], name: str) -> dict[str, Any]:
    resource = RESOURCES[name]
    body = told["components"]["schemas"][_component(told, name)]
    required = set(body.get("required", ()))
    fields = [
        {"name": field, "required": field in required, "kind": _kind(shape)}
        | {"help": shape.get("description", "")}
        for field, shape in body["properties"].items()
    ]
    return {
        "name": name,
        "title": resource.title,
        "key": resource.key,
        "is_readable": "get" in told["paths"][f"/api/v1/{name}/"],
        "fields": fields,
    }


def _component(told: dict[str, Any], name: str) -> str:
    """The name of the record's schema."""
    body = told["paths"][f"/api/v1/{name}/"]["post"]["requestBody"]["content"]
    reference: str = body["application/json"]["schema"]["$ref"]
    return reference.rsplit("/", 1)[-1]


def _kind(shape: dict[str, Any]) -> str:
    """`string ≤ 40`, `integer ≥ 0`, `array`, …"""
    if "allOf" in shape or "$ref" in shape or "oneOf" in shape:
        return "enum"
    kind = shape.get("format") or shape.get("type", "")
    kinds = kind if isinstance(kind, str) else " / ".join(kind)
    limits = {"maxLength": "≤", "minimum": "≥"}
    told = [f"{sign} {shape[limit]}" for limit, sign in limits.items() if limit in shape]
    return " ".join([kinds, *told])
