"""What every page knows: its name, its look, and who is looking."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

LOOKS = ("system", "light", "dark")
LOOK_COOKIE = "look"


def look_of(request: HttpRequest) -> str:
    """The look the person chose (外观): system, light or dark."""
    look = request.COOKIES.get(LOOK_COOKIE, "system")
    return look if look in LOOKS else "system"


def page(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: site_name, look, actor (None before login), is_demo."""
    return {
        "site_name": settings.SITE_NAME,
        "look": look_of(request),
        "actor": getattr(request, "actor", None),
        "is_demo": settings.DEMO,
    }
