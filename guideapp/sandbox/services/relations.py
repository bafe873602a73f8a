"""Acts of members and customers that WeCom reports as change_external_contact."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import ChatMessage, CorpTag, Customer, Follow, User, WelcomeCode
from guideapp.sandbox.models.acquisition import LinkCustomer
from guideapp.sandbox.models.activity import Activity
from guideapp.sandbox.services import callbacks, ids

EVENT = "change_external_contact"
WELCOME_SECONDS = 20
ASSIGNED = 202  # add_way of a customer who was transferred


def new_customer(*, name: str, gender: int = 0, external_userid: str = "") -> Customer:
    """A WeChat user nobody in the company knows yet."""
    given = external_userid or ids.external_userid()
    return Customer.objects.create(
        external_userid=given, name=name, gender=gender, unionid=ids.unionid(given)
    )


def whoever(*, external_userid: str = "", unionid: str = "", name: str = "") -> Customer:
    """The customer with one of these ids; nobody known: a new one, called `name`."""
    known = {"external_userid": external_userid} if external_userid else {"unionid": unionid}
    found = Customer.objects.filter(**known).first() if any(known.values()) else None
    if found is None and external_userid:
        raise UnknownEvent(f"unknown customer: {external_userid}")
    if found is None:
        found = new_customer(name=name or "微信用户")
        found.unionid = unionid or found.unionid
        found.save(update_fields=["unionid"])
    return found


@transaction.atomic
def customer_adds(
    *,
    userid: str,
    external_userid: str,
    state: str = "",
    add_way: int = 1,
    half: bool = False,
    welcome: bool = True,
    unreadable_seconds: int = 0,
    origin: str = "",
) -> Follow:
    """The customer adds the member, say by the member's QR code. Already friends: nothing happens.

    `half`: the member accepts without asking and has not added back. `welcome` false: the console
    greets for this member, so the event has no code. For `unreadable_seconds` the API still
    answers 84061.
    """
    user, customer = _pair(userid, external_userid)
    return _befriend(
        user,
        customer,
        state=state[:64],
        add_way=add_way,
        oper_userid=customer.external_userid,
        half=half,
        welcome=welcome,
        unreadable_seconds=unreadable_seconds,
        origin=origin,
    )


@transaction.atomic
def guide_adds(*, userid: str, external_userid: str, add_way: int = 2, origin: str = "") -> Follow:
    """The member looks the customer up (by phone number) and the customer accepts."""
    user, customer = _pair(userid, external_userid)
    return _befriend(
        user, customer, state="", add_way=add_way, oper_userid=user.userid, origin=origin
    )


@transaction.atomic
def guide_deletes(
    *, userid: str, external_userid: str, by_transfer: bool = False, origin: str = ""
) -> Follow:
    """The member deletes the customer: the API forgets the relation (84061)."""
    follow = _follow(userid, external_userid)
    follow.deleted_at = now()
    follow.save(update_fields=["deleted_at"])
    source = "DELETE_BY_TRANSFER" if by_transfer else ""
    _tell("del_external_contact", follow, origin, Source=source)
    return follow


@transaction.atomic
def customer_deletes(*, userid: str, external_userid: str, origin: str = "") -> Follow:
    """The customer deletes the member: a one-way relation stays readable."""
    follow = _follow(userid, external_userid)
    follow.customer_left_at = now()
    follow.save(update_fields=["customer_left_at"])
    Activity.objects.create(kind=Activity.Kind.NEGATIVE, user=follow.user, at=now())
    _tell("del_follow_user", follow, origin)
    _tell_of_link(follow, origin)
    return follow


@transaction.atomic
def guide_edits(
    *,
    userid: str,
    external_userid: str,
    remark: str | None = None,
    description: str | None = None,
    mobiles: list[str] | None = None,
    add_tags: Iterable[str] = (),
    remove_tags: Iterable[str] = (),
    origin: str = "",
) -> Follow:
    """The member edits remark, numbers or tags in the client. Numbers alone fire no event."""
    follow = _follow(userid, external_userid)
    texts = {"remark": remark, "description": description}
    changed = {name: value for name, value in texts.items() if value is not None}
    for name, value in changed.items():
        setattr(follow, name, value)
    if mobiles is not None:
        follow.remark_mobiles = mobiles
    follow.save()
    added = list(CorpTag.objects.filter(tag_id__in=list(add_tags), deleted=False))
    removed = list(CorpTag.objects.filter(tag_id__in=list(remove_tags)))
    follow.tags.add(*added)
    follow.tags.remove(*removed)
    if changed or added or removed:
        _tell("edit_external_contact", follow, origin)
    return follow


@transaction.atomic
def transfer_fails(
    *, userid: str, external_userid: str, reason: str = "customer_refused", origin: str = ""
) -> Follow:
    """A handover to the member `userid` does not complete: the customer refuses, or no room."""
    user, customer = _pair(userid, external_userid)
    follow = Follow(user=user, customer=customer)
    _tell("transfer_fail", follow, origin, FailReason=reason)
    return follow


@transaction.atomic
def goes_over(
    *, old: Follow, user: User, at: datetime, was_hers: bool, told_of_loss: bool, origin: str = ""
) -> Follow:
    """The customer of `old` becomes `user`'s, assigned (add_way 202).

    No event tells of a new friend who was one already, or whom `user` once handed over.
    """
    follow, made = Follow.objects.get_or_create(
        user=user, customer=old.customer, defaults={"created_at": at, "add_way": ASSIGNED}
    )
    friends = not made and follow.deleted_at is None and follow.customer_left_at is None
    if not friends:
        follow.add_way, follow.created_at, follow.state = ASSIGNED, at, ""
        follow.oper_userid = user.userid
        follow.deleted_at = follow.customer_left_at = follow.readable_at = None
        follow.half = False
        follow.save()
        _count(follow)
    old.deleted_at = at
    old.save(update_fields=["deleted_at"])
    if told_of_loss:
        _tell("del_external_contact", old, origin, Source="DELETE_BY_TRANSFER")
    if not friends and not was_hers:
        _tell("add_external_contact", follow, origin)
    return follow


@transaction.atomic
def agrees_to_archive(*, userid: str, external_userid: str, origin: str = "") -> Follow:
    """The customer agrees to message archiving; the event has a welcome code of its own."""
    follow = _follow(userid, external_userid)
    _tell("msg_audit_approved", follow, origin, WelcomeCode=_welcome_code(follow))
    return follow


def _befriend(
    user: User,
    customer: Customer,
    *,
    state: str,
    add_way: int,
    oper_userid: str,
    origin: str,
    half: bool = False,
    welcome: bool = True,
    unreadable_seconds: int = 0,
) -> Follow:
    known = Follow.objects.filter(user=user, customer=customer).first()
    together = known is not None and known.deleted_at is None and known.customer_left_at is None
    if known is not None and together and (half or not known.half):
        return known
    completing = known is not None and together
    follow = known or Follow(user=user, customer=customer)
    follow.half = half
    if not completing:
        follow.created_at = now()
        follow.add_way, follow.state, follow.oper_userid = add_way, state, oper_userid
        follow.deleted_at = follow.customer_left_at = None
        follow.readable_at = (
            now() + timedelta(seconds=unreadable_seconds) if unreadable_seconds else None
        )
    follow.save()
    if known is not None and not completing:
        follow.tags.clear()
    if not completing:
        _count(follow)
    code = _welcome_code(follow) if welcome and _may_greet(follow) else ""
    change = "add_half_external_contact" if half else "add_external_contact"
    _tell(change, follow, origin, State=follow.state, WelcomeCode=code)
    if not half:
        _note(follow, "我通过了你的朋友验证请求，现在我们可以开始聊天了")
    return follow


def _count(follow: Follow) -> None:
    """For the behaviour data: the member has one more customer, and may have asked for it."""
    kinds = [Activity.Kind.CONTACT]
    if follow.oper_userid == follow.user.userid and follow.add_way != ASSIGNED:
        kinds.append(Activity.Kind.APPLY)
    Activity.objects.bulk_create(
        Activity(kind=kind, user=follow.user, at=follow.created_at) for kind in kinds
    )


def _tell_of_link(follow: Follow, origin: str) -> None:
    """A customer of an acquisition link who leaves is told in that family as well."""
    brought = LinkCustomer.objects.filter(user=follow.user, customer=follow.customer)
    for row in brought.select_related("link").order_by("-id")[:1]:
        fields = {
            "UserID": follow.user.userid,
            "ExternalUserID": follow.customer.external_userid,
            "LinkId": row.link.link_id,
        }
        callbacks.enqueue("customer_acquisition", "del_follow_user", fields, origin=origin)


def _may_greet(follow: Follow) -> bool:
    """No code for WeCom users, for people who already talk, or when one was used already.

    Nor where the console has a welcome message of its own for the member.
    """
    if follow.user.console_welcome:
        return False
    if follow.customer.type != 1 or follow.welcome_codes.exclude(used_at=None).exists():
        return False
    talked = ChatMessage.objects.filter(user=follow.user, customer=follow.customer)
    return not talked.exclude(sender=ChatMessage.Sender.SYSTEM).exists()


def _welcome_code(follow: Follow) -> str:
    moment = now()
    row = WelcomeCode.objects.create(
        code=ids.random_text(43),
        follow=follow,
        created_at=moment,
        expires_at=moment + timedelta(seconds=WELCOME_SECONDS),
    )
    return row.code


def _note(follow: Follow, text: str) -> None:
    ChatMessage.objects.create(
        user=follow.user,
        customer=follow.customer,
        sender=ChatMessage.Sender.SYSTEM,
        source=ChatMessage.Source.NOTE,
        msgtype="text",
        payload={"content": text},
        created_at=now(),
    )


def _tell(change_type: str, follow: Follow, origin: str, **more: str) -> None:
    fields = {
        "UserID": follow.user.userid,
        "ExternalUserID": follow.customer.external_userid,
        **more,
    }
    callbacks.enqueue(EVENT, change_type, fields, origin=origin)


def _pair(userid: str, external_userid: str) -> tuple[User, Customer]:
    user = User.objects.named(userid)
    customer = Customer.objects.filter(external_userid=external_userid).first()
    if user is None or customer is None:
        raise UnknownEvent(f"unknown member or customer: {userid}, {external_userid}")
    return user, customer


def _follow(userid: str, external_userid: str) -> Follow:
    user, customer = _pair(userid, external_userid)
    follow = Follow.objects.filter(user=user, customer=customer, deleted_at=None).first()
    if follow is None:
        raise UnknownEvent(f"{userid} does not follow {external_userid}")
    follow.user, follow.customer = user, customer
    return follow
