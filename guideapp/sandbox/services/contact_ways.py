"""「联系我」 codes: made and changed through the API, scanned by customers (part 1 §9)."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused, UnknownEvent
from guideapp.sandbox.models import App, Corp, Follow, User
from guideapp.sandbox.models.contact_ways import ContactWay, WayScan
from guideapp.sandbox.services import chat, ids, ranges, relations
from guideapp.sandbox.services.conclusions import bubbles, checked

USERS_MAX, TEXT_MAX, TEMPORARY_PER_DAY = 100, 30, 100_000
_STYLES = {1: {0, 1, 2, 3}, 2: {0, 1, 2}}  # by type; only a button has one
_EXPIRES, _EXPIRES_MAX = 7 * 86400, 14 * 86400
_CHAT_EXPIRES = 86400
# Fields that update_contact_way may change → attribute.
_CHANGEABLE = {
    "remark": "remark",
    "skip_verify": "skip_verify",
    "style": "style",
    "state": "state",
    "user": "users",
    "party": "departments",
    "expires_in": "expires_in",
    "chat_expires_in": "chat_expires_in",
    "unionid": "unionid",
    "mark_source": "mark_source",
    "conclusions": "conclusions",
}


@transaction.atomic
def create(app: App, given: dict[str, Any], *, origin: str) -> ContactWay:
    """add_contact_way. Raises Refused with WeCom's codes."""
    _check_kind(given)
    way = ContactWay(
        config_id=ids.config_id(),
        slug=app.slug,
        type=given["type"],
        scene=given["scene"],
        is_temp=given.get("is_temp", False),
        is_exclusive=given.get("is_exclusive", False),
        created_at=now(),
    )
    _require_quota(way)
    if way.is_temp:
        way.expires_in, way.chat_expires_in = _EXPIRES, _CHAT_EXPIRES
    if way.scene == 2:  # the address must not give the config_id away
        way.qr_code = f"{origin}/sandbox/way/{ids.random_text(24)}.png"
    _write(app, way, given)
    way.save()
    return way


@transaction.atomic
def update(app: App, config_id: str, given: dict[str, Any]) -> ContactWay:
    """update_contact_way: lists are replaced; type, scene and is_temp cannot change."""
    way = own(app, config_id)
    if has_expired(way):
        raise Refused(41044)
    _write(app, way, given)
    way.save()
    return way


@transaction.atomic
def delete(app: App, config_id: str) -> None:
    """del_contact_way."""
    way = own(app, config_id)
    way.deleted_at = now()
    way.save(update_fields=["deleted_at"])


def own(app: App, config_id: str) -> ContactWay:
    """The code, if the app made it. Raises Refused 41043, 41044."""
    if not config_id:
        raise Refused(41043)
    way = ContactWay.objects.filter(config_id=config_id, slug=app.slug, deleted_at=None).first()
    if way is None:
        raise Refused(41044)
    return way


def has_expired(way: ContactWay) -> bool:
    """True for a temporary code after its time."""
    return way.is_temp and way.created_at + timedelta(seconds=way.expires_in) <= now()


@transaction.atomic
def close_temporary_chat(*, userid: str, external_userid: str) -> None:
    """close_temp_chat: the conclusions are sent, then the chat is closed. Raises Refused."""
    scan = (
        WayScan.objects.select_related("way", "follow__user", "follow__customer")
        .filter(
            follow__user__folded=userid.lower(),
            follow__customer__external_userid=external_userid,
            closed_at=None,
            ends_at__gt=now(),
        )
        .last()
    )
    if scan is None:
        raise Refused(40058, "no temporary chat")
    for msgtype, payload in bubbles(scan.way.conclusions):
        chat.member_sends(
            userid=scan.follow.user.userid,
            external_userid=external_userid,
            msgtype=msgtype,
            payload=payload,
        )
    scan.closed_at = now()
    scan.save(update_fields=["closed_at"])


@transaction.atomic
def scan(
    *,
    config_id: str = "",
    qr_code: str = "",
    external_userid: str = "",
    unionid: str = "",
    name: str = "",
    origin: str = "",
) -> Follow:
    """A customer scans the code (or presses its button) and adds a member behind it."""
    way = _living(config_id, qr_code)
    customer = relations.whoever(external_userid=external_userid, unionid=unionid, name=name)
    if way.unionid and way.unionid != customer.unionid:
        raise UnknownEvent("the code is for another customer")
    follow = relations.customer_adds(
        userid=_member(way, customer.pk).userid,
        external_userid=customer.external_userid,
        state=way.state,
        add_way=1,
        origin=origin,
    )
    ends = now() + timedelta(seconds=way.chat_expires_in) if way.is_temp else None
    WayScan.objects.create(way=way, follow=follow, at=now(), ends_at=ends)
    return follow


def behind(way: ContactWay) -> list[User]:
    """Members who can be added by the code now."""
    return ranges.serving(way.users, way.departments)


def _member(way: ContactWay, customer_id: int) -> User:
    """Whose turn it is; an exclusive code leads everybody to the member they have."""
    members = behind(way)
    if not members:
        raise UnknownEvent("nobody behind the code can be added")
    if way.is_exclusive:
        held = Follow.objects.standing().filter(customer_id=customer_id, user__in=members).first()
        if held is not None:
            return held.user
    return members[way.scans.count() % len(members)]


def _living(config_id: str, qr_code: str) -> ContactWay:
    key = {"config_id": config_id} if config_id else {"qr_code": qr_code}
    way = ContactWay.objects.filter(**key, deleted_at=None).first() if any(key.values()) else None
    if way is None or has_expired(way):
        raise UnknownEvent("unknown or expired code")
    return way


def _check_kind(given: dict[str, Any]) -> None:
    if "type" not in given:
        raise Refused(41037)
    if "scene" not in given:
        raise Refused(41038)
    if given["type"] not in {1, 2}:
        raise Refused(41039)
    if given["scene"] not in {1, 2}:
        raise Refused(41040)
    if given.get("is_temp") and given["type"] != 1:
        raise Refused(40058, "a temporary chat is with one member")


def _write(app: App, way: ContactWay, given: dict[str, Any]) -> None:
    for name, attribute in _CHANGEABLE.items():
        if name in given:
            setattr(way, attribute, given[name])
    if len(way.remark) > TEXT_MAX or len(way.state) > TEXT_MAX:
        raise Refused(40058, f"remark or state exceed max length {TEXT_MAX}")
    if way.scene == 1 and way.style not in _STYLES[way.type]:
        raise Refused(41042)
    if not way.is_temp and any(given.get(name) for name in ("unionid", "conclusions")):
        raise Refused(40058, "only for a temporary chat")
    if way.unionid and not Corp.objects.filter(unionid_bound=True).exists():
        raise Refused(41057)
    if not (way.expires_in <= _EXPIRES_MAX and way.chat_expires_in <= _EXPIRES_MAX):
        raise Refused(40058, "expires_in")
    if "conclusions" in given:
        way.conclusions = checked(way.conclusions)
    _check_members(app, way)


def _check_members(app: App, way: ContactWay) -> None:
    if not way.users and not way.departments:
        raise Refused(40063)
    if way.type == 1 and (len(way.users) > 1 or way.departments):
        raise Refused(41041 if len(way.users) > 1 else 40058)
    ranges.check(app, way.users, way.departments, most=USERS_MAX)


def _require_quota(way: ContactWay) -> None:
    if way.is_temp:
        day = now() - timedelta(days=1)
        made = ContactWay.objects.filter(is_temp=True, created_at__gt=day).count()
        if made >= TEMPORARY_PER_DAY:
            raise Refused(41045)
        return
    room = Corp.objects.values_list("contact_way_quota", flat=True).first() or 0
    if ContactWay.objects.filter(is_temp=False, deleted_at=None).count() >= room:
        raise Refused(41045)
