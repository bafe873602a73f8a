"""send_welcome_msg: twenty seconds, once, and only before the two have talked."""

from typing import Any

from django.db import transaction

from guideapp.core.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import ChatMessage, Media, WelcomeCode
from guideapp.sandbox.services import chat

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


@transaction.atomic
def send_welcome(*, code: str, text: str, attachments: list[Any]) -> list[ChatMessage]:
    """Put the welcome into the chat: text first, then each attachment. Raises Refused."""
    if not code:
        raise Refused(41049)
    row = (
        WelcomeCode.objects.select_for_update(of=("self",))
        .select_related("follow__user", "follow__customer")
        .filter(code=code)
        .first()
    )
    if row is None or row.expires_at <= now():
        raise Refused(41050)
    if row.used_at is not None or _have_talked(row):
        raise Refused(41051)
    bubbles = _bubbles(text, attachments)
    row.used_at = now()
    row.save(update_fields=["used_at"])
    return [chat.welcomed(row.follow, msgtype, payload) for msgtype, payload in bubbles]


def _have_talked(row: WelcomeCode) -> bool:
    since = ChatMessage.objects.filter(
        user=row.follow.user, customer=row.follow.customer, created_at__gte=row.created_at
    )
    return since.exclude(sender=ChatMessage.Sender.SYSTEM).exists()


def _bubbles(text: str, attachments: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    if len(text.encode()) > TEXT_MAX_BYTES:
        raise Refused(40058, "text.content exceed max length 4000")
    if len(attachments) > ATTACHMENTS_MAX:
        raise Refused(41064)
    if not text and not attachments:
        raise Refused(40058, "text and attachments are both empty")
    bubbles = [("text", {"content": text})] if text else []
    return bubbles + [_attachment(entry) for entry in attachments]


def _attachment(entry: Any) -> tuple[str, dict[str, Any]]:
    kind = entry.get("msgtype") if isinstance(entry, dict) else None
    if kind not in _REQUIRED or not isinstance(entry.get(kind), dict):
        raise Refused(41065)
    given = entry[kind]
    payload = {name: _text(given, name, room) for name, room in _REQUIRED[kind].items()}
    if not all(payload.values()):
        raise Refused(40058, f"{kind}: a required field is missing")
    optional = _OPTIONAL.get(kind, {})
    payload |= {name: _text(given, name, room) for name, room in optional.items()}
    if kind == "image" and not (payload["media_id"] or payload["pic_url"]):
        raise Refused(40058, "image: media_id and pic_url are both empty")
    if kind == "link" and not payload["url"].startswith(("http://", "https://")):
        raise Refused(40058, "link.url is not a url")
    return kind, payload | _file_of(kind, payload)


def _file_of(kind: str, payload: dict[str, str]) -> dict[str, str]:
    """The name of the uploaded file that the attachment shows. Raises Refused 40007."""
    field, media_kind = _MEDIA_FIELDS.get(kind, ("", ""))
    media_id = payload.get(field, "")
    if not media_id:
        return {}
    living = Media.objects.filter(media_id=media_id, kind=media_kind, expires_at__gt=now())
    name = living.values_list("filename", flat=True).first()
    if name is None:
        raise Refused(40007)
    return {"filename": name}


def _text(given: dict[str, Any], name: str, room: int) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        return ""
    if len(value.encode()) > room:
        raise Refused(40058, f"{name} exceed max length {room}")
    return value
