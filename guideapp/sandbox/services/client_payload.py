"""What the client accepts as a sendChatMessage payload (reference/wecom-jssdk.md §7.2)."""

from collections.abc import Callable
from typing import Any

from guideapp.sandbox.clock import now
from guideapp.sandbox.models import Media


class BadPayload(Exception):
    """The client refuses; the text is what follows `sendChatMessage:`."""


_INVALID = "fail, invalid param"


def checked_payload(
    params: dict[str, Any], *, platform: str, entry: str
) -> tuple[str, dict[str, Any]]:
    """The msgtype and its payload, reduced to the fields the client knows. Raises BadPayload."""
    msgtype = params.get("msgtype")
    known: dict[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
        "text": _text,
        "image": _media("image"),
        "video": _media("video"),
        "file": _media("file"),
        "news": _news,
        "miniprogram": _miniprogram,
    }
    if not isinstance(msgtype, str) or msgtype not in known:
        raise BadPayload("fail unsupported msgtype")
    given = params.get(msgtype)
    if not isinstance(given, dict):
        raise BadPayload(_INVALID)
    return msgtype, known[msgtype](given, platform)


def _text(given: dict[str, Any], platform: str) -> dict[str, Any]:
    return {"content": _required(given, "content")}


def _news(given: dict[str, Any], platform: str) -> dict[str, Any]:
    """Only the link is required by every client; Windows also refuses an empty cover."""
    link = _required(given, "link")
    if not link.startswith(("http://", "https://")):
        raise BadPayload(_INVALID)
    cover = _optional(given, "imgUrl")
    if platform == "windows" and not cover:
        raise BadPayload(_INVALID)
    if cover:
        _require_http(cover)
    words = {name: _optional(given, name) for name in ("title", "desc")}
    return {"link": link, **words, "imgUrl": cover}


def _miniprogram(given: dict[str, Any], platform: str) -> dict[str, Any]:
    fields = {name: _required(given, name) for name in ("appid", "title", "imgUrl", "page")}
    _require_http(fields["imgUrl"])
    path = fields["page"].partition("?")[0]
    if not path.endswith(".html"):
        raise BadPayload(_INVALID)
    return fields


def _media(kind: str) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    def check(given: dict[str, Any], platform: str) -> dict[str, Any]:
        """A living upload of this very kind."""
        media_id = _required(given, "mediaid")
        living = Media.objects.filter(media_id=media_id, kind=kind, pool="", expires_at__gt=now())
        name = living.values_list("filename", flat=True).first()
        if name is None:
            raise BadPayload("fail invalid mediaid")
        return {"mediaid": media_id, "filename": name}

    return check


def _require_http(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise BadPayload("fail invalid imgUrl")


def _required(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadPayload(_INVALID)
    return value


def _optional(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""
