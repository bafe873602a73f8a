"""Kinds of events that other systems may tell: two that we know, and those of the retailer."""

import re

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SCAN_BUY, FITTING_ROOM = "scan_buy", "fitting_room"
KNOWN = (SCAN_BUY, FITTING_ROOM)  # each has a template of its own
_NAME = re.compile(r"[a-z][a-z0-9_]{1,31}")


def titles() -> dict[str, str]:
    """The retailer's own kinds (API_EVENT_KINDS), each with the words that guides read."""
    pairs = (part.partition("=") for part in settings.API_EVENT_KINDS)
    return {name.strip(): title.strip() for name, _sign, title in pairs}


def kinds() -> list[str]:
    """Every kind that may be told."""
    return [*KNOWN, *titles()]


def check_titles(taken: set[str]) -> None:
    """Raise ImproperlyConfigured for a kind without words, or with a name that is not its own."""
    for name, title in titles().items():
        if not _NAME.fullmatch(name) or not 1 <= len(title) <= 40 or name in taken:
            raise ImproperlyConfigured(
                f"API_EVENT_KINDS: {name!r} must be a name of its own (a-z, 0-9, _) with its"
                " words, as in lookbook=翻看了画册."
            )
