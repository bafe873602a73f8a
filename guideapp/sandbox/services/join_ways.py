"""Codes and buttons that lead into customer groups (加入群聊)."""

from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, Corp, Customer, GroupChat
from guideapp.sandbox.models.contact_ways import ContactWay
from guideapp.sandbox.models.groups import GroupMember, JoinWay
from guideapp.sandbox.services import campaign_rules, group_chats, ids, relations

CHATS_MAX = 5
_CUT = {"remark": 30, "room_base_name": 40, "state": 30}
_DEFAULTS: dict[str, Any] = {
    "scene": 0,
    "remark": "",
    "auto_create_room": 1,
    "room_base_name": "",
    "room_base_id": 0,
    "chat_id_list": [],
    "state": "",
    "mark_source": True,
}


@transaction.atomic
def add(given: dict[str, Any], app: App) -> JoinWay:
    """add_join_way; contact-me codes share the quota (41045). Raises Refused."""
    fields = _fields(given)
    made = JoinWay.objects.filter(deleted_at=None).count() + ContactWay.objects.count()
    if made >= Corp.objects.values_list("contact_way_quota", flat=True)[0]:
        raise Refused(41045)
    return JoinWay.objects.create(
        config_id=ids.random_text(32), slug=app.slug, created_at=now(), **fields
    )


@transaction.atomic
def update(config_id: str, given: dict[str, Any], app: App) -> None:
    """update_join_way overwrites everything: what is not sent goes back to its default."""
    row = own(config_id, app)
    for name, value in _fields(given).items():
        setattr(row, name, value)
    row.save()


def delete(config_id: str, app: App) -> None:
    """del_join_way."""
    row = own(config_id, app)
    row.deleted_at = now()
    row.save(update_fields=["deleted_at"])


def own(config_id: str, app: App) -> JoinWay:
    """The app's own join way. Raises Refused 41043 or 41044."""
    if not config_id:
        raise Refused(41043)
    row = JoinWay.objects.filter(config_id=config_id, slug=app.slug, deleted_at=None).first()
    if row is None:
        raise Refused(41044)
    return row


@transaction.atomic
def scan(
    *, config_id: str, external_userid: str = "", name: str = "", origin: str = ""
) -> tuple[GroupChat, Customer]:
    """Somebody joins by the code: into the first group with room, or into a new one.

    `name` alone makes a person nobody knew. The outcome is the group and the person.
    """
    way = JoinWay.objects.select_for_update().filter(config_id=config_id, deleted_at=None).first()
    if way is None:
        raise UnknownEvent(f"unknown join way: {config_id}")
    known = Customer.objects.filter(external_userid=external_userid).first()
    customer = known or relations.new_customer(name=name or "微信用户")
    group = _with_room(way) or _new_room(way, origin)
    joined = group_chats.join(
        chat_id=group.chat_id,
        people=[customer.external_userid],
        scene=GroupMember.Scene.QR,
        state=way.state,
        origin=origin,
    )
    return joined, customer


def _with_room(way: JoinWay) -> GroupChat | None:
    most = campaign_rules.current().group_size_max
    standing = {row.chat_id: row for row in _standing(way)}
    rooms = (standing[chat_id] for chat_id in way.chat_ids if chat_id in standing)
    return next((row for row in rooms if row.stays.present().count() < most), None)


def _new_room(way: JoinWay, origin: str) -> GroupChat:
    """All groups are full: the owner of the last one gets a new one, where that is allowed."""
    last = _standing(way).last()
    if last is None or not way.auto_create_room:
        raise UnknownEvent(f"every group of {way.config_id} is full")
    number = way.room_base_id + way.rooms_made
    name = f"{way.room_base_name}{number}" if way.room_base_name else last.name
    group = group_chats.found(owner=last.owner.userid, name=name, origin=origin)
    way.rooms_made += 1
    way.chat_ids = [*way.chat_ids, group.chat_id][-CHATS_MAX:]
    way.save(update_fields=["rooms_made", "chat_ids"])
    return group


def _standing(way: JoinWay) -> Any:
    return GroupChat.objects.standing().filter(chat_id__in=way.chat_ids).order_by("id")


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    fields = {name: _typed(given.get(name), standard) for name, standard in _DEFAULTS.items()}
    chat_ids = list(dict.fromkeys(fields.pop("chat_id_list")))
    if fields["scene"] not in (1, 2):
        raise Refused(41040)
    if not chat_ids:
        raise Refused(40058, "chat_id_list is missing")
    if len(chat_ids) > CHATS_MAX:
        raise Refused(41091)
    if GroupChat.objects.standing().filter(chat_id__in=chat_ids).count() < len(chat_ids):
        raise Refused(40050)
    if fields["auto_create_room"] not in (0, 1):
        raise Refused(40058, "invalid auto_create_room")
    return (
        fields | {name: fields[name][:room] for name, room in _CUT.items()} | {"chat_ids": chat_ids}
    )


def _typed(value: Any, standard: Any) -> Any:
    """A badly typed value counts as missing."""
    return value if type(value) is type(standard) else standard
