"""The kinds of message/send: what each must hold, what is cut and what is refused."""

from collections.abc import Callable
from typing import Any

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.services import media, template_cards

type Fields = dict[str, Any]

TEXT_MAX_BYTES = 2048
_MP_CONTENT_MAX_BYTES = 666 * 1024


def checked(msgtype: str, payload: Fields) -> Fields:
    """The payload as members get it. Raises Refused with WeCom's codes."""
    if msgtype not in _KINDS:
        raise Refused(40008)
    return _KINDS[msgtype](payload)


def cut(text: str, room: int) -> str:
    """The beginning of `text` that fits into `room` bytes, whole characters only."""
    return text.encode()[:room].decode(errors="ignore")


def _text(payload: Fields) -> Fields:
    """Over-long text is cut, not refused."""
    return {"content": cut(_required(payload, "content", code=44004), TEXT_MAX_BYTES)}


def _markdown(payload: Fields) -> Fields:
    content = _required(payload, "content", code=44004)
    if len(content.encode()) > TEXT_MAX_BYTES:
        raise Refused(45002)
    return {"content": content}


def _text_card(payload: Fields) -> Fields:
    fields = {
        "title": _required(payload, "title", room=128),
        "description": _required(payload, "description", room=512),
        "url": _required(payload, "url", room=2048),
    }
    button = payload.get("btntxt") or "详情"
    if not isinstance(button, str) or len(button) > 4:
        raise Refused(40058, "textcard.btntxt exceed max length 4")
    return {**fields, "btntxt": button}


def _news(payload: Fields) -> Fields:
    return {"articles": [_article(entry) for entry in _articles(payload)]}


def _mp_news(payload: Fields) -> Fields:
    return {"articles": [_mp_article(entry) for entry in _articles(payload)]}


def _articles(payload: Fields) -> list[Fields]:
    articles = payload.get("articles")
    if not isinstance(articles, list) or not articles:
        raise Refused(44004)
    if len(articles) > 8:
        raise Refused(45008)
    if not all(isinstance(entry, dict) for entry in articles):
        raise Refused(40058)
    return articles


def _article(entry: Fields) -> Fields:
    link = {"url": _required(entry, "url", room=2048)} if "appid" not in entry else {}
    optional = {"description": 512, "picurl": 2048, "appid": 128, "pagepath": 1024}
    return {"title": _required(entry, "title", room=128), **link, **_given(entry, optional)}


def _mp_article(entry: Fields) -> Fields:
    thumb = media.living(_required(entry, "thumb_media_id"), kind="image")
    return {
        "title": _required(entry, "title", room=128),
        "thumb_media_id": thumb.media_id,
        "content": _required(entry, "content", room=_MP_CONTENT_MAX_BYTES),
        **_given(entry, {"author": 64, "content_source_url": 2048, "digest": 512}),
    }


def _file(kind: str) -> Callable[[Fields], Fields]:
    def check(payload: Fields) -> Fields:
        """A living upload of this very kind."""
        row = media.living(str(payload.get("media_id") or ""), kind=kind)
        return {"media_id": row.media_id, "filename": row.filename}

    return check


def _video(payload: Fields) -> Fields:
    """Over-long words are cut, as in a text."""
    words = {"title": 128, "description": 512}
    kept = {name: cut(str(payload[name]), room) for name, room in words.items() if name in payload}
    return _file("video")(payload) | kept


def _mini_program_notice(payload: Fields) -> Fields:
    """Only a mini program's own token may send one, and this company has no such app."""
    if not payload.get("appid"):
        raise Refused(90200)
    items = payload.get("content_item") or []
    if not isinstance(items, list) or len(items) > 10:
        raise Refused(90201)
    for item in items:
        _check_item(item if isinstance(item, dict) else {})
    raise Refused(90206)


def _check_item(item: Fields) -> None:
    if not 1 <= len(str(item.get("key", ""))) <= 10:
        raise Refused(90202)
    if not 1 <= len(str(item.get("value", ""))) <= 30:
        raise Refused(90203)


_KINDS: dict[str, Callable[[Fields], Fields]] = {
    "text": _text,
    "markdown": _markdown,
    "textcard": _text_card,
    "news": _news,
    "mpnews": _mp_news,
    "image": _file("image"),
    "voice": _file("voice"),
    "video": _video,
    "file": _file("file"),
    "miniprogram_notice": _mini_program_notice,
    "template_card": template_cards.checked,
}


def _required(payload: Fields, name: str, *, room: int = 0, code: int = 40058) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(code, "" if code != 40058 else f"{name} is missing")
    if room and len(value.encode()) > room:
        raise Refused(40058, f"{name} exceed max length {room}")
    return value


def _given(entry: Fields, rooms: dict[str, int]) -> Fields:
    return {
        name: _required(entry, name, room=room) for name, room in rooms.items() if entry.get(name)
    }
