"""The part of a page that WeCom's client needs."""

import logging
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static

from guideapp.wecom.errors import UntrustedPage, WeComError
from guideapp.wecom.jssdk import SDK_INTEGRITY, page_signatures

logger = logging.getLogger(__name__)
register = template.Library()

_SDK_STATIC = "vendor/wecom-jssdk.js"


@register.inclusion_tag("wecom/wecom_page.html", takes_context=True)
def wecom_page(context: dict[str, Any]) -> dict[str, Any]:
    """Signatures for this page's address, the bridge (if any), the official SDK; once, in <head>.

    A page that cannot be signed still opens: the data then names a `problem`, and `ready()` of
    wecom-bridge.js is refused with it.
    """
    request: HttpRequest = context["request"]
    return {
        "page": _page_data(page_address(request)),
        "bridge": _bridge(),
        "sdk": settings.WECOM_SDK_URL or _own_sdk(),
        "integrity": SDK_INTEGRITY if settings.WECOM_SDK_URL else "",
        "csp_nonce": context.get("csp_nonce"),
    }


def page_address(request: HttpRequest) -> str:
    """The address as the browser shows it: its query is not encoded a second time."""
    query = request.META.get("QUERY_STRING", "")
    return request.build_absolute_uri(request.path) + (f"?{query}" if query else "")


def _page_data(url: str) -> dict[str, Any]:
    try:
        return {**page_signatures(url), "problem": ""}
    except UntrustedPage:
        return {"problem": "bad_domain"}
    except WeComError as error:
        logger.warning("a page without signatures", extra={"errcode": error.errcode})
        return {"problem": "timeout"}


def _bridge() -> str:
    """The address of the script before the SDK: of our own file, or of a sandbox elsewhere."""
    script = settings.WECOM_BRIDGE_SCRIPT
    return static(script) if script and "://" not in script else script


def _own_sdk() -> str:
    """The address of our copy; '' when it was never fetched and hashed names are in use."""
    try:
        return static(_SDK_STATIC)
    except ValueError:
        logger.error("the WeCom JS-SDK is missing: run manage.py fetch_sdk and collectstatic")
        return ""
