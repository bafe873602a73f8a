"""Members and departments, read only (part 1 §4 and §5).

The app reads details without the fields that were stripped in 2022; the address-book sync reads
ids only (48009 for details).
"""

from typing import Any

from django.core import signing

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, Corp, Department, User
from guideapp.sandbox.services import scope
from guideapp.sandbox.views.api.registry import BOTH, CONTACTS, Answer, ApiCall, endpoint

_PAGE_MAX = 10000
_SALT = "sandbox.user.list_id"


@endpoint("user/get", kinds=BOTH)
def user_get(call: ApiCall) -> Answer:
    """Part 1 §4.2."""
    _require_details(call)
    if not call.text("userid"):
        raise Refused(41009)
    user = User.objects.named(call.text("userid"))
    if user is None:
        raise Refused(60111)
    if not scope.sees(call.app, user):
        raise Refused(60011)
    return _member(user, privacy=_privacy(), seen=scope.departments_of(call.app))


@endpoint("user/list", kinds=BOTH)
def user_list(call: ApiCall) -> Answer:
    """Part 1 §4.6: the members of one department, with `fetch_child` also those below."""
    _require_details(call)
    privacy, seen = _privacy(), scope.departments_of(call.app)
    return {"userlist": [_member(user, privacy=privacy, seen=seen) for user in _members_of(call)]}


@endpoint("user/simplelist", kinds=BOTH)
def user_simplelist(call: ApiCall) -> Answer:
    """Part 1 §4.6."""
    _require_details(call)
    seen = scope.departments_of(call.app)
    return {
        "userlist": [
            {
                "userid": user.userid,
                "name": user.name,
                "department": [entry["id"] for entry in _seen_entries(user, seen)],
            }
            for user in _members_of(call)
        ]
    }


@endpoint("user/list_id", kinds=CONTACTS)
def user_list_id(call: ApiCall) -> Answer:
    """Part 1 §4.7: one row per member and department, by cursor."""
    limit = call.integer("limit", _PAGE_MAX)
    limit = limit if 1 <= limit <= _PAGE_MAX else _PAGE_MAX
    start = _position(call.text("cursor"))
    rows = [
        {"userid": user.userid, "department": id}
        for user in User.objects.present().order_by("id")
        for id in user.department_ids()
    ]
    page = rows[start : start + limit]
    more = start + limit < len(rows)
    cursor = signing.dumps(start + limit, salt=_SALT) if more else ""
    return {"next_cursor": cursor, "dept_user": page}


@endpoint("department/list", kinds=BOTH)
def department_list(call: ApiCall) -> Answer:
    """Part 1 §5: the whole tree, or a department with all below it."""
    _require_details(call)
    leaders = _leaders()
    return {"department": [_department(row, leaders) for row in _departments(call)]}


@endpoint("department/simplelist", kinds=BOTH)
def department_simplelist(call: ApiCall) -> Answer:
    """Part 1 §5; the key really is `department_id`."""
    return {
        "department_id": [
            {"id": row.id, "parentid": row.parent_id, "order": row.order}
            for row in _departments(call)
        ]
    }


@endpoint("department/get", kinds=BOTH)
def department_get(call: ApiCall) -> Answer:
    """Part 1 §5: an object, not a list."""
    _require_details(call)
    row = _require_department(call.integer("id"), scope.departments_of(call.app))
    return {"department": _department(row, _leaders())}


def _require_details(call: ApiCall) -> None:
    if call.app.kind == App.Kind.CONTACTS:
        raise Refused(48009)


def _privacy() -> bool:
    corp = Corp.objects.first()
    return corp is None or corp.privacy


def _member(user: User, *, privacy: bool, seen: set[int] | None) -> dict[str, Any]:
    entries = _seen_entries(user, seen)
    body = {
        "userid": user.userid,
        "name": user.name,
        "department": [entry["id"] for entry in entries],
        "order": [entry["order"] for entry in entries],
        "position": user.position,
        "is_leader_in_dept": [int(entry["leader"]) for entry in entries],
        "direct_leader": user.direct_leaders,
        "telephone": user.telephone,
        "alias": user.alias,
        "extattr": {"attrs": user.extattr},
        "status": user.status,
        "external_position": user.external_position,
        "main_department": user.main_department or (entries[0]["id"] if entries else 1),
    }
    if user.external_profile:
        body["external_profile"] = user.external_profile
    if privacy:
        return body
    return body | {
        "gender": user.gender,
        "mobile": user.mobile,
        "email": user.email,
        "avatar": "",
        "thumb_avatar": "",
        "qr_code": f"https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vc{user.pk:08x}",
        "biz_mail": user.biz_mail,
        "address": user.address,
    }


def _seen_entries(user: User, seen: set[int] | None) -> list[dict[str, Any]]:
    """The member's departments that the token sees."""
    return [entry for entry in user.departments if seen is None or entry["id"] in seen]


def _members_of(call: ApiCall) -> list[User]:
    wanted = call.integer("department_id")
    _require_department(wanted, scope.departments_of(call.app))
    inside = scope.below(wanted) if call.integer("fetch_child") == 1 else {wanted}
    users = scope.users_of(call.app).order_by("id")
    return [user for user in users if inside & set(user.department_ids())]


def _departments(call: ApiCall) -> list[Department]:
    """What the token sees; the top one of an app may name a parent that it does not see."""
    seen = scope.departments_of(call.app)
    rows = list(Department.objects.order_by("parent_id", "-order", "id"))
    if call.integer("id"):
        _require_department(call.integer("id"), seen)
        inside = scope.below(call.integer("id"))
        rows = [row for row in rows if row.id in inside]
    return [row for row in rows if seen is None or row.id in seen]


def _require_department(id: int, seen: set[int] | None) -> Department:
    row = Department.objects.filter(pk=id).first()
    if row is None:
        raise Refused(60123)
    if seen is not None and id not in seen:
        raise Refused(60011)
    return row


def _leaders() -> dict[int, list[str]]:
    leaders: dict[int, list[str]] = {}
    for user in User.objects.visible().order_by("id"):
        for entry in user.departments:
            if entry["leader"]:
                leaders.setdefault(entry["id"], []).append(user.userid)
    return leaders


def _department(row: Department, leaders: dict[int, list[str]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "name_en": row.name_en,
        "department_leader": leaders.get(row.id, []),
        "parentid": row.parent_id,
        "order": row.order,
    }


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(signing.loads(cursor, salt=_SALT))
    except signing.BadSignature:
        raise Refused(50100) from None
