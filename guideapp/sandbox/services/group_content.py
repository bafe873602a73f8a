"""What the API says about a customer group."""

from typing import Any

from guideapp.sandbox.clock import now
from guideapp.sandbox.models import Corp, Customer, GroupChat, User
from guideapp.sandbox.models.groups import GroupMember


def shown(group: GroupChat, *, with_names: bool) -> dict[str, Any]:
    """The answer of groupchat/get: the present state, or that before a change not yet settled."""
    unsettled = group.settles_at is not None and group.settles_at > now()
    body: dict[str, Any] = group.before if unsettled and group.before else detail(group)
    if with_names:
        return body
    nameless = [{k: v for k, v in row.items() if k != "name"} for row in body["member_list"]]
    return body | {"member_list": nameless}


def detail(group: GroupChat) -> dict[str, Any]:
    """The group as it is now, names of its people included."""
    stays = list(group.stays.present().order_by("id"))
    ids = [stay.person for stay in stays]
    users = {user.userid: user for user in User.objects.filter(userid__in=ids)}
    customers = Customer.objects.filter(external_userid__in=ids)
    outside = {customer.external_userid: customer for customer in customers}
    bound = Corp.objects.filter(unionid_bound=True).exists()
    return {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner.userid,
        "create_time": int(group.created_at.timestamp()),
        "notice": group.notice,
        "member_list": [
            _of_ours(stay, users.get(stay.person))
            if stay.is_user
            else _from_outside(stay, outside.get(stay.person), bound=bound)
            for stay in stays
        ],
        "admin_list": [{"userid": stay.person} for stay in stays if stay.is_admin],
        "member_version": group.version,
    }


def status_of(group: GroupChat) -> int:
    """0 normal, 1 the owner has left, 2 being inherited, 3 inherited."""
    return group.status or int(group.owner.deleted_at is not None)


def _of_ours(stay: GroupMember, user: User | None) -> dict[str, Any]:
    return _member(stay, kind=1) | {"name": user.name if user else ""}


def _from_outside(stay: GroupMember, customer: Customer | None, *, bound: bool) -> dict[str, Any]:
    body = _member(stay, kind=2)
    if customer and customer.type == 1 and customer.unionid and bound:
        body["unionid"] = customer.unionid
    if stay.state:
        body["state"] = stay.state
    if stay.invitor:
        body["invitor"] = {"userid": stay.invitor}
    return body | {"name": customer.name if customer else ""}


def _member(stay: GroupMember, *, kind: int) -> dict[str, Any]:
    return {
        "userid": stay.person,
        "type": kind,
        "join_time": int(stay.joined_at.timestamp()),
        "join_scene": stay.scene,
        "group_nickname": stay.nickname,
    }
