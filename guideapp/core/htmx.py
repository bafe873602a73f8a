"""Answer htmx with a fragment and everybody else with the page."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wants_fragment(request: HttpRequest) -> bool:
    """True for a swap that htmx asked for; a boosted link or a history restore wants the page."""
    htmx = getattr(request, "htmx", None)
    if not htmx:  # falsy, though not None, for a request that htmx did not send
        return False
    return not (htmx.boosted or htmx.history_restore_request)


def render_fragment(
    request: HttpRequest, template: str, fragment: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """Render the partialdef `fragment` of `template` for htmx, the whole template otherwise."""
    name = f"{template}#{fragment}" if wants_fragment(request) else template
    response = render(request, name, context)
    patch_vary_headers(response, ("HX-Request",))
    return response


def toast(response: HttpResponse, text: str, *, kind: str = "ok") -> HttpResponse:
    """Have the page show `text` for 1.5 s after the swap (static/js/toast.js listens)."""
    message = {"toast": {"text": str(text), "kind": kind}}
    response["HX-Trigger"] = json.dumps(message)  # ASCII: a header carries nothing else
    return response
