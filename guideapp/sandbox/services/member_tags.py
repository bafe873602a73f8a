"""Tags of members (通讯录标签), part 1 §6. Customer tags are in `tags`."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, Department, User
from guideapp.sandbox.models.address_book import MemberTag
from guideapp.sandbox.services import callbacks, members
from guideapp.sandbox.services.directory import EVENT

NAME_MAX, TAGS_MAX, USERS_MAX, PARTIES_MAX = 32, 3000, 1000, 100


@dataclass(frozen=True)
class Sorted:
    """The ids of one call: those that could be changed and those that could not."""

    users: list[User]
    departments: list[int]
    invalid_users: list[str]
    invalid_departments: list[int]


@transaction.atomic
def create(app: App, *, name: str, id: int = 0) -> MemberTag:
    """tag/create. Raises Refused."""
    _check_name(name)
    if id and MemberTag.objects.filter(pk=id).exists():
        raise Refused(40068)
    if MemberTag.objects.count() >= TAGS_MAX:
        raise Refused(40126)
    last = MemberTag.objects.aggregate(last=Max("id"))["last"] or 0
    return MemberTag.objects.create(id=id or last + 1, name=name, slug=app.slug)


@transaction.atomic
def rename(app: App, *, id: int, name: str) -> None:
    """tag/update."""
    tag = _own(app, id)
    _check_name(name, except_id=id)
    tag.name = name
    tag.save(update_fields=["name"])


@transaction.atomic
def delete(app: App, *, id: int) -> None:
    """tag/delete."""
    _own(app, id).delete()


@transaction.atomic
def add(
    app: App, *, id: int, userids: list[str], departments: list[int], origin: str = ""
) -> Sorted:
    """tag/addtagusers: what is valid is added; nothing valid is 40070."""
    tag = _own(app, id)
    wanted = _sorted(userids, departments)
    if not wanted.users and not wanted.departments:
        raise Refused(40070, **_invalid(wanted))
    tag.users.add(*wanted.users)
    tag.departments = sorted({*tag.departments, *wanted.departments})
    tag.save(update_fields=["departments"])
    _tell(app, tag, "Add", wanted, origin)
    return wanted


@transaction.atomic
def remove(
    app: App, *, id: int, userids: list[str], departments: list[int], origin: str = ""
) -> Sorted:
    """tag/deltagusers: who does not have the tag is invalid; nothing valid is 40031."""
    tag = _own(app, id)
    wanted = _sorted(userids, departments)
    tagged = set(tag.users.values_list("pk", flat=True))
    held = Sorted(
        users=[user for user in wanted.users if user.pk in tagged],
        departments=[id for id in wanted.departments if id in tag.departments],
        invalid_users=wanted.invalid_users
        + [user.userid for user in wanted.users if user.pk not in tagged],
        invalid_departments=wanted.invalid_departments
        + [id for id in wanted.departments if id not in tag.departments],
    )
    if not held.users and not held.departments:
        raise Refused(40031, "all list invalid", **_invalid(held))
    tag.users.remove(*held.users)
    tag.departments = [id for id in tag.departments if id not in held.departments]
    tag.save(update_fields=["departments"])
    _tell(app, tag, "Del", held, origin)
    return held


@transaction.atomic
def console_changes(
    *,
    id: int,
    add: list[str] | None = None,
    remove: list[str] | None = None,
    name: str = "",
    origin: str = "",
) -> MemberTag:
    """The console gives the tag to members or takes it away; a new `id` makes one of that name."""
    tag = MemberTag.objects.filter(pk=id).first()
    if tag is None and not name:
        raise UnknownEvent(f"unknown member tag: {id}")
    tag = tag or MemberTag.objects.create(id=id, name=name, slug="")
    added = _sorted(add or [], [])
    removed = _sorted(remove or [], [])
    if added.invalid_users or removed.invalid_users:
        raise UnknownEvent(f"unknown members: {added.invalid_users + removed.invalid_users}")
    tag.users.add(*added.users)
    tag.users.remove(*removed.users)
    fields = {
        "TagId": id,
        "AddUserItems": ",".join(user.userid for user in added.users),
        "DelUserItems": ",".join(user.userid for user in removed.users),
    }
    callbacks.enqueue(EVENT, "update_tag", fields, origin=origin)
    return tag


def named(id: int) -> MemberTag:
    """The tag. Raises Refused 40068."""
    tag = MemberTag.objects.filter(pk=id).first()
    if tag is None:
        raise Refused(40068)
    return tag


def _own(app: App, id: int) -> MemberTag:
    tag = named(id)
    if tag.slug != app.slug:
        raise Refused(81011)
    return tag


def _check_name(name: str, *, except_id: int = 0) -> None:
    if not 1 <= len(name) <= NAME_MAX:
        raise Refused(40072)
    if MemberTag.objects.filter(name=name).exclude(pk=except_id).exists():
        raise Refused(40071)


def _sorted(userids: list[str], departments: list[int]) -> Sorted:
    if len(userids) > USERS_MAX or len(departments) > PARTIES_MAX:
        raise Refused(81014)
    found = {userid: User.objects.named(userid) for userid in dict.fromkeys(userids)}
    known = set(Department.objects.filter(pk__in=departments).values_list("pk", flat=True))
    return Sorted(
        users=[user for user in found.values() if user is not None],
        departments=[id for id in departments if id in known],
        invalid_users=[userid for userid, user in found.items() if user is None],
        invalid_departments=[id for id in departments if id not in known],
    )


def _invalid(wanted: Sorted) -> dict[str, Any]:
    return {
        "invalidlist": "|".join(wanted.invalid_users),
        "invalidparty": wanted.invalid_departments,
    }


def _tell(app: App, tag: MemberTag, act: str, changed: Sorted, origin: str) -> None:
    """An app's change is called back to the address-book sync; the sync's own is not."""
    if app.kind == App.Kind.CONTACTS and not members.tells():
        return
    fields = {
        "TagId": tag.pk,
        f"{act}UserItems": ",".join(user.userid for user in changed.users),
        f"{act}PartyItems": ",".join(str(id) for id in changed.departments),
    }
    callbacks.enqueue(EVENT, "update_tag", fields, origin=origin)
