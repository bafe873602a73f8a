"""Mass messages (企业群发): tasks that each member confirms. WeCom sends no event about them."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count

from guideapp.core.clock import SHANGHAI
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, ChatMessage, Customer, Follow, GroupChat, User
from guideapp.sandbox.models.campaigns import CampaignRules, MassMessage, MassTarget, MassTask
from guideapp.sandbox.services import attachments as parts
from guideapp.sandbox.services import audience, campaign_rules, ids

CUSTOMERS_MAX, GROUPS_MAX = 10_000, 2_000
REMINDERS_A_DAY = 3
ChatType = MassMessage.ChatType
Status = MassTarget.Status


@dataclass(frozen=True)
class Draft:
    """A request of add_msg_template."""

    chat_type: str = ChatType.SINGLE
    sender: str = ""
    external_userids: list[str] = field(default_factory=list)
    chat_ids: list[str] = field(default_factory=list)
    tag_filter: list[list[str]] = field(default_factory=list)
    allow_select: bool = False
    text: str = ""
    attachments: list[Any] = field(default_factory=list)


@transaction.atomic
def create(draft: Draft, app: App) -> tuple[MassMessage, list[str]]:
    """Make the tasks; also the ids that cannot get it. Raises Refused, 41048 for nobody left."""
    bubbles = parts.bubbles(draft.text, draft.attachments)
    if draft.chat_type not in ChatType.values:
        raise Refused(40058, "invalid chat_type")
    of_groups = draft.chat_type == ChatType.GROUP
    found = _groups(draft, app) if of_groups else _customers(draft, app)
    if not found.targets:
        raise Refused(41048, fail_list=[])
    moment = now()
    waits = timedelta(seconds=campaign_rules.current().dispatch_seconds)
    message = _store(
        draft, bubbles, slug=app.slug, creator="", created_at=moment, ready_at=moment + waits
    )
    for user, targets in found.targets.items():
        _add_task(message, user, targets)
    return message, found.failed


@transaction.atomic
def remind(msgid: str) -> None:
    """Remind the members who have not confirmed: three times in 24 hours (41094)."""
    message = api_named(msgid, lock=True)
    since = (now() - timedelta(hours=24)).timestamp()
    recent = [at for at in message.reminders if at > since]
    if len(recent) >= REMINDERS_A_DAY:
        raise Refused(41094)
    message.reminders = [*recent, now().timestamp()]
    message.save(update_fields=["reminders"])


@transaction.atomic
def cancel(msgid: str) -> None:
    """Stop what is not yet sent."""
    message = api_named(msgid, lock=True)
    message.cancelled_at = now()
    message.save(update_fields=["cancelled_at"])


def api_named(msgid: str, *, lock: bool = False) -> MassMessage:
    """The message. Raises Refused 41046 or 41047, and with `lock` 41093 when cancelled."""
    if not msgid:
        raise Refused(41046)
    rows = MassMessage.objects.select_for_update() if lock else MassMessage.objects.all()
    message = rows.filter(msgid=msgid).first()
    if message is None:
        raise Refused(41047)
    if lock and message.cancelled_at:
        raise Refused(41093)
    return message


@transaction.atomic
def confirm(*, msgid: str, userid: str, only: Sequence[str] | None = None) -> MassTask:
    """The member confirms in the client; the limits decide what each customer gets.

    `only`: the customers left after deselecting (allow_select), or the groups that the owner
    chose where the company named none.
    """
    task = _pending(msgid, userid)
    message = task.message
    if not task.targets.exists():  # the owner chooses the groups now
        own = task.user.groups.standing().order_by("id").values_list("chat_id", flat=True)
        _add_targets(task, [chat_id for chat_id in own if only is None or chat_id in only])
    elif only is not None and not message.allow_select:
        raise UnknownEvent(f"nobody may be deselected in {msgid}")
    rows = task.targets.filter(target__in=list(only)) if only is not None else task.targets.all()
    _send(task, list(rows))
    return task


@transaction.atomic
def send_personal(
    *,
    userid: str,
    text: str,
    external_userids: Sequence[str] = (),
    chat_ids: Sequence[str] = (),
) -> MassMessage:
    """A member sends a mass message of their own, to customers or to their groups."""
    user = User.objects.named(userid)
    if user is None or bool(external_userids) == bool(chat_ids) or not text:
        raise UnknownEvent("a member, a text and either customers or groups are needed")
    moment = now()
    draft = Draft(chat_type=ChatType.GROUP if chat_ids else ChatType.SINGLE, text=text)
    bubbles = [("text", {"content": text})]
    message = _store(
        draft, bubbles, slug="", creator=user.userid, created_at=moment, ready_at=moment
    )
    task = _add_task(message, user, [*external_userids, *chat_ids])
    _send(task, list(task.targets.all()))
    return message


def limit(rules: CampaignRules, moment: datetime) -> tuple[int, datetime]:
    """How many mass messages one customer or group may get, and since when they are counted."""
    local = moment.astimezone(SHANGHAI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if rules.mass_limit == CampaignRules.MassLimit.DAY:
        return 1, midnight
    if rules.mass_limit == CampaignRules.MassLimit.WEEK:
        return 7, midnight - timedelta(days=local.weekday())
    return calendar.monthrange(local.year, local.month)[1], midnight.replace(day=1)


def _customers(draft: Draft, app: App) -> audience.Audience:
    if len(draft.external_userids) > CUSTOMERS_MAX:
        raise Refused(40058, f"external_userid exceed max size {CUSTOMERS_MAX}")
    if not draft.sender and not draft.external_userids:
        raise Refused(40058, "external_userid and sender are both empty")
    sender = audience.able_user(draft.sender, app) if draft.sender else None
    return audience.customers(draft.external_userids, sender, draft.tag_filter, app)


def _groups(draft: Draft, app: App) -> audience.Audience:
    if not draft.sender:
        raise Refused(40058, "sender is missing")
    if len(draft.chat_ids) > GROUPS_MAX:
        raise Refused(40058, f"chat_id_list exceed max size {GROUPS_MAX}")
    return audience.groups(draft.chat_ids, audience.able_user(draft.sender, app))


def _store(draft: Draft, bubbles: list[tuple[str, dict[str, Any]]], **more: Any) -> MassMessage:
    return MassMessage.objects.create(
        msgid=f"msg{ids.random_text(29)}",
        chat_type=draft.chat_type,
        allow_select=draft.allow_select,
        text=draft.text,
        attachments=draft.attachments,
        bubbles=bubbles,
        **more,
    )


def _add_task(message: MassMessage, user: User, targets: Sequence[str]) -> MassTask:
    task = MassTask.objects.create(message=message, user=user)
    _add_targets(task, targets)
    return task


def _add_targets(task: MassTask, targets: Sequence[str]) -> None:
    rows = (MassTarget(task=task, target=target) for target in dict.fromkeys(targets))
    MassTarget.objects.bulk_create(rows, batch_size=500)


def _pending(msgid: str, userid: str) -> MassTask:
    tasks = MassTask.objects.select_for_update(of=("self",)).select_related("message", "user")
    task = tasks.filter(message__msgid=msgid, user__folded=userid.lower()).first()
    if task is None:
        raise UnknownEvent(f"no task of {userid} in {msgid}")
    if task.sent_at or task.message.cancelled_at:
        raise UnknownEvent(f"already sent or cancelled: {msgid}")
    if task.message.ready_at > now():
        raise UnknownEvent(f"still being dispatched: {msgid}")
    return task


def _send(task: MassTask, rows: list[MassTarget]) -> None:
    moment = now()
    names = [row.target for row in rows]
    peers = _peers(task, names)
    most, since = limit(campaign_rules.current(), moment)
    got = MassTarget.objects.filter(target__in=names, status=Status.SENT, sent_at__gte=since)
    counts = dict(got.values_list("target").annotate(Count("id")).order_by())
    for row in rows:
        if row.target not in peers:
            row.status = Status.NO_FRIEND
        elif counts.get(row.target, 0) >= most:
            row.status = Status.OVER_LIMIT
        else:
            row.status, row.sent_at = Status.SENT, moment
    MassTarget.objects.bulk_update(rows, ["status", "sent_at"], batch_size=500)
    task.sent_at = moment
    task.save(update_fields=["sent_at"])
    reached = [peers[row.target] for row in rows if row.status == Status.SENT]
    _show(task, reached, moment)


def _peers(task: MassTask, names: list[str]) -> dict[str, Customer | GroupChat]:
    """Those of `names` that can still be written to."""
    if task.message.chat_type == ChatType.GROUP:
        own = GroupChat.objects.standing().filter(owner=task.user, chat_id__in=names)
        return {group.chat_id: group for group in own}
    follows = Follow.objects.standing().filter(user=task.user, customer_left_at=None)
    friends = follows.filter(customer__external_userid__in=names)
    return {follow.customer.external_userid: follow.customer for follow in friends}


def _show(task: MassTask, peers: list[Customer | GroupChat], moment: datetime) -> None:
    """The bubbles stand in the chats."""
    ChatMessage.objects.bulk_create(
        (
            ChatMessage(
                user=task.user,
                customer=peer if isinstance(peer, Customer) else None,
                group=peer if isinstance(peer, GroupChat) else None,
                sender=ChatMessage.Sender.USER,
                source=ChatMessage.Source.MASS,
                msgtype=msgtype,
                payload=payload,
                created_at=moment + timedelta(milliseconds=place),  # in this order
            )
            for peer in peers
            for place, (msgtype, payload) in enumerate(task.message.bubbles)
        ),
        batch_size=500,
    )
