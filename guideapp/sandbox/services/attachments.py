"""Text and attachments as welcome and mass messages carry them (part 2 §3)."""

from typing import Any

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.services import media, pictures

TEXT_MAX_BYTES = 4000
ATTACHMENTS_MAX = 9
# Field → bytes allowed; every field named is a text. The first group is required.
_REQUIRED: dict[str, dict[str, int]] = {
    "link": {"title": 128, "url": 2048},
    "miniprogram": {"title": 64, "pic_media_id": 1024, "appid": 128, "page": 1024},
    "video": {"media_id": 1024},
    "file": {"media_id": 1024},
    "image": {},
}
_OPTIONAL: dict[str, dict[str, int]] = {
    "link": {"desc": 512, "picurl": 2048},
    "image": {"media_id": 1024, "pic_url": 2048},
}
_MEDIA_FIELDS = {
    "image": ("media_id", "image"),
    "video": ("media_id", "video"),
    "file": ("media_id", "file"),
    "miniprogram": ("pic_media_id", "image"),
}


def bubbles(text: str, attachments: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    """What the customer sees, text first: (msgtype, payload). Raises Refused."""
    if len(text.encode()) > TEXT_MAX_BYTES:
        raise Refused(40058, f"text.content exceed max length {TEXT_MAX_BYTES}")
    if len(attachments) > ATTACHMENTS_MAX:
        raise Refused(41064)
    if not text and not attachments:
        raise Refused(40058, "text and attachments are both empty")
    said = [("text", {"content": text})] if text else []
    return said + [_bubble(entry) for entry in attachments]


def checked(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of one attachment and the name of its file. Raises Refused."""
    payload = {name: _text(given, name, room) for name, room in _REQUIRED[kind].items()}
    if not all(payload.values()):
        raise Refused(40058, f"{kind}: a required field is missing")
    optional = _OPTIONAL.get(kind, {})
    payload |= {name: _text(given, name, room) for name, room in optional.items()}
    if kind == "image":
        _check_image(payload)
    if kind == "link" and not payload["url"].startswith(("http://", "https://")):
        raise Refused(40058, "link.url is not a url")
    return payload | _file_of(kind, payload)


def _bubble(entry: Any) -> tuple[str, dict[str, Any]]:
    kind = entry.get("msgtype") if isinstance(entry, dict) else None
    if kind not in _REQUIRED or not isinstance(entry.get(kind), dict):
        raise Refused(41065)
    return kind, checked(kind, entry[kind])


def _check_image(payload: dict[str, str]) -> None:
    """media_id wins over pic_url, and pic_url comes from media/uploadimg only."""
    if not payload["media_id"] and not payload["pic_url"]:
        raise Refused(40058, "image: media_id and pic_url are both empty")
    if not payload["media_id"] and not pictures.is_ours(payload["pic_url"]):
        raise Refused(40058, "image.pic_url is not from uploadimg")


def _file_of(kind: str, payload: dict[str, str]) -> dict[str, str]:
    """The name of the uploaded file that the attachment shows. Raises Refused 40007."""
    field, media_kind = _MEDIA_FIELDS.get(kind, ("", ""))
    media_id = payload.get(field, "")
    if not media_id:
        return {}
    return {"filename": media.living(media_id, kind=media_kind).filename}


def _text(given: dict[str, Any], name: str, room: int) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        return ""
    if len(value.encode()) > room:
        raise Refused(40058, f"{name} exceed max length {room}")
    return value
