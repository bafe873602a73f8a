"""Customer groups: what people do in them, each told as change_external_chat.

Only additions and departures change the member version; the event names the version before and
after, so that a reader notices what it missed. What the API does here tells nobody.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import Customer, GroupChat, User
from guideapp.sandbox.models.groups import GroupMember
from guideapp.sandbox.services import callbacks, campaign_rules, group_content, ids

EVENT = "change_external_chat"
_EVENT_SCENE = {GroupMember.Scene.QR: 3}  # any other way in is 0 in the event


def restore(
    *,
    chat_id: str,
    name: str,
    owner: User,
    created_at: datetime,
    members: Sequence[User | Customer],
    notice: str = "",
) -> GroupChat:
    """A group that has been there all along; nobody is told."""
    group = GroupChat.objects.create(
        chat_id=chat_id,
        name=name,
        notice=notice,
        owner=owner,
        opengid=ids.open_gid(chat_id),
        version=ids.random_text(32),
        created_at=created_at,
    )
    people = dict.fromkeys([owner, *members])
    GroupMember.objects.bulk_create(
        GroupMember(
            group=group, person=_id_of(one), is_user=isinstance(one, User), joined_at=created_at
        )
        for one in people
    )
    return group


@transaction.atomic
def found(
    *, owner: str, name: str = "", members: Sequence[str] = (), origin: str = ""
) -> GroupChat:
    """The member `owner` makes a group with `members` (userids and external_userids)."""
    group = restore(
        chat_id=ids.chat_id(),
        name=name,
        owner=_user(owner),
        created_at=now(),
        members=[person(one) for one in members],
    )
    _tell(group, "create", {}, origin)
    return group


@transaction.atomic
def dismiss(*, chat_id: str, origin: str = "") -> None:
    """The owner dissolves the group."""
    group = named(chat_id)
    group.dismissed_at = now()
    group.save(update_fields=["dismissed_at"])
    _tell(group, "dismiss", {}, origin)


@transaction.atomic
def join(
    *,
    chat_id: str,
    people: Sequence[str],
    scene: int = GroupMember.Scene.INVITED,
    state: str = "",
    invitor: str = "",
    origin: str = "",
) -> GroupChat:
    """`people` come in: 1 invited, 2 by a link, 3 by a QR code. Those inside already stay."""
    group = named(chat_id)
    inside = set(group.stays.present().values_list("person", flat=True))
    coming = [one for one in map(person, dict.fromkeys(people)) if _id_of(one) not in inside]
    if scene not in GroupMember.Scene.values:
        raise UnknownEvent(f"unknown scene: {scene}")
    if not coming:
        return group
    _keep_before(group)
    moment = now()
    GroupMember.objects.bulk_create(
        GroupMember(
            group=group,
            person=_id_of(one),
            is_user=isinstance(one, User),
            scene=scene,
            state=state[:30],
            invitor=_user(invitor).userid if invitor else "",
            joined_at=moment,
        )
        for one in coming
    )
    where = {"JoinScene": _EVENT_SCENE.get(GroupMember.Scene(scene), 0)}
    _tell_members(group, "add_member", where, [_id_of(one) for one in coming], origin)
    return group


@transaction.atomic
def leave(
    *, chat_id: str, people: Sequence[str], removed: bool = False, origin: str = ""
) -> GroupChat:
    """`people` leave by themselves, or are `removed` by the owner or an admin of the group."""
    group = named(chat_id)
    stays = group.stays.present().filter(person__in=list(people))
    going = list(stays.values_list("person", flat=True))
    if not going:
        raise UnknownEvent(f"none of them is in {chat_id}")
    _keep_before(group)
    stays.update(left_at=now())
    _tell_members(group, "del_member", {"QuitScene": int(removed)}, going, origin)
    return group


@transaction.atomic
def edit(
    *, chat_id: str, name: str | None = None, notice: str | None = None, origin: str = ""
) -> GroupChat:
    """The owner renames the group or writes its notice; one event for each."""
    group = named(chat_id)
    _keep_before(group)
    if name is not None:
        group.name = name
        # As observed: this event carries elements of member changes although none changed.
        _tell_update(group, "change_name", {"JoinScene": 0, "MemChangeCnt": 0}, origin)
    if notice is not None:
        group.notice = notice
        _tell_update(group, "change_notice", {}, origin)
    group.save()
    return group


@transaction.atomic
def change_owner(*, chat_id: str, userid: str, origin: str = "") -> GroupChat:
    """The group gets another owner in the client; a newcomer joins by it."""
    join(chat_id=chat_id, people=[userid], origin=origin)
    group = named(chat_id)
    _keep_before(group)
    group.owner = _user(userid)
    group.save()
    _tell_update(group, "change_owner", {}, origin)
    return group


@transaction.atomic
def set_admins(*, chat_id: str, userids: Sequence[str]) -> GroupChat:
    """The owner names the group's admins. WeCom has no event for it."""
    group = named(chat_id)
    group.stays.present().update(is_admin=False)
    group.stays.present().filter(person__in=list(userids), is_user=True).update(is_admin=True)
    return group


def named(chat_id: str) -> GroupChat:
    """The standing group, locked. Raises UnknownEvent."""
    group = GroupChat.objects.standing().select_for_update().filter(chat_id=chat_id).first()
    if group is None:
        raise UnknownEvent(f"unknown group: {chat_id}")
    return group


def person(id: str) -> User | Customer:
    """The member or the customer with this id. Raises UnknownEvent."""
    found = User.objects.named(id) or Customer.objects.filter(external_userid=id).first()
    if found is None:
        raise UnknownEvent(f"unknown person: {id}")
    return found


def _keep_before(group: GroupChat) -> None:
    """With the lag switched on, groupchat/get goes on saying what it said before this change."""
    seconds = campaign_rules.current().group_lag_seconds
    if not seconds:
        return
    moment = now()
    if group.settles_at is None or group.settles_at <= moment:
        group.before = group_content.detail(group)
    group.settles_at = moment + timedelta(seconds=seconds)
    group.save(update_fields=["before", "settles_at"])


def _tell_members(
    group: GroupChat, detail: str, where: dict[str, int], changed: list[str], origin: str
) -> None:
    before, group.version = group.version, ids.random_text(32)
    group.save(update_fields=["version"])
    fields = {
        **where,
        "MemChangeCnt": len(changed),
        "MemChangeList": {"Item": changed},
        "LastMemVer": before,
        "CurMemVer": group.version,
    }
    _tell_update(group, detail, fields, origin)


def _tell_update(group: GroupChat, detail: str, fields: dict[str, object], origin: str) -> None:
    _tell(group, "update", {"UpdateDetail": detail, **fields}, origin)


def _tell(group: GroupChat, change_type: str, fields: dict[str, object], origin: str) -> None:
    """In this family the chat's id stands before the change type."""
    ordered = {"ChatId": group.chat_id, "ChangeType": change_type, **fields}
    callbacks.enqueue(EVENT, change_type, ordered, origin=origin)


def _user(userid: str) -> User:
    found = User.objects.named(userid)
    if found is None:
        raise UnknownEvent(f"unknown member: {userid}")
    return found


def _id_of(one: User | Customer) -> str:
    return one.userid if isinstance(one, User) else one.external_userid
