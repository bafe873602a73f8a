"""Writing members, and finding them by phone, mail or openid (part 1 §4)."""

from datetime import date, timedelta
from typing import Any

from guideapp.core.clock import day_of
from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Department, User
from guideapp.sandbox.models.address_book import MemberTag
from guideapp.sandbox.services import ids, members, scope
from guideapp.sandbox.views.api.registry import BOTH, CONTACTS, Answer, ApiCall, endpoint

# Field → its JSON type. `gender` comes as text or as a number.
_FIELDS: dict[str, type] = {
    **dict.fromkeys(
        ("name", "alias", "mobile", "email", "biz_mail", "position", "telephone"),
        str,
    ),
    **dict.fromkeys(("external_position", "address", "new_userid"), str),
    **dict.fromkeys(("enable", "main_department"), int),
    **dict.fromkeys(("department", "order", "is_leader_in_dept", "direct_leader"), list),
    **dict.fromkeys(("extattr", "external_profile"), dict),
}
_STAT_DAYS = 30
_INVITED_USERS, _INVITED_GROUPS = 1000, 100


@endpoint("user/create", kinds=CONTACTS, errmsg="created")
def user_create(call: ApiCall) -> Answer:
    """Part 1 §4.1."""
    members.create(call.text("userid"), _given(call), origin=call.origin)
    return {}


@endpoint("user/update", kinds=CONTACTS, errmsg="updated")
def user_update(call: ApiCall) -> Answer:
    """Part 1 §4.3."""
    members.update(call.text("userid"), _given(call), origin=call.origin)
    return {}


@endpoint("user/delete", kinds=CONTACTS, errmsg="deleted")
def user_delete(call: ApiCall) -> Answer:
    """Part 1 §4.4."""
    members.delete(call.text("userid"), origin=call.origin)
    return {}


@endpoint("user/batchdelete", kinds=CONTACTS, errmsg="deleted")
def user_batchdelete(call: ApiCall) -> Answer:
    """Part 1 §4.5."""
    members.delete_all(call.texts("useridlist"), origin=call.origin)
    return {}


@endpoint("user/getuserid", kinds=BOTH)
def user_getuserid(call: ApiCall) -> Answer:
    """Part 1 §4.8, by mobile."""
    mobile = call.text("mobile")
    if not 5 <= len(mobile) <= 32:
        raise Refused(60103)
    return _found(call, mobile=mobile)


@endpoint("user/get_userid_by_email", kinds=BOTH)
def user_by_email(call: ApiCall) -> Answer:
    """Part 1 §4.8: email_type 1 is the company's mail (the default), 2 the member's own."""
    address = call.text("email")
    if not address:
        raise Refused(40063)
    kind = "email" if call.integer("email_type", 1) == 2 else "biz_mail"
    return _found(call, **{kind: address})


@endpoint("user/convert_to_openid", kinds=BOTH)
def user_to_openid(call: ApiCall) -> Answer:
    """Part 1 §4.8; 43004 for a member who never logged in with WeChat."""
    user = members.named(call.text("userid"))
    if not scope.sees(call.app, user):
        raise Refused(60011)
    if not user.wechat_bound:
        raise Refused(43004)
    return {"openid": members.openid(user)}


@endpoint("user/convert_to_userid", kinds=BOTH)
def user_from_openid(call: ApiCall) -> Answer:
    """Part 1 §4.8."""
    if not call.text("openid"):
        raise Refused(40063)
    return {"userid": members.by_openid(call.text("openid")).userid}


@endpoint("user/get_active_stat", kinds=CONTACTS)
def user_active_stat(call: ApiCall) -> Answer:
    """Part 1 §4.8: how many members were active on a day of the last thirty."""
    try:
        day = date.fromisoformat(call.text("date"))
    except ValueError:
        raise Refused(40058, "date") from None
    today = day_of(now())
    if not today - timedelta(days=_STAT_DAYS) <= day <= today:
        raise Refused(40058, "date")
    active = User.objects.present().filter(status=User.Status.ACTIVE)
    return {"active_cnt": active.count()}


@endpoint("batch/invite", kinds=CONTACTS)
def batch_invite(call: ApiCall) -> Answer:
    """Part 1 §4.8: nobody is written to; what is unknown is named."""
    users, departments, tags = call.texts("user"), call.integers("party"), call.integers("tag")
    if len(users) > _INVITED_USERS or max(len(departments), len(tags)) > _INVITED_GROUPS:
        raise Refused(40032)
    if not users and not departments and not tags:
        raise Refused(40063)
    parties = set(Department.objects.values_list("pk", flat=True))
    known = set(MemberTag.objects.values_list("pk", flat=True))
    return {
        "invaliduser": [id for id in users if User.objects.named(id) is None],
        "invalidparty": [id for id in departments if id not in parties],
        "invalidtag": [id for id in tags if id not in known],
    }


@endpoint("corp/get_join_qrcode", kinds=CONTACTS)
def join_qrcode(call: ApiCall) -> Answer:
    """Part 1 §4.8."""
    return {
        "join_qrcode": f"https://work.weixin.qq.com/wework_admin/genqrcode?code={ids.config_id()}"
    }


def _given(call: ApiCall) -> dict[str, Any]:
    """The known fields that the request really has, each of its type."""
    found: dict[str, Any] = {
        name: call.typed(name, kind) for name, kind in _FIELDS.items() if call.given(name)
    }
    found["department"] = _numbers(call, "department")
    found["order"] = _numbers(call, "order")
    found["is_leader_in_dept"] = _numbers(call, "is_leader_in_dept")
    found["direct_leader"] = _texts(call, "direct_leader")
    if call.given("gender"):
        found["gender"] = str(call.body.get("gender", ""))
    return {name: value for name, value in found.items() if value is not None}


def _numbers(call: ApiCall, name: str) -> list[int] | None:
    return call.integers(name) if isinstance(call.body.get(name), list) else None


def _texts(call: ApiCall, name: str) -> list[str] | None:
    return call.texts(name) if isinstance(call.body.get(name), list) else None


def _found(call: ApiCall, **field: str) -> Answer:
    user = scope.users_of(call.app).filter(**field).first()
    if user is None:
        raise Refused(46004)
    return {"userid": user.userid}
