"""Mass messages (part 2 §5): made here, confirmed by members, read by polling.

userids come back in lower case, as in every answer about messages.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db.models import Q

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models.campaigns import MassMessage, MassTarget, MassTask
from guideapp.sandbox.services import mass_messages, scope
from guideapp.sandbox.services.mass_messages import Draft
from guideapp.sandbox.views.api.paging import page_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)

MONTH_SECONDS = 31 * 24 * 3600


@endpoint("externalcontact/add_msg_template")
def add_msg_template(call: ApiCall) -> Answer:
    """`fail_list` names customers or groups that cannot get it; 41048 when nobody is left."""
    text = (call.typed("text", dict) or {}).get("content", "")
    message, failed = mass_messages.create(
        Draft(
            chat_type=call.text("chat_type") or MassMessage.ChatType.SINGLE,
            sender=call.text("sender"),
            external_userids=call.texts("external_userid"),
            chat_ids=call.texts("chat_id_list"),
            tag_filter=_tag_filter(call.typed("tag_filter", dict) or {}),
            allow_select=call.flag("allow_select", False),
            text=text if isinstance(text, str) else "",
            attachments=call.typed("attachments", list) or [],
        ),
        call.app,
    )
    return {"fail_list": failed, "msgid": message.msgid}


@endpoint("externalcontact/get_groupmsg_list_v2")
def groupmsg_list(call: ApiCall) -> Answer:
    """Company and personal mass messages of at most a month; made by the API: no creator."""
    chat_type = call.text("chat_type")
    if chat_type not in MassMessage.ChatType.values:
        raise Refused(40058, "invalid chat_type")
    first, last = span(call, MONTH_SECONDS)
    rows = MassMessage.objects.filter(
        created_by(call), chat_type=chat_type, created_at__range=(first, last)
    )
    of = f"mass|{chat_type}|{call.text('creator')}"
    page, cursor = page_of(call, rows, of=of, most=100, default=50)
    return {"next_cursor": cursor, "group_msg_list": [_listed(row) for row in page]}


@endpoint("externalcontact/get_groupmsg_task")
def groupmsg_task(call: ApiCall) -> Answer:
    """Who has sent (2) and who has not (0)."""
    message = _dispatched(call)
    rows = message.tasks.filter(user__in=scope.users_of(call.app)).select_related("user")
    page, cursor = page_of(call, rows, of=message.msgid, most=1000, default=500)
    return {"next_cursor": cursor, "task_list": [_task(row) for row in page]}


@endpoint("externalcontact/get_groupmsg_send_result")
def groupmsg_send_result(call: ApiCall) -> Answer:
    """What each customer of one member got; groups not sent to are left out."""
    message = _dispatched(call)
    userid = call.text("userid")
    if not userid:
        raise Refused(41009)
    task = message.tasks.filter(user__folded=userid.lower()).select_related("user").first()
    if task is None:
        raise Refused(40003)
    of_groups = message.chat_type == MassMessage.ChatType.GROUP
    rows = task.targets.exclude(status=0) if of_groups else task.targets.all()
    page, cursor = page_of(call, rows, of=f"{message.msgid}|{task.pk}", most=1000, default=500)
    name = "chat_id" if of_groups else "external_userid"
    return {
        "next_cursor": cursor,
        "send_list": [_result(row, name, task.user.folded) for row in page],
    }


@endpoint("externalcontact/remind_groupmsg_send")
def remind_groupmsg_send(call: ApiCall) -> Answer:
    """Three times in 24 hours."""
    mass_messages.remind(call.text("msgid"))
    return {}


@endpoint("externalcontact/cancel_groupmsg_send")
def cancel_groupmsg_send(call: ApiCall) -> Answer:
    """What was sent stays sent."""
    mass_messages.cancel(call.text("msgid"))
    return {}


def span(call: ApiCall, longest_seconds: int) -> tuple[datetime, datetime]:
    """start_time and end_time. Raises Refused 40058 when missing, reversed or too far apart."""
    start, end = call.integer("start_time"), call.integer("end_time")
    if not 0 < start <= end or end - start > longest_seconds:
        raise Refused(40058, "invalid start_time or end_time")
    return datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)


def created_by(call: ApiCall) -> Q:
    """filter_type 0 of the company, 1 personal, 2 both; `creator` one member's."""
    kind = call.integer("filter_type", 2)
    creator = call.text("creator")
    wanted = Q(creator__iexact=creator) if creator else Q()
    if kind == 2:
        return wanted
    return wanted & (Q(creator="") if kind == 0 else ~Q(creator=""))


def _tag_filter(given: dict[str, Any]) -> list[list[str]]:
    groups = given.get("group_list")
    lists = [row.get("tag_list") for row in groups or [] if isinstance(row, dict)]
    return [[tag for tag in tags if isinstance(tag, str)] for tags in lists if tags]


def _dispatched(call: ApiCall) -> MassMessage:
    message = mass_messages.api_named(call.text("msgid"))
    if message.ready_at > now():
        raise Refused(41063)
    return message


def _listed(row: MassMessage) -> dict[str, Any]:
    body: dict[str, Any] = {"msgid": row.msgid}
    if row.creator:
        body["creator"] = row.creator
    body |= {"create_time": int(row.created_at.timestamp()), "create_type": int(bool(row.creator))}
    if row.text:
        body["text"] = {"content": row.text}
    return body | {"attachments": row.attachments}


def _task(row: MassTask) -> dict[str, Any]:
    if row.sent_at is None:
        return {"userid": row.user.folded, "status": 0}
    sent = int(row.sent_at.timestamp())
    return {"userid": row.user.folded, "status": 2, "send_time": sent}


def _result(row: MassTarget, name: str, userid: str) -> dict[str, Any]:
    body = {name: row.target, "userid": userid, "status": row.status}
    return body | ({"send_time": int(row.sent_at.timestamp())} if row.sent_at else {})
