"""Figures of customer groups, counted from what happened in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from guideapp.core.clock import day_of, day_range
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import ChatMessage, GroupChat, User
from guideapp.sandbox.models.groups import GroupMember

DAYS_BACK, DAYS_MAX = 180, 30
type Data = dict[str, int]


@dataclass
class Past:
    """All that is counted: groups, stays and messages of one set of groups."""

    groups: list[GroupChat]
    stays: dict[int, list[GroupMember]] = field(default_factory=dict)
    said: dict[int, list[tuple[int, datetime]]] = field(default_factory=dict)


def days(first: datetime, last: datetime) -> list[date]:
    """The days asked for. Raises Refused 40058 outside yesterday … 180 days back, or over 30."""
    begin, end, today = day_of(first), day_of(last), day_of(now())
    if not today - timedelta(days=DAYS_BACK) <= begin <= end < today:
        raise Refused(40058, "invalid day_begin_time or day_end_time")
    found = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    if len(found) > DAYS_MAX:
        raise Refused(40058, "time span exceed 30 days")
    return found


def past_of(owners: Iterable[User]) -> Past:
    """Everything about the groups of `owners`."""
    past = Past(list(GroupChat.objects.filter(owner__in=list(owners)).select_related("owner")))
    for stay in GroupMember.objects.filter(group__in=past.groups):
        past.stays.setdefault(stay.group_id, []).append(stay)
    messages = ChatMessage.objects.filter(group__in=past.groups)
    rows = messages.values_list("group_id", "user_id", "created_at")
    for group_id, user_id, at in rows:
        past.said.setdefault(group_id or 0, []).append((user_id, at))
    return past


def count(past: Past, groups: list[GroupChat], first: date, last: date) -> Data:
    """The figures of `groups` for the days `first` to `last`; totals are those of the end."""
    start, end = day_range(first, last)
    stays = [stay for group in groups for stay in past.stays.get(group.pk, [])]
    said = {
        group.pk: [user for user, at in past.said.get(group.pk, []) if start <= at < end]
        for group in groups
    }
    return {
        "new_chat_cnt": sum(start <= group.created_at < end for group in groups),
        "chat_total": sum(_stood(group.created_at, group.dismissed_at, end) for group in groups),
        "chat_has_msg": sum(bool(users) for users in said.values()),
        "new_member_cnt": sum(start <= stay.joined_at < end for stay in stays),
        "member_total": sum(_stood(stay.joined_at, stay.left_at, end) for stay in stays),
        "member_has_msg": len({(pk, user) for pk, users in said.items() for user in users}),
        "msg_total": sum(len(users) for users in said.values()),
    }


def _stood(begun: datetime, ended: datetime | None, at: datetime) -> bool:
    return begun < at and (ended is None or ended >= at)
