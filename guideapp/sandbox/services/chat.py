"""Bubbles between a member and a customer, or in a customer group."""

from typing import Any

from django.utils.translation import gettext as _

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import ChatMessage, Customer, Follow, GroupChat, User
from guideapp.sandbox.services import link_customers


def guide_says(
    *, userid: str, text: str, external_userid: str = "", chat_id: str = ""
) -> ChatMessage:
    """The member types `text` into the chat with a customer or a customer group."""
    return _say(
        _user(userid),
        sender=ChatMessage.Sender.USER,
        source=ChatMessage.Source.TYPED,
        msgtype="text",
        payload={"content": text},
        **_peer(external_userid, chat_id),
    )


def customer_says(*, userid: str, external_userid: str, text: str, origin: str = "") -> ChatMessage:
    """The customer writes to the member. WeCom tells the app of it only for acquisition links."""
    message = _say(
        _user(userid),
        sender=ChatMessage.Sender.CUSTOMER,
        source=ChatMessage.Source.TYPED,
        msgtype="text",
        payload={"content": text},
        **_peer(external_userid, ""),
    )
    if message.customer is not None:
        link_customers.spoke(user=message.user, customer=message.customer, origin=origin)
    return message


def member_sends(
    *,
    userid: str,
    msgtype: str,
    payload: dict[str, Any],
    external_userid: str = "",
    chat_id: str = "",
) -> ChatMessage:
    """sendChatMessage was accepted: the bubble appears. `payload` was checked by `client`."""
    return _say(
        _user(userid),
        sender=ChatMessage.Sender.USER,
        source=ChatMessage.Source.SIDEBAR,
        msgtype=msgtype,
        payload=payload,
        **_peer(external_userid, chat_id),
    )


def welcomed(follow: Follow, msgtype: str, payload: dict[str, Any]) -> ChatMessage:
    """One bubble of a welcome message, in the name of the member."""
    return _say(
        follow.user,
        sender=ChatMessage.Sender.USER,
        source=ChatMessage.Source.WELCOME,
        msgtype=msgtype,
        payload=payload,
        customer=follow.customer,
    )


def customer_opened(message: ChatMessage) -> ChatMessage:
    """A line in the chat: the customer opened the card that `message` is. WeCom tells nobody."""
    title = message.payload.get("title", "")
    customer = message.customer.name if message.customer else ""
    content = _("沙盒事件：%(name)s打开了《%(title)s》") % {"name": customer, "title": title}
    return _say(
        message.user,
        sender=ChatMessage.Sender.SYSTEM,
        source=ChatMessage.Source.NOTE,
        msgtype="text",
        payload={"content": content, "opened": message.pk},
        customer=message.customer,
    )


def as_json(message: ChatMessage) -> dict[str, Any]:
    """The bubble as the window's scripts and the control address get it."""
    return {
        "id": message.pk,
        "sender": message.sender,
        "source": message.source,
        "msgtype": message.msgtype,
        "payload": message.payload,
        "at": message.created_at.isoformat(),
        "userid": message.user.userid,
        "external_userid": message.customer.external_userid if message.customer else "",
        "chat_id": message.group.chat_id if message.group else "",
    }


def _say(user: User, **fields: Any) -> ChatMessage:
    return ChatMessage.objects.create(user=user, created_at=now(), **fields)


def _peer(external_userid: str, chat_id: str) -> dict[str, Customer | GroupChat]:
    if chat_id:
        group = GroupChat.objects.filter(chat_id=chat_id).first()
        if group is not None:
            return {"group": group}
    customer = Customer.objects.filter(external_userid=external_userid).first()
    if chat_id or customer is None:
        raise UnknownEvent(f"unknown chat: {chat_id or external_userid}")
    return {"customer": customer}


def _user(userid: str) -> User:
    user = User.objects.named(userid)
    if user is None:
        raise UnknownEvent(f"unknown member: {userid}")
    return user
