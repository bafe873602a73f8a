"""Customer groups (part 2 §8, part 1 §8.10 and §12.2)."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from guideapp.core.clock import day_range
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import GroupChat, User
from guideapp.sandbox.models.groups import JoinWay
from guideapp.sandbox.services import group_content, group_statistics, join_ways, scope
from guideapp.sandbox.views.api.paging import page_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)

LIST_MAX = 1000
OWNERS_MAX = 100
MEMBERS_WITHOUT_FILTER = 1000
# order_by → figure
_ORDERS = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


@endpoint("externalcontact/groupchat/list")
def groupchat_list(call: ApiCall) -> Answer:
    """`limit` is needed; without owners in a large range it is 81017."""
    if not 1 <= call.integer("limit") <= LIST_MAX:
        raise Refused(40058, "invalid limit")
    owners = _owners(call)
    status = call.integer("status_filter")
    rows = _visible(call, owners).select_related("owner").filter(_status(status))
    of = f"groups|{status}|{owners}"
    page, cursor = page_of(call, rows, of=of, most=LIST_MAX, default=LIST_MAX)
    listed = [{"chat_id": row.chat_id, "status": group_content.status_of(row)} for row in page]
    return {"group_chat_list": listed, "next_cursor": cursor}


@endpoint("externalcontact/groupchat/get")
def groupchat_get(call: ApiCall) -> Answer:
    """Members with how they came, and the version that events name. Names only when asked."""
    groups = GroupChat.objects.select_related("owner")
    row = groups.filter(chat_id=call.text("chat_id")).first()
    if row is None:
        raise Refused(40050)
    if row.dismissed_at:
        raise Refused(49008)
    if not _visible(call, []).filter(pk=row.pk).exists():
        raise Refused(60011)
    return {"group_chat": group_content.shown(row, with_names=call.integer("need_name") == 1)}


@endpoint("externalcontact/opengid_to_chatid")
def opengid_to_chatid(call: ApiCall) -> Answer:
    """From what a mini program gets when it is opened in a group."""
    opengid = call.text("opengid")
    row = GroupChat.objects.standing().filter(opengid=opengid).first() if opengid else None
    if row is None:
        raise Refused(90511)
    if not _visible(call, []).filter(pk=row.pk).exists():
        raise Refused(90509)
    return {"chat_id": row.chat_id}


@endpoint("externalcontact/groupchat/statistic")
def statistic(call: ApiCall) -> Answer:
    """One row for each owner, pages by offset."""
    days = _days(call)
    past = group_statistics.past_of(_owners_counted(call))
    of_owner: dict[str, list[GroupChat]] = {}
    for group in past.groups:
        of_owner.setdefault(group.owner.userid, []).append(group)
    items = [
        {"owner": owner, "data": group_statistics.count(past, groups, days[0], days[-1])}
        for owner, groups in sorted(of_owner.items())
    ]
    figure = _ORDERS.get(call.integer("order_by", 1), "new_chat_cnt")
    items.sort(key=lambda item: _figure(item, figure), reverse=call.integer("order_asc") != 1)
    offset, limit = call.integer("offset"), call.integer("limit", 500)
    page = items[offset : offset + (limit if 1 <= limit <= LIST_MAX else 500)]
    return {"total": len(items), "next_offset": offset + len(page), "items": page}


@endpoint("externalcontact/groupchat/statistic_group_by_day")
def statistic_by_day(call: ApiCall) -> Answer:
    """One row for each day, all owners together."""
    days = _days(call)
    past = group_statistics.past_of(_owners_counted(call))
    return {
        "items": [
            {
                "stat_time": int(day_range(day)[0].timestamp()),
                "data": group_statistics.count(past, past.groups, day, day),
            }
            for day in days
        ]
    }


@endpoint("externalcontact/groupchat/add_join_way")
def add_join_way(call: ApiCall) -> Answer:
    """A code or button for one to five groups."""
    return {"config_id": join_ways.add(call.body, call.app).config_id}


@endpoint("externalcontact/groupchat/get_join_way")
def get_join_way(call: ApiCall) -> Answer:
    """Only the app's own; a QR code only in scene 2."""
    return {"join_way": _join_way(join_ways.own(call.text("config_id"), call.app), call)}


@endpoint("externalcontact/groupchat/update_join_way")
def update_join_way(call: ApiCall) -> Answer:
    """Overwrites: what is not sent is reset."""
    join_ways.update(call.text("config_id"), call.body, call.app)
    return {}


@endpoint("externalcontact/groupchat/del_join_way")
def del_join_way(call: ApiCall) -> Answer:
    """The code leads nowhere from now on."""
    join_ways.delete(call.text("config_id"), call.app)
    return {}


def _owners(call: ApiCall) -> list[str]:
    """userids of owner_filter. Raises Refused 81017 where one is needed."""
    given = call.typed("owner_filter", dict) or {}
    named = [name for name in given.get("userid_list") or [] if isinstance(name, str)]
    if len(named) > OWNERS_MAX:
        raise Refused(40058, f"userid_list exceed max size {OWNERS_MAX}")
    if not named and scope.users_of(call.app).count() > MEMBERS_WITHOUT_FILTER:
        raise Refused(81017)
    return sorted(name.lower() for name in named)


def _owners_counted(call: ApiCall) -> QuerySet[User]:
    named = _owners(call)
    users = scope.users_of(call.app)
    return users.filter(folded__in=named) if named else users


def _visible(call: ApiCall, owners: list[str]) -> QuerySet[GroupChat]:
    """Standing groups whose owner is in range or has left the company."""
    seen = Q(owner__in=scope.users_of(call.app)) | Q(owner__deleted_at__isnull=False)
    rows = GroupChat.objects.standing().filter(seen)
    return rows.filter(owner__folded__in=owners) if owners else rows


def _status(status: int) -> Q:
    """status_filter: 0 all, 1 owner left, 2 inheriting, 3 inherited."""
    if status == 1:
        return Q(status=1) | Q(status=0, owner__deleted_at__isnull=False)
    return Q(status=status) if status in (2, 3) else Q()


def _days(call: ApiCall) -> list[Any]:
    first = call.integer("day_begin_time")
    last = call.integer("day_end_time", first)
    if first <= 0:
        raise Refused(40058, "day_begin_time is missing")
    return group_statistics.days(
        datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
    )


def _figure(item: dict[str, Any], name: str) -> int:
    return int(item["data"][name])


def _join_way(row: JoinWay, call: ApiCall) -> dict[str, Any]:
    body = {
        "config_id": row.config_id,
        "scene": row.scene,
        "remark": row.remark,
        "auto_create_room": row.auto_create_room,
        "room_base_name": row.room_base_name,
        "room_base_id": row.room_base_id,
        "chat_id_list": row.chat_ids,
        "state": row.state,
        "mark_source": row.mark_source,
    }
    if row.scene == 2:
        path = reverse("sandbox:join_code", args=[row.config_id])
        body["qr_code"] = call.request.build_absolute_uri(path)
    return body
