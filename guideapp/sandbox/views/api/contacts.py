"""Customers, their relations, remarks and the welcome message (part 1 §8, part 2 §4)."""

from functools import partial
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, Corp, CorpTag, Customer, Follow, Media, User
from guideapp.sandbox.services import scope, welcome
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)

_FOLLOWERS_PAGE = 500
_BATCH_DEFAULT, _BATCH_MAX = 50, 100
_SALT = "sandbox.externalcontact"
_CHANNELS = 10  # add_way of 视频号
# Field of the request → (attribute, most characters)
_REMARKS = {
    "remark": ("remark", 20),
    "description": ("description", 150),
    "remark_company": ("remark_company", 20),
}


@endpoint("externalcontact/get_follow_user_list")
def follow_users(call: ApiCall) -> Answer:
    """Part 1 §8.1: visible members who have 客户联系."""
    able = scope.users_of(call.app).filter(contact_right=True).order_by("id")
    return {"follow_user": list(able.values_list("userid", flat=True))}


@endpoint("externalcontact/list")
def customers_of(call: ApiCall) -> Answer:
    """Part 1 §8.2; a member without customers is 84061, not an empty success."""
    user = _able_user(call.app, call.text("userid"))
    ids = _readable().filter(user=user).order_by("id")
    found = list(ids.values_list("customer__external_userid", flat=True))
    if not found:
        raise Refused(84061, external_userid=[])
    return {"external_userid": found}


@endpoint("externalcontact/get")
def customer_get(call: ApiCall) -> Answer:
    """Part 1 §8.3: the customer and up to 500 followers a page."""
    customer = _customer(call.text("external_userid"))
    after = _position(call.text("cursor"), of=customer.external_userid)
    follows = _readable().filter(customer=customer)
    seen = follows.filter(user__in=scope.users_of(call.app), pk__gt=after)
    page = list(seen.order_by("id")[: _FOLLOWERS_PAGE + 1])
    if not page and not after:
        raise Refused(40096 if follows.exists() else 84061, follow_user=[])
    body: dict[str, Any] = {
        "external_contact": _contact(customer, bound=_unionid_bound()),
        "follow_user": [_followed(follow, call.app) for follow in page[:_FOLLOWERS_PAGE]],
    }
    if len(page) > _FOLLOWERS_PAGE:
        last = page[_FOLLOWERS_PAGE - 1].pk
        body["next_cursor"] = _cursor(last, of=customer.external_userid)
    return body


@endpoint("externalcontact/batch/get_by_user")
def customers_of_users(call: ApiCall) -> Answer:
    """Part 1 §8.4: relations of up to 100 members; a page may be short although more follow."""
    named = call.texts("userid_list") or [call.text("userid")]
    if len(named) > _BATCH_MAX:
        raise Refused(40032)
    users = [_able_user(call.app, userid) for userid in named]
    limit = call.integer("limit", _BATCH_DEFAULT)
    limit = min(limit, _BATCH_MAX) if limit > 0 else _BATCH_DEFAULT
    of = "|".join(sorted(user.folded for user in users))
    after = _position(call.text("cursor"), of=of)
    rows = _readable().filter(user__in=users, pk__gt=after).order_by("id")
    page = list(rows[: limit + 1])
    if not page and not after:
        raise Refused(84061, external_contact_list=[])
    more = len(page) > limit
    page = page[: limit - limit // 10] if more else page  # WeCom's pages are short now and then
    bound = _unionid_bound()
    return {
        "external_contact_list": [
            {
                "external_contact": _contact(row.customer, bound=bound),
                "follow_info": _follow_info(row),
            }
            for row in page
        ],
        "next_cursor": _cursor(page[-1].pk, of=of) if more else "",
    }


@endpoint("externalcontact/remark")
def remark(call: ApiCall) -> Answer:
    """Part 1 §8.5: fields that are not sent stay; the numbers are replaced as a whole."""
    follow = _relation(call)
    changed = False
    for name, (attribute, room) in _REMARKS.items():
        if call.given(name):
            changed = True
            if len(call.text(name)) > room:
                raise Refused(40058, f"{name} exceed max length {room}")
            setattr(follow, attribute, call.text(name))
    if call.given("remark_mobiles"):
        changed = True
        follow.remark_mobiles = [number for number in call.texts("remark_mobiles") if number]
    if call.given("remark_pic_mediaid"):
        changed = True
        _require_image(call.text("remark_pic_mediaid"))
    if not changed:
        raise Refused(40058)
    follow.save()
    return {}


@endpoint("externalcontact/mark_tag")
def mark_tag(call: ApiCall) -> Answer:
    """Part 1 §8.6: tags belong to the relation; unknown ones refuse the whole call (40068)."""
    follow = _relation(call)
    add, remove = set(call.texts("add_tag")), set(call.texts("remove_tag"))
    if not add and not remove:
        raise Refused(40063)
    known = CorpTag.objects.filter(tag_id__in=add | remove, deleted=False, group__strategy_id=0)
    tags = {tag.tag_id: tag for tag in known}
    if len(tags) < len(add | remove):
        raise Refused(40068)
    follow.tags.add(*(tags[tag_id] for tag_id in add))
    follow.tags.remove(*(tags[tag_id] for tag_id in remove))
    return {}


@endpoint("externalcontact/send_welcome_msg")
def send_welcome_msg(call: ApiCall) -> Answer:
    """Part 2 §4.1."""
    text = call.typed("text", dict) or {}
    content = text.get("content", "")
    welcome.send_welcome(
        code=call.text("welcome_code"),
        text=content if isinstance(content, str) else "",
        attachments=call.typed("attachments", list) or [],
    )
    return {}


def _readable() -> QuerySet[Follow]:
    """Relations that the API shows now."""
    settled = Q(readable_at=None) | Q(readable_at__lte=now())
    return Follow.objects.standing().filter(settled).prefetch_related("tags__group")


def _able_user(app: App, userid: str) -> User:
    if not userid:
        raise Refused(41009)
    user = User.objects.named(userid)
    if user is None:
        raise Refused(40003)
    if not scope.sees(app, user):
        raise Refused(60011)
    if not user.contact_right:
        raise Refused(84074)
    return user


def _customer(external_userid: str) -> Customer:
    if not external_userid:
        raise Refused(41035)
    customer = Customer.objects.filter(external_userid=external_userid).first()
    if customer is None:
        raise Refused(40096)
    return customer


def _relation(call: ApiCall) -> Follow:
    user = _able_user(call.app, call.text("userid"))
    customer = _customer(call.text("external_userid"))
    follow = _readable().filter(user=user, customer=customer).first()
    if follow is None:
        raise Refused(84061)
    return follow


def _require_image(media_id: str) -> None:
    if not Media.objects.filter(media_id=media_id, kind="image", expires_at__gt=now()).exists():
        raise Refused(40007)


def _unionid_bound() -> bool:
    return Corp.objects.filter(unionid_bound=True).exists()


def _contact(customer: Customer, *, bound: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "external_userid": customer.external_userid,
        "name": customer.name,
        "type": customer.type,
        "avatar": customer.avatar,
        "gender": customer.gender,
    }
    if customer.type == 2:
        return body | {"corp_name": customer.corp_name, "corp_full_name": customer.corp_name}
    if customer.unionid and bound:
        body["unionid"] = customer.unionid
    return body


def _relation_fields(follow: Follow) -> dict[str, Any]:
    body: dict[str, Any] = {
        "userid": follow.user.userid,
        "remark": follow.remark,
        "description": follow.description,
        "createtime": int(follow.created_at.timestamp()),
        "remark_mobiles": follow.remark_mobiles,
        "add_way": follow.add_way,
        "oper_userid": follow.oper_userid,
    }
    if follow.customer.type == 1:
        body["remark_corp_name"] = follow.remark_company
    if follow.state:
        body["state"] = follow.state
    if follow.add_way == _CHANNELS and follow.wechat_channels:
        body["wechat_channels"] = follow.wechat_channels
    return body


def _followed(follow: Follow, app: App) -> dict[str, Any]:
    """An entry of follow_user: tags with names, the member's own ones without an id.

    Tags of rule groups (type 3) are shown to the secret of 客户联系 only.
    """
    corp_tags = [
        {
            "group_name": tag.group.name,
            "tag_name": tag.name,
            "tag_id": tag.tag_id,
            "type": 3 if tag.group.strategy_id else 1,
        }
        for tag in follow.tags.all()
        if not tag.group.strategy_id or app.kind == App.Kind.CUSTOMER
    ]
    own = [{"group_name": "个人", "tag_name": name, "type": 2} for name in follow.own_tags]
    return _relation_fields(follow) | {"tags": corp_tags + own}


def _follow_info(follow: Follow) -> dict[str, Any]:
    """The relation in a batch: ids of corp tags, no names, no personal tags."""
    return _relation_fields(follow) | {"tag_id": [tag.tag_id for tag in follow.tags.all()]}


def _cursor(position: int, *, of: str) -> str:
    return signing.dumps([position, of], salt=_SALT, compress=True)


def _position(cursor: str, *, of: str) -> int:
    if not cursor:
        return 0
    try:
        position, asked = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise Refused(50100) from None
    if asked != of:
        raise Refused(50100)
    return int(position)
