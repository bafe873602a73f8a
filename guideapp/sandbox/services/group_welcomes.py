"""Group welcome templates (入群欢迎语素材): the console's library. Nothing binds one to a group."""

from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App
from guideapp.sandbox.models.library import GroupWelcome
from guideapp.sandbox.services import attachments, ids

TEMPLATES_MAX = 100
TEXT_MAX_BYTES = 3000
_KINDS = ("image", "link", "miniprogram", "file", "video")  # the first one given wins


@transaction.atomic
def add(given: dict[str, Any], app: App) -> GroupWelcome:
    """Keep a template. Raises Refused, 41055 above a hundred."""
    content = _content(given)
    if GroupWelcome.objects.count() >= TEMPLATES_MAX:
        raise Refused(41055)
    return GroupWelcome.objects.create(
        template_id=f"msg{ids.random_text(29)}",
        slug=app.slug,
        content=content,
        notify=_notify(given),
        created_at=now(),
    )


def edit(given: dict[str, Any], app: App) -> None:
    """Replace one of the app's own templates."""
    row = _own(given, app)
    row.content, row.notify = _content(given), _notify(given)
    row.save()


def delete(given: dict[str, Any], app: App) -> None:
    """Remove one of the app's own templates."""
    _own(given, app).delete()


def named(given: dict[str, Any]) -> GroupWelcome:
    """The template. Raises Refused 40058."""
    row = GroupWelcome.objects.filter(template_id=str(given.get("template_id") or "")).first()
    if row is None:
        raise Refused(40058, "invalid template_id")
    return row


def _own(given: dict[str, Any], app: App) -> GroupWelcome:
    row = named(given)
    if row.slug != app.slug:
        raise Refused(41058)
    return row


def _content(given: dict[str, Any]) -> dict[str, Any]:
    text = given.get("text")
    words = text.get("content", "") if isinstance(text, dict) else ""
    if not isinstance(words, str) or len(words.encode()) > TEXT_MAX_BYTES:
        raise Refused(40058, f"text.content exceed max length {TEXT_MAX_BYTES}")
    content: dict[str, Any] = {"text": {"content": words}} if words else {}
    kind = next((kind for kind in _KINDS if isinstance(given.get(kind), dict)), "")
    if kind:
        checked = attachments.checked(kind, given[kind])
        content[kind] = {k: v for k, v in checked.items() if k != "filename" and v}
    if not content:
        raise Refused(40058, "text and attachments are both empty")
    return content


def _notify(given: dict[str, Any]) -> int:
    return 0 if given.get("notify") == 0 else 1
