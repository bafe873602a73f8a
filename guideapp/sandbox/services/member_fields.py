"""What a member's fields may hold, for user/create and user/update (part 1 §4.1 and §4.9)."""

import re
from collections.abc import Callable
from typing import Any

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Corp, Department, User

_USERID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-@.]{0,63}")
_MOBILE = re.compile(r"\+?[0-9\-]{5,32}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_TELEPHONE = re.compile(r"[0-9\-+,]*")
DEPARTMENTS_MAX, LEADERS_MAX, _ATTRIBUTE_MAX = 100, 5, 12
# Field → (attribute, most characters); longer is 40058.
_TEXTS = {
    "alias": ("alias", 64),
    "position": ("position", 128),
    "external_position": ("external_position", 12),
    "telephone": ("telephone", 32),
    "address": ("address", 128),
    "biz_mail": ("biz_mail", 64),
}
type Given = dict[str, Any]


def check_userid(userid: str) -> None:
    """Raises Refused 41009 or 40003."""
    if not userid:
        raise Refused(41009)
    if not _USERID.fullmatch(userid):
        raise Refused(40003)


def write(user: User, given: Given) -> list[str]:
    """Put the fields of a request into `user`, unsaved; the attributes that were written.

    Raises Refused with WeCom's codes; a field that is not in `given` stays.
    """
    changes: dict[str, Any] = {
        attribute: _within(name, given[name], room)
        for name, (attribute, room) in _TEXTS.items()
        if name in given
    }
    if not _TELEPHONE.fullmatch(changes.get("telephone", "")):
        raise Refused(40058, "telephone")
    if "enable" in given:
        changes["status"] = _status(user, enabled=given["enable"] != 0)
    for name, (attribute, read) in _READERS.items():
        if name in given:
            changes[attribute] = read(given[name])
    changes |= _addresses(user, given) | _places(user, given)
    for attribute, value in changes.items():
        setattr(user, attribute, value)
    return list(changes)


def _within(name: str, value: str, room: int) -> str:
    if len(value) > room:
        raise Refused(40058, f"{name} exceed max length {room}")
    return value


def _name(name: str) -> str:
    if not 1 <= len(name) <= 64:
        raise Refused(60112)
    return name


def _gender(gender: str) -> str:
    return gender if gender in {"1", "2"} else "0"


def _status(user: User, *, enabled: bool) -> int:
    if not enabled:
        return User.Status.DISABLED
    return User.Status.ACTIVE if user.status == User.Status.DISABLED else user.status


def _addresses(user: User, given: Given) -> dict[str, Any]:
    """Mobile and email: unique, one of them needed; the mobile of an active member stays."""
    changes: dict[str, Any] = {}
    activated = not user._state.adding and user.status == User.Status.ACTIVE
    if given.get("mobile") and not activated:
        changes["mobile"] = given["mobile"]
        if not _MOBILE.fullmatch(given["mobile"]):
            raise Refused(60103)
        _require_new(user, 60104, mobile=given["mobile"])
    if given.get("email"):
        changes["email"] = given["email"]
        if not 6 <= len(given["email"]) <= 64 or not _EMAIL.fullmatch(given["email"]):
            raise Refused(60105)
        _require_new(user, 60106, email=given["email"])
    elif "email" in given:
        changes["email"] = ""
    if user._state.adding and not (changes.get("mobile") or changes.get("email")):
        raise Refused(60129)
    return changes


def _require_new(user: User, errcode: int, **value: str) -> None:
    if User.objects.present().filter(**value).exclude(pk=user.pk).exists():
        raise Refused(errcode)


def _places(user: User, given: Given) -> dict[str, Any]:
    """Departments with the lists that run beside them, and the main one."""
    changes: dict[str, Any] = {}
    if "department" in given or user._state.adding:
        changes["departments"] = _entries(given)
    ids = [entry["id"] for entry in changes.get("departments", user.departments)]
    if "main_department" in given:
        if given["main_department"] not in ids:
            raise Refused(60123)
        changes["main_department"] = given["main_department"]
    elif user.main_department not in {0, *ids}:
        changes["main_department"] = 0
    return changes


def _entries(given: Given) -> list[dict[str, Any]]:
    ids = list(dict.fromkeys(given.get("department", [1])))
    if not ids:
        raise Refused(60127)
    if len(ids) > DEPARTMENTS_MAX:
        raise Refused(60110)
    if Department.objects.filter(pk__in=ids).count() < len(ids):
        raise Refused(40066)
    orders = given.get("order") or [0] * len(ids)
    leads = given.get("is_leader_in_dept") or [0] * len(ids)
    if len(leads) != len(ids):
        raise Refused(60132)
    if len(orders) != len(ids) or not all(0 <= order < 2**32 for order in orders):
        raise Refused(40058, "order")
    rows = zip(ids, orders, leads, strict=True)
    return [{"id": id, "order": order, "leader": lead == 1} for id, order, lead in rows]


def _leaders(userids: list[str]) -> list[str]:
    if len(userids) > LEADERS_MAX:
        raise Refused(40058, f"direct_leader exceed max size {LEADERS_MAX}")
    found = [User.objects.named(userid) for userid in userids]
    if None in found:
        raise Refused(40003)
    return [user.userid for user in found if user is not None]


def _attributes(extattr: dict[str, Any]) -> list[dict[str, Any]]:
    """Custom attributes; a name that the console does not know is left out without a word."""
    known = Corp.objects.values_list("member_fields", flat=True).first() or []
    entries = [entry for entry in extattr.get("attrs", []) if isinstance(entry, dict)]
    return [_attribute(entry) for entry in entries if entry.get("name") in known]


def _attribute(entry: dict[str, Any]) -> dict[str, Any]:
    kind, name = entry.get("type"), entry["name"]
    if kind == 0:
        value = str(entry.get("text", {}).get("value", ""))
        return {"type": 0, "name": name, "text": {"value": _within("text.value", value, 64)}}
    if kind != 1:
        raise Refused(40058, "extattr type")
    web = entry.get("web", {})
    url, title = str(web.get("url", "")), str(web.get("title", ""))
    if bool(url) != bool(title) or (url and not url.startswith(("http://", "https://"))):
        raise Refused(40058, "web.url")
    return {"type": 1, "name": name, "web": {"url": url, "title": _within("web.title", title, 12)}}


def _profile(given: dict[str, Any]) -> dict[str, Any]:
    """external_profile as it is shown to customers (对外信息); its list replaces the old one."""
    corp = Corp.objects.first()
    profile: dict[str, Any] = {}
    name = given.get("external_corp_name", "")
    if name and corp and name not in corp.short_names:
        raise Refused(41036)
    if name:
        profile["external_corp_name"] = name
    nickname = (given.get("wechat_channels") or {}).get("nickname", "")
    if nickname and corp and nickname not in corp.channels:
        raise Refused(41066)
    if nickname:
        profile["wechat_channels"] = {"nickname": nickname, "status": 0}
    entries = given.get("external_attr") or []
    return profile | {"external_attr": [_shown(entry) for entry in entries]}


def _shown(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise Refused(90106)
    body = {0: _shown_text, 1: _shown_web, 2: _shown_program}.get(entry.get("type", -1))
    if body is None:
        raise Refused(90100)
    return {"type": entry["type"], "name": entry["name"]} | body(entry)


def _shown_text(entry: dict[str, Any]) -> dict[str, Any]:
    value = str((entry.get("text") or {}).get("value", ""))
    if len(value) > _ATTRIBUTE_MAX:
        raise Refused(90101)
    return {"text": {"value": value}}


def _shown_web(entry: dict[str, Any]) -> dict[str, Any]:
    web = entry.get("web") or {}
    url, title = str(web.get("url", "")), str(web.get("title", ""))
    if len(title) > _ATTRIBUTE_MAX:
        raise Refused(90102)
    if not url.startswith(("http://", "https://")):
        raise Refused(90103)
    return {"web": {"url": url, "title": title}}


def _shown_program(entry: dict[str, Any]) -> dict[str, Any]:
    program = entry.get("miniprogram") or {}
    names = ("appid", "pagepath", "title")
    appid, path, title = (str(program.get(name, "")) for name in names)
    if len(title) > _ATTRIBUTE_MAX:
        raise Refused(90104)
    if not path:
        raise Refused(90105)
    return {"miniprogram": {"appid": appid, "pagepath": path, "title": title}}


# Field → (attribute, what reads it).
_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("name", _name),
    "gender": ("gender", _gender),
    "extattr": ("extattr", _attributes),
    "external_profile": ("external_profile", _profile),
    "direct_leader": ("direct_leaders", _leaders),
}
