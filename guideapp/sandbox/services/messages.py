"""message/send: what the app writes to members."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from guideapp.core.clock import now
from guideapp.sandbox import config
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import AppMessage, Department, User
from guideapp.sandbox.services import ids, media

TEXT_MAX_BYTES = 2048
_PER_MINUTE, _PER_HOUR = 30, 1000  # to one member; what is over is dropped without a word
_MAX_NAMES = 1000


@dataclass
class Recipients:
    """Who gets it, and the names that were not found, as WeCom lists them."""

    users: list[User] = field(default_factory=list)
    bad_users: list[str] = field(default_factory=list)
    bad_parties: list[str] = field(default_factory=list)
    bad_tags: list[str] = field(default_factory=list)


@transaction.atomic
def send(request: dict[str, Any]) -> dict[str, Any]:
    """Accept one message/send request. Returns the keys of the answer; raises Refused."""
    msgtype = request.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in _KINDS:
        raise Refused(40008)
    _check_agent(request.get("agentid"))
    recipients = _recipients(request)
    payload = request.get(msgtype)
    checked = _KINDS[msgtype](payload if isinstance(payload, dict) else {})
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    row = _same_before(request, digest) or _store(msgtype, checked, recipients, digest)
    return {
        "invaliduser": "|".join(recipients.bad_users),
        "invalidparty": "|".join(recipients.bad_parties),
        "invalidtag": "|".join(recipients.bad_tags),
        "unlicenseduser": "",
        "msgid": row.msgid,
    }


def _check_agent(agentid: object) -> None:
    if agentid in (None, ""):
        raise Refused(41011)
    if str(agentid) != str(config.keys().agent_id):
        raise Refused(301002)


def _recipients(request: dict[str, Any]) -> Recipients:
    names = {key: _split(request.get(key)) for key in ("touser", "toparty", "totag")}
    if not any(names.values()):
        raise Refused(82001)
    if names["touser"] == ["@all"]:
        return Recipients(users=list(User.objects.visible()))
    if len(names["touser"]) > _MAX_NAMES:
        raise Refused(40032)
    found = Recipients(bad_tags=names["totag"])  # there are no member tags in this company
    visible = {user.folded: user for user in User.objects.visible()}
    reached: dict[str, User] = {}
    for name in names["touser"]:
        if name.lower() in visible:
            reached[name.lower()] = visible[name.lower()]
        else:
            found.bad_users.append(name.lower())
    for party in names["toparty"]:
        inside = _departments_below(party)
        if not inside:
            found.bad_parties.append(party)
        members = [user for user in visible.values() if inside & set(user.department_ids())]
        reached |= {user.folded: user for user in members}
    found.users = list(reached.values())
    if not found.users:
        raise Refused(81013)
    return found


def _departments_below(party: str) -> set[int]:
    """The department and everything under it; empty when it does not exist."""
    parents = dict(Department.objects.values_list("id", "parent_id"))
    if not party.isdigit() or int(party) not in parents:
        return set()
    inside = {int(party)}
    while more := {id for id, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return inside


def _same_before(request: dict[str, Any], digest: str) -> AppMessage | None:
    """With enable_duplicate_check the same request within the interval is dropped."""
    if request.get("enable_duplicate_check") != 1:
        return None
    interval = request.get("duplicate_check_interval")
    seconds = min(interval, 14400) if isinstance(interval, int) and interval > 0 else 1800
    since = now() - timedelta(seconds=seconds)
    return AppMessage.objects.filter(digest=digest, created_at__gt=since).first()


def _store(
    msgtype: str, payload: dict[str, Any], recipients: Recipients, digest: str
) -> AppMessage:
    moment = now()
    full = _over_limit(recipients.users, moment)
    row = AppMessage.objects.create(
        msgid=ids.random_text(64),
        msgtype=msgtype,
        payload=payload,
        dropped=sorted(user.userid for user in recipients.users if user.pk in full),
        digest=digest,
        created_at=moment,
    )
    row.recipients.set([user for user in recipients.users if user.pk not in full])
    return row


def _over_limit(users: list[User], moment: datetime) -> set[int]:
    """Ids of those who already got as much as one app may send to one member."""
    full: set[int] = set()
    for window, most in ((timedelta(minutes=1), _PER_MINUTE), (timedelta(hours=1), _PER_HOUR)):
        recent = Q(app_messages__created_at__gt=moment - window)
        counted = User.objects.filter(pk__in=[user.pk for user in users])
        over = counted.annotate(got=Count("app_messages", filter=recent)).filter(got__gte=most)
        full |= set(over.values_list("pk", flat=True))
    return full


def _text(payload: dict[str, Any]) -> dict[str, Any]:
    """Over-long text is cut, not refused."""
    content = _required(payload, "content", code=44004)
    return {"content": content.encode()[:TEXT_MAX_BYTES].decode(errors="ignore")}


def _markdown(payload: dict[str, Any]) -> dict[str, Any]:
    content = _required(payload, "content", code=44004)
    if len(content.encode()) > TEXT_MAX_BYTES:
        raise Refused(45002)
    return {"content": content}


def _text_card(payload: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "title": _required(payload, "title", room=128),
        "description": _required(payload, "description", room=512),
        "url": _required(payload, "url", room=2048),
    }
    button = payload.get("btntxt") or "详情"
    if not isinstance(button, str) or len(button) > 4:
        raise Refused(40058, "textcard.btntxt exceed max length 4")
    return {**fields, "btntxt": button}


def _news(payload: dict[str, Any]) -> dict[str, Any]:
    articles = payload.get("articles")
    if not isinstance(articles, list) or not articles:
        raise Refused(44004)
    if len(articles) > 8:
        raise Refused(45008)
    return {"articles": [_article(entry) for entry in articles]}


def _article(entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise Refused(40058)
    link = {"url": _required(entry, "url", room=2048)} if "appid" not in entry else {}
    optional = {"description": 512, "picurl": 2048, "appid": 128, "pagepath": 1024}
    return {
        "title": _required(entry, "title", room=128),
        **link,
        **{
            name: _required(entry, name, room=room)
            for name, room in optional.items()
            if entry.get(name)
        },
    }


def _media(payload: dict[str, Any]) -> dict[str, Any]:
    row = media.living(str(payload.get("media_id") or ""))
    return {"media_id": row.media_id, "filename": row.filename}


_KINDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "text": _text,
    "markdown": _markdown,
    "textcard": _text_card,
    "news": _news,
    "image": _media,
    "voice": _media,
    "video": _media,
    "file": _media,
}


def _required(payload: dict[str, Any], name: str, *, room: int = 0, code: int = 40058) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(code, "" if code != 40058 else f"{name} is missing")
    if room and len(value.encode()) > room:
        raise Refused(40058, f"{name} exceed max length {room}")
    return value


def _split(value: object) -> list[str]:
    return [part for part in str(value or "").split("|") if part]
