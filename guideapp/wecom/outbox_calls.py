"""The calls that the outbox can send for every room."""

from datetime import timedelta
from typing import Any

from guideapp.core.clock import now
from guideapp.core.jobs.errors import RetryAt
from guideapp.wecom.client import WeComClient
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.outbox import Payload, call

_TURN = timedelta(seconds=1)  # how soon a call asks again whether it is its turn
_BAD_MEDIA = frozenset({40006, 40007, 40009})
_MEDIA_KINDS = frozenset({"image", "video", "file", "miniprogram"})


def _tags_of(payload: Payload) -> set[str]:
    return {*payload.get("add", ()), *payload.get("remove", ())}


def _fields_of(payload: Payload) -> set[str]:
    names = ("remark", "description", "remark_company")
    return {name for name in names if payload.get(name) is not None}


@call("mark_tag", idempotent=True, sets=_tags_of)
def mark_tag(client: WeComClient, payload: Payload) -> None:
    """{userid, external_userid, add, remove}: tag ids; `after`: calls that must be over first.

    Taps on one relation reach WeCom in their order, however often one of them is repeated.
    """
    waiting = OutboxCall.State.WAITING  # a repeatable call stays so while it is under way
    if OutboxCall.objects.filter(pk__in=payload.get("after", ()), state=waiting).exists():
        raise RetryAt(now() + _TURN)
    client.contacts.mark_tag(
        userid=payload["userid"],
        external_userid=payload["external_userid"],
        add=payload.get("add", ()),
        remove=payload.get("remove", ()),
    )


@call("remark", idempotent=True, sets=_fields_of)
def remark(client: WeComClient, payload: Payload) -> None:
    """{userid, external_userid} and what is to change: remark, description, remark_company.

    Its key is `remark:<relation>:…`, so that an old one is not sent over a newer one.
    """
    client.contacts.remark(
        userid=payload["userid"],
        external_userid=payload["external_userid"],
        remark=payload.get("remark"),
        description=payload.get("description"),
        remark_company=payload.get("remark_company"),
    )


def without_media(payload: Payload, errcode: int) -> dict[str, Any] | None:
    """A welcome without its pictures, when WeCom refused a media id: better than none."""
    attachments = payload.get("attachments") or []
    kept = [one for one in attachments if one.get("msgtype") not in _MEDIA_KINDS]
    if errcode not in _BAD_MEDIA or len(kept) == len(attachments):
        return None
    return payload | {"attachments": kept}


@call("send_welcome", idempotent=False, repair=without_media, forget=("welcome_code",))
def send_welcome(client: WeComClient, payload: Payload) -> None:
    """{welcome_code, text, attachments}."""
    client.contacts.send_welcome(
        welcome_code=payload["welcome_code"],
        text=payload.get("text", ""),
        attachments=payload.get("attachments", ()),
    )


@call("message_text_card", idempotent=False)
def message_text_card(client: WeComClient, payload: Payload) -> dict[str, Any]:
    """{userids, title, description, url}."""
    return dict(
        client.messages.send_text_card(
            userids=payload["userids"],
            title=payload["title"],
            description=payload["description"],
            url=payload["url"],
        )
    )


@call("message_text", idempotent=False)
def message_text(client: WeComClient, payload: Payload) -> dict[str, Any]:
    """{userids, text}."""
    return dict(client.messages.send_text(userids=payload["userids"], text=payload["text"]))
