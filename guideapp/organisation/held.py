"""A form that somebody sent before they scanned a QR code: it waits in their session."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from guideapp.core.clock import now
from guideapp.organisation import sessions

_KEPT_SECONDS = 15 * 60  # longer than a scan takes
_TEXT_MAX = 8_000  # characters of names and values; what is longer is not kept
_NOT_KEPT = frozenset({"csrfmiddlewaretoken"})


@dataclass(frozen=True)
class Held:
    """`fields` (name, value) that were sent to `path` from `page` (may be '')."""

    path: str
    fields: list[tuple[str, str]]
    page: str


def hold(request: HttpRequest, *, page: str) -> None:
    """Keep the POST `request`, in place of one that waited before; one too long is not kept."""
    request.session.pop(sessions.HELD, None)
    fields = list(_fields(request))
    if sum(len(name) + len(value) for name, value in fields) <= _TEXT_MAX:
        request.session[sessions.HELD] = {
            "path": request.path,
            "fields": fields,
            "page": page,
            "at": _seconds(),
        }


def held(request: HttpRequest) -> Held | None:
    """What waits in the session, or None (nothing, or too old)."""
    kept: dict[str, Any] | None = request.session.get(sessions.HELD)
    if kept is None or _seconds() - int(kept["at"]) > _KEPT_SECONDS:
        return None
    return Held(kept["path"], [(name, value) for name, value in kept["fields"]], kept["page"])


def kept_for(request: HttpRequest, guide_id: int) -> dict[str, Any] | None:
    """What a new session of `guide_id` takes over from this one: only their own."""
    if request.session.get(sessions.GUIDE) != guide_id:
        return None
    kept: dict[str, Any] | None = request.session.get(sessions.HELD)
    return kept


def forget(request: HttpRequest) -> None:
    """The form was sent again; nothing waits any more."""
    if sessions.HELD in request.session:
        del request.session[sessions.HELD]


def _fields(request: HttpRequest) -> Iterable[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name not in _NOT_KEPT:
            yield from ((name, str(value)) for value in values)


def _seconds() -> int:
    return int(now().timestamp())
