"""message/send, recall and update_template_card: what an app writes to members."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from guideapp.sandbox import config
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, AppMessage, User
from guideapp.sandbox.models.app_messages import CardCode
from guideapp.sandbox.services import ids, message_kinds, recipients, template_cards
from guideapp.sandbox.services.recipients import Recipients

CARD_CODE_LIFE = timedelta(hours=72)
RECALL_WITHIN = timedelta(hours=24)
_PER_MINUTE, _PER_HOUR = 30, 1000  # to one member; what is over is dropped without a word
_SAFE = {"mpnews": (0, 1, 2)}  # others may only be 0 or 1


@transaction.atomic
def send(request: dict[str, Any], app: App) -> dict[str, Any]:
    """Accept one message/send request. Returns the keys of the answer; raises Refused."""
    msgtype = request.get("msgtype")
    if not isinstance(msgtype, str):
        raise Refused(40008)
    check_agent(request.get("agentid"), app)
    found = recipients.sent_to(request, app)
    _check_safe(msgtype, request.get("safe", 0))
    payload = request.get(msgtype)
    checked = message_kinds.checked(msgtype, payload if isinstance(payload, dict) else {})
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    row = _same_before(request, digest)
    if row is None:
        _check_task_id(checked, app)
        row = _store(msgtype, checked, found, digest, app)
    code = card_code(row) if checked.get("card_type") in template_cards.INTERACTIVE else ""
    return {
        "invaliduser": "|".join(found.bad_users),
        "invalidparty": "|".join(found.bad_parties),
        "invalidtag": "|".join(found.bad_tags),
        "unlicenseduser": "",
        "msgid": row.msgid,
    } | ({"response_code": code} if code else {})


@transaction.atomic
def recall(msgid: str, app: App) -> None:
    """Take a message back within 24 hours; another app's is 40058."""
    row = AppMessage.objects.select_for_update().filter(msgid=msgid, slug=app.slug).first()
    if row is None:
        raise Refused(40058)
    if now() - row.created_at > RECALL_WITHIN:
        raise Refused(42052)
    if row.recalled_at is None:
        row.recalled_at = now()
        row.save(update_fields=["recalled_at"])


@transaction.atomic
def update_card(request: dict[str, Any], app: App) -> list[str]:
    """update_template_card: change the card of some who got it. Returns userids that did not."""
    check_agent(request.get("agentid"), app)
    change = _card_change(request)
    code = CardCode.objects.select_for_update(of=("self",)).select_related("message")
    row = code.filter(code=str(request.get("response_code") or "")).first()
    if row is None or row.used_at is not None or row.expires_at <= now():
        raise Refused(60140)
    if row.message.slug != app.slug:
        raise Refused(42015)
    reached, bad = _card_targets(request, row.message, app)
    row.used_at = now()
    row.save(update_fields=["used_at"])
    row.message.cards |= dict.fromkeys(reached, change)
    row.message.save(update_fields=["cards"])
    return bad


def card_code(message: AppMessage) -> str:
    """A new response_code for the card: 72 hours, one use."""
    row = CardCode.objects.create(
        code=ids.random_text(43), message=message, expires_at=now() + CARD_CODE_LIFE
    )
    return row.code


def check_agent(agentid: object, app: App) -> None:
    """Raises Refused 41011 without an agentid, 301002 for another app's."""
    if agentid in (None, ""):
        raise Refused(41011)
    if str(agentid) != str(config.agent_id_of(app)):
        raise Refused(301002)


def _check_safe(msgtype: str, safe: object) -> None:
    if safe not in _SAFE.get(msgtype, (0, 1)):
        raise Refused(40058)
    if safe and msgtype == "news":
        raise Refused(40074)


def _check_task_id(checked: dict[str, Any], app: App) -> None:
    """A task_id is unique in its app."""
    task_id = checked.get("task_id") if "card_type" in checked else None
    sent = AppMessage.objects.filter(slug=app.slug, msgtype="template_card")
    if task_id and sent.filter(payload__task_id=task_id).exists():
        raise Refused(42014)


def _card_change(request: dict[str, Any]) -> dict[str, Any]:
    button, card = request.get("button"), request.get("template_card")
    if isinstance(card, dict):
        return {"template_card": template_cards.checked(card)}
    if isinstance(button, dict) and isinstance(button.get("replace_name"), str):
        return {"button": {"replace_name": button["replace_name"]}}
    raise Refused(40058, "button and template_card are both empty")


def _card_targets(
    request: dict[str, Any], message: AppMessage, app: App
) -> tuple[list[str], list[str]]:
    """Userids whose card changes, and those who never got it."""
    got = {user.folded: user.userid for user in message.recipients.all()}
    if request.get("atall") == 1:
        return sorted(got.values()), []
    wanted = recipients.named_in(request, app)
    reached = [got[user.folded] for user in wanted.users if user.folded in got]
    if not reached:
        raise Refused(82102)
    strangers = [user.userid.lower() for user in wanted.users if user.folded not in got]
    return reached, wanted.bad_users + strangers


def _same_before(request: dict[str, Any], digest: str) -> AppMessage | None:
    """With enable_duplicate_check the same request within the interval is dropped."""
    if request.get("enable_duplicate_check") != 1:
        return None
    interval = request.get("duplicate_check_interval")
    seconds = min(interval, 14400) if isinstance(interval, int) and interval > 0 else 1800
    since = now() - timedelta(seconds=seconds)
    return AppMessage.objects.filter(digest=digest, created_at__gt=since).first()


def _store(
    msgtype: str, payload: dict[str, Any], found: Recipients, digest: str, app: App
) -> AppMessage:
    moment = now()
    full = _over_limit(found.users, moment, app)
    row = AppMessage.objects.create(
        msgid=ids.random_text(64),
        slug=app.slug,
        msgtype=msgtype,
        payload=payload,
        dropped=sorted(user.userid for user in found.users if user.pk in full),
        digest=digest,
        created_at=moment,
    )
    row.recipients.set([user for user in found.users if user.pk not in full])
    return row


def _over_limit(users: list[User], moment: datetime, app: App) -> set[int]:
    """Ids of those who already got as much as one app may send to one member."""
    full: set[int] = set()
    for window, most in ((timedelta(minutes=1), _PER_MINUTE), (timedelta(hours=1), _PER_HOUR)):
        recent = Q(app_messages__created_at__gt=moment - window, app_messages__slug=app.slug)
        counted = User.objects.filter(pk__in=[user.pk for user in users])
        over = counted.annotate(got=Count("app_messages", filter=recent)).filter(got__gte=most)
        full |= set(over.values_list("pk", flat=True))
    return full
