"""What GET /sandbox/control/state tells of groups and campaigns: also what waits for somebody."""

from collections.abc import Callable
from typing import Any

from django.forms.models import model_to_dict
from django.http import HttpRequest

from guideapp.sandbox.models import GroupChat
from guideapp.sandbox.models.campaigns import MassMessage, Moment
from guideapp.sandbox.services import campaign_rules, group_content

_ROWS_MAX = 500


def _groups(request: HttpRequest) -> list[dict[str, Any]]:
    rows = GroupChat.objects.select_related("owner").prefetch_related("stays").order_by("-id")
    return [
        {
            "chat_id": row.chat_id,
            "opengid": row.opengid,
            "name": row.name,
            "owner": row.owner.userid,
            "status": group_content.status_of(row),
            "dismissed": row.dismissed_at is not None,
            "member_version": row.version,
            "members": [stay.person for stay in row.stays.all() if stay.left_at is None],
        }
        for row in rows[:_ROWS_MAX]
    ]


def _mass_messages(request: HttpRequest) -> list[dict[str, Any]]:
    """Each with its members and whether they have confirmed."""
    rows = MassMessage.objects.prefetch_related("tasks__user").order_by("-id")[:_ROWS_MAX]
    return [
        {
            "msgid": row.msgid,
            "chat_type": row.chat_type,
            "creator": row.creator,
            "at": row.created_at.isoformat(),
            "ready_at": row.ready_at.isoformat(),
            "cancelled": row.cancelled_at is not None,
            "reminders": len(row.reminders),
            "tasks": {task.user.userid: task.sent_at is not None for task in row.tasks.all()},
        }
        for row in rows
    ]


def _moments(request: HttpRequest) -> list[dict[str, Any]]:
    """Each with its members and whether they have published."""
    rows = Moment.objects.prefetch_related("tasks__user").order_by("-id")[:_ROWS_MAX]
    return [
        {
            "moment_id": row.moment_id,
            "jobid": row.jobid,
            "creator": row.creator,
            "at": row.created_at.isoformat(),
            "cancelled": row.cancelled_at is not None,
            "tasks": {task.user.userid: task.published_at is not None for task in row.tasks.all()},
        }
        for row in rows
    ]


def _rules(request: HttpRequest) -> dict[str, Any]:
    return model_to_dict(campaign_rules.current(), exclude=["id"])


PARTS: dict[str, Callable[[HttpRequest], Any]] = {
    "groups": _groups,
    "mass_messages": _mass_messages,
    "moments": _moments,
    "campaign_rules": _rules,
}
