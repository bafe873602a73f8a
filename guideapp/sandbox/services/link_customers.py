"""What customers do with acquisition links: click, become a friend, begin to talk."""

from datetime import timedelta

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import Customer, Follow, User
from guideapp.sandbox.models.acquisition import AcquisitionLink, ChatKey, LinkClick, LinkCustomer
from guideapp.sandbox.services import acquisition, acquisition_quota, callbacks, ids, relations
from guideapp.sandbox.services.acquisition import EVENT

ADD_WAY = 16
CHANNEL_MAX_BYTES = 64
_TOLD_MESSAGES = (3, 5, 10)
_CHAT_KEY_LIFE = timedelta(minutes=30)


@transaction.atomic
def click(
    *,
    link_id: str = "",
    url: str = "",
    customer_channel: str = "",
    external_userid: str = "",
    unionid: str = "",
    name: str = "",
    adds: bool = True,
    profile_told: bool = False,
    origin: str = "",
) -> Follow | None:
    """A customer opens the link and, with `adds`, adds a member behind it: one use of the quota.

    `profile_told`: the company is in a line of business that is told of the opening itself. None
    when nobody new was added. Raises UnknownEvent for a link that does not work.
    """
    link = _living(link_id, url)
    customer = relations.whoever(external_userid=external_userid, unionid=unionid, name=name)
    state = cut(customer_channel)
    LinkClick.objects.create(link=link, customer=customer, at=now())
    if profile_told:
        _tell("open_profile", {"LinkId": link.link_id, "State": state}, origin)
    if not adds:
        return None
    if state:
        _tell("friend_request", {"LinkId": link.link_id, "State": state}, origin)
    user = _member(link, customer)
    if Follow.objects.standing().filter(user=user, customer=customer, customer_left_at=None):
        return None
    if not acquisition_quota.use(origin=origin):
        raise UnknownEvent("no use of acquisition links is left")
    follow = relations.customer_adds(
        userid=user.userid,
        external_userid=customer.external_userid,
        state=state,
        add_way=ADD_WAY,
        origin=origin,
    )
    brought = {"state": state, "added_at": now()}
    LinkCustomer.objects.update_or_create(link=link, user=user, customer=customer, defaults=brought)
    return follow


@transaction.atomic
def spoke(*, user: User, customer: Customer, origin: str = "") -> None:
    """The customer wrote to the member. Only customers of links and of WeChat are told of."""
    known = LinkCustomer.objects.select_for_update(of=("self",)).select_related("link")
    for row in known.filter(user=user, customer=customer, customer__type=1):
        row.messages += 1
        row.chat_status = LinkCustomer.ChatStatus.SPOKE
        row.save(update_fields=["messages", "chat_status"])
        if row.messages == 1:
            fields = {
                "UserID": user.userid,
                "ExternalUserID": customer.external_userid,
                "LinkId": row.link.link_id,
            }
            _tell("customer_start_chat", fields, origin)
        if row.messages in _TOLD_MESSAGES:
            fields = {"LinkId": row.link.link_id, "ChatKey": _chat_key(row)}
            _tell("message_from_customer", fields, origin)


def cut(customer_channel: str) -> str:
    """What WeCom keeps of a customer_channel: 64 bytes, no half character."""
    return customer_channel.encode()[:CHANNEL_MAX_BYTES].decode(errors="ignore")


def _living(link_id: str, url: str) -> AcquisitionLink:
    key = {"link_id": link_id} if link_id else {"url": url.partition("?")[0]}
    link = AcquisitionLink.objects.filter(**key, deleted_at=None, is_available=True).first()
    if link is None:
        raise UnknownEvent("unknown link, or one that does not work")
    return link


def _member(link: AcquisitionLink, customer: Customer) -> User:
    """Whose turn it is; with a priority, somebody whom the customer has already."""
    members = acquisition.behind(link)
    if not members:
        raise UnknownEvent("nobody behind the link can be added")
    held = Follow.objects.standing().filter(customer=customer, customer_left_at=None)
    preferred = set(link.priority.get("priority_userid_list", []))
    for follow in held if link.priority else []:
        if link.priority["priority_type"] == 1 or follow.user.userid in preferred:
            return follow.user
    return members[link.customers.count() % len(members)]


def _chat_key(row: LinkCustomer) -> str:
    made = ChatKey.objects.create(
        key=ids.random_text(43),
        brought=row,
        messages=row.messages,
        expires_at=now() + _CHAT_KEY_LIFE,
    )
    return made.key


def _tell(change_type: str, fields: dict[str, str], origin: str) -> None:
    callbacks.enqueue(EVENT, change_type, fields, origin=origin)
