"""The address book as the console changes it, reported as change_contact.

Since August 2022 the events about members carry only UserID and Department; with the company's
`privacy` switch off they carry what they carried before.
"""

from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import Corp, Department, User
from guideapp.sandbox.services import callbacks

EVENT = "change_contact"
_EDITABLE = frozenset(
    {
        "name",
        "alias",
        "position",
        "external_position",
        "gender",
        "mobile",
        "email",
        "departments",
        "extattr",
        "status",
        "contact_right",
        "in_scope",
        "telephone",
        "address",
        "biz_mail",
        "external_profile",
        "is_creator",
        "wechat_bound",
        "real_name",
        "customers_max",
    }
)
# Field of ours → element of the event, for the events as they were before 2022.
_ELEMENTS = {
    "name": "Name",
    "position": "Position",
    "mobile": "Mobile",
    "gender": "Gender",
    "email": "Email",
    "status": "Status",
    "alias": "Alias",
    "telephone": "Telephone",
    "address": "Address",
    "biz_mail": "BizMail",
    "main_department": "MainDepartment",
}


@transaction.atomic
def create_user(
    *,
    userid: str,
    name: str,
    departments: list[int | dict[str, Any]],
    origin: str = "",
    **more: Any,
) -> User:
    """The console adds a member. `more`: fields of User. Raises UnknownEvent when it exists."""
    if User.objects.named(userid) is not None:
        raise UnknownEvent(f"userid exists: {userid}")
    user = User(
        userid=userid,
        folded=userid.lower(),
        name=name,
        departments=department_entries(departments),
        **_known(more),
    )
    user.save()
    tell_of(user, "create_user", origin, changed=list(_ELEMENTS))
    return user


@transaction.atomic
def update_user(*, userid: str, origin: str = "", new_userid: str = "", **changes: Any) -> User:
    """The console edits a member; `status` 2 disables. `new_userid` renames the userid itself."""
    user = _user(userid)
    if "departments" in changes:
        changes["departments"] = department_entries(changes["departments"])
    for name, value in _known(changes).items():
        setattr(user, name, value)
    before = user.userid
    if new_userid:
        user.userid, user.folded = new_userid, new_userid.lower()
    user.save()
    tell_of(user, "update_user", origin, changed=list(changes), named=before)
    return user


@transaction.atomic
def delete_user(*, userid: str, origin: str = "") -> User:
    """The member leaves the company; the relations to customers stop being readable."""
    user = _user(userid)
    user.deleted_at = now()
    user.status = User.Status.LEFT
    user.save()
    tell_of_leaving(user, origin)
    return user


@transaction.atomic
def create_department(
    *, id: int, name: str, parent_id: int = 1, order: int = 0, origin: str = ""
) -> Department:
    """The console adds a department."""
    if Department.objects.filter(pk=id).exists():
        raise UnknownEvent(f"department exists: {id}")
    row = Department.objects.create(id=id, name=name, parent_id=parent_id, order=order)
    fields = {"Id": row.id, "Name": row.name, "ParentId": row.parent_id, "Order": row.order}
    callbacks.enqueue(EVENT, "create_party", fields, origin=origin)
    return row


@transaction.atomic
def update_department(
    *, id: int, name: str = "", parent_id: int | None = None, origin: str = ""
) -> Department:
    """The console renames or moves a department; the event carries only what changed."""
    row = _department(id)
    row.name = name or row.name
    row.parent_id = row.parent_id if parent_id is None else parent_id
    row.save()
    fields = {"Id": row.id, "Name": name, "ParentId": "" if parent_id is None else parent_id}
    callbacks.enqueue(EVENT, "update_party", fields, origin=origin)
    return row


@transaction.atomic
def delete_department(*, id: int, origin: str = "") -> None:
    """The console removes an empty department."""
    _department(id).delete()
    callbacks.enqueue(EVENT, "delete_party", {"Id": id}, origin=origin)


def department_entries(departments: list[Any]) -> list[dict[str, Any]]:
    """Entries as User.departments holds them, from ids or from {"id", "leader", "order"}."""
    entries = [entry if isinstance(entry, dict) else {"id": entry} for entry in departments]
    return [
        {
            "id": int(entry["id"]),
            "leader": bool(entry.get("leader", False)),
            "order": int(entry.get("order", 0)),
        }
        for entry in entries
    ]


def tell_of(
    user: User, change_type: str, origin: str, *, changed: list[str], named: str = ""
) -> None:
    """Queue create_user or update_user. `named` is the userid from before a renaming."""
    fields: dict[str, object] = {"UserID": named or user.userid}
    if named and named != user.userid:
        fields["NewUserID"] = user.userid
    fields["Department"] = ",".join(str(id) for id in user.department_ids())
    if not Corp.objects.filter(privacy=True).exists():
        known = [name for name in changed if name in _ELEMENTS]
        full = {_ELEMENTS[name]: getattr(user, name) or "" for name in known}
        leads = ",".join(str(int(entry["leader"])) for entry in user.departments)
        leaders = ",".join(user.direct_leaders)
        fields |= {**full, "IsLeaderInDept": leads, "DirectLeader": leaders}
    callbacks.enqueue(EVENT, change_type, fields, origin=origin)


def tell_of_leaving(user: User, origin: str) -> None:
    """Queue delete_user."""
    callbacks.enqueue(EVENT, "delete_user", {"UserID": user.userid}, origin=origin)


def _known(changes: dict[str, Any]) -> dict[str, Any]:
    unknown = set(changes) - _EDITABLE
    if unknown:
        raise UnknownEvent(f"unknown fields: {', '.join(sorted(unknown))}")
    return changes


def _user(userid: str) -> User:
    user = User.objects.named(userid)
    if user is None:
        raise UnknownEvent(f"unknown member: {userid}")
    return user


def _department(id: int) -> Department:
    row = Department.objects.filter(pk=id).first()
    if row is None:
        raise UnknownEvent(f"unknown department: {id}")
    return row
