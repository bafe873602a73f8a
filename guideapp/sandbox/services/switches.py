"""What an admin sets in the console and no other act covers: rights of apps, the company's ways."""

import re
from typing import Any

from django.db import transaction

from guideapp.sandbox import config
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import App, Corp

_SLUG = re.compile(r"[a-z0-9_-]{1,16}")
# Switch → its JSON type.
_OF_APPS = {"callable": bool, "enabled": bool, "trusted_ips": list, "departments": list}
_OF_COMPANY = {
    "privacy": bool,
    "unionid_bound": bool,
    "tells_api_changes": bool,
    "contact_way_quota": int,
    "member_fields": list,
    "short_names": list,
    "channels": list,
}


@transaction.atomic
def set_app(*, slug: str, **changes: Any) -> dict[str, Any]:
    """Change the rights of an app; its agentid and secret. A new slug makes a self-built app."""
    _check(changes, _OF_APPS)
    if not _SLUG.fullmatch(slug):
        raise UnknownEvent(f"bad slug: {slug}")
    fresh = {"kind": App.Kind.APP, "name": slug[:32], "callable": False}
    app, made = App.objects.get_or_create(slug=slug, defaults=fresh)
    if made:
        app.agent_id = config.keys().second_agent_id + app.pk
    for name, value in changes.items():
        setattr(app, name, value)
    app.save()
    agent_id = config.agent_id_of(app)
    return {"slug": slug, "agentid": agent_id, "secret": config.secret_of(slug)}


def set_company(**changes: Any) -> dict[str, Any]:
    """Change the company's ways."""
    _check(changes, _OF_COMPANY)
    Corp.objects.update(**changes)
    return changes


def _check(changes: dict[str, Any], known: dict[str, type]) -> None:
    wrong = [name for name, value in changes.items() if type(value) is not known.get(name)]
    if wrong:
        raise UnknownEvent(f"unknown or badly typed: {', '.join(sorted(wrong))}")
