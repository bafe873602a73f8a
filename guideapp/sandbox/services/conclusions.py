"""The parting words of a temporary chat (结束语): a text and at most one thing with it."""

from typing import Any

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Media

_TEXT_MAX_BYTES = 4000
# In WeCom's order: of several the first wins. Field → most bytes.
_KINDS: dict[str, dict[str, int]] = {
    "image": {"media_id": 1024},
    "link": {"title": 128, "picurl": 2048, "desc": 512, "url": 2048},
    "miniprogram": {"title": 64, "pic_media_id": 1024, "appid": 128, "page": 1024},
}
_NEEDED = {
    "image": ("media_id",),
    "link": ("title", "url"),
    "miniprogram": ("title", "pic_media_id", "appid", "page"),
}


def checked(given: dict[str, Any]) -> dict[str, Any]:
    """What is kept of `conclusions`, as it is read back. Raises Refused."""
    kept: dict[str, Any] = {}
    content = (given.get("text") or {}).get("content", "")
    if len(content.encode()) > _TEXT_MAX_BYTES:
        raise Refused(40058, "text.content exceed max length 4000")
    if content:
        kept["text"] = {"content": content}
    kind = next((name for name in _KINDS if isinstance(given.get(name), dict)), "")
    if kind:
        kept[kind] = _part(kind, given[kind])
    if not kept:
        raise Refused(40058, "conclusions are empty")
    return kept


def bubbles(conclusions: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(msgtype, payload) as the chat shows them, text first."""
    return [(name, conclusions[name]) for name in ("text", *_KINDS) if name in conclusions]


def _part(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    fields = {name: str(given.get(name, "")) for name in _KINDS[kind]}
    if not all(fields[name] for name in _NEEDED[kind]):
        raise Refused(40058, f"{kind}: a required field is missing")
    for name, room in _KINDS[kind].items():
        if len(fields[name].encode()) > room:
            raise Refused(40058, f"{kind}.{name} exceed max length {room}")
    media_id = fields.get("media_id") or fields.get("pic_media_id")
    living = Media.objects.filter(media_id=media_id, kind="image", expires_at__gt=now())
    if media_id and not living.exists():
        raise Refused(40007)
    if kind == "image":  # written with media_id, read back with an address
        return {"pic_url": f"https://p.qpic.cn/wwhead/{media_id}/0"}
    return {name: value for name, value in fields.items() if value}
