"""What the chat window shows: conversations, bubbles and log lines, ready for its templates."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, DateTimeField, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from guideapp.core.clock import SHANGHAI, now
from guideapp.sandbox import config
from guideapp.sandbox.models import (
    AppMessage,
    Callback,
    ChatMessage,
    Corp,
    Customer,
    Follow,
    GroupChat,
    User,
    WireLog,
)
from guideapp.sandbox.models.control import Fault
from guideapp.sandbox.models.groups import GroupMember

CONVERSATIONS_SHOWN = 60  # the rest is found by the search
MESSAGES_SHOWN = 60
LOG_LINES_SHOWN = 60
_PAUSE = timedelta(minutes=5)  # a longer one gets its time above the next bubble
_CARD_TYPES = {
    "news": "link",
    "link": "link",
    "textcard": "link",
    "template_card": "link",
    "miniprogram": "miniprogram",
}


@dataclass(frozen=True)
class Chat:
    """The open conversation: with a customer, in a group, or with the app itself.

    All three None: the person has nobody to talk to yet.
    """

    customer: Customer | None = None
    group: GroupChat | None = None
    follow: Follow | None = None
    is_app: bool = False

    @property
    def query(self) -> dict[str, str]:
        """The part of the window's address that opens it again."""
        if self.customer:
            return {"customer": self.customer.external_userid}
        if self.group:
            return {"group": self.group.chat_id}
        return {"app": "1"} if self.is_app else {}

    @property
    def has_left(self) -> bool:
        """The customer deleted the member."""
        return bool(self.follow and self.follow.customer_left_at)


@dataclass(frozen=True)
class Conversation:
    """One line of the list. `at` is None before the first word."""

    chat: Chat
    name: str
    kind: str  # customer, group, app
    tint_key: str
    at: datetime | None
    snippet: str

    @property
    def address(self) -> str:
        """Where a click leads."""
        return f"?{urlencode(self.chat.query)}"

    @property
    def time(self) -> str:
        """14:22, 昨天, 11月3日."""
        return short_time(self.at, with_clock=False) if self.at else ""


@dataclass(frozen=True)
class Bubble:
    """One message as the chat draws it.

    `kind`: text, image, video, file, link, miniprogram; note and opened are lines in the middle.
    """

    id: int
    kind: str
    is_mine: bool
    name: str
    tint_key: str
    at: datetime
    time_above: str
    text: str = ""
    title: str = ""
    picture: str = ""  # an address on this host, or ''
    link: str = ""  # what a news card or a text card leads to


def chat_of(user: User, query: dict[str, str]) -> Chat:
    """The conversation that the address names, or the newest; a foreign one is not opened."""
    if query.get("app"):
        return Chat(is_app=True)
    if query.get("group"):
        group = next((g for g in groups_of(user) if g.chat_id == query["group"]), None)
        return Chat(group=group) if group else Chat()
    follows = Follow.objects.filter(user=user, deleted_at=None).select_related("customer")
    wanted = query.get("customer")
    follow = follows.filter(customer__external_userid=wanted).first() if wanted else None
    follow = follow or newest_first(follows).first()
    return Chat(customer=follow.customer, follow=follow) if follow else Chat()


def newest_first(follows: Any) -> Any:
    """Follows by the last word said, else by the day they began; `last_id` names that word."""
    said = ChatMessage.objects.filter(user=OuterRef("user"), customer=OuterRef("customer"))
    last = said.order_by("-id")
    return follows.annotate(
        last_id=Subquery(last.values("pk")[:1]),
        last_at=Coalesce(
            Subquery(last.values("created_at")[:1]),
            "created_at",
            output_field=DateTimeField(),
        ),
    ).order_by("-last_at", "-pk")


def groups_of(user: User) -> list[Any]:
    """Customer groups that the member owns or sits in, each with the `last_id` said in it."""
    said = ChatMessage.objects.filter(group=OuterRef("pk")).order_by("-id")
    sits = GroupMember.objects.present().filter(group=OuterRef("pk"), person=user.userid)
    groups = GroupChat.objects.standing().annotate(last_id=Subquery(said.values("pk")[:1]))
    return list(groups.filter(Q(owner=user) | Exists(sits)).order_by("pk"))


def conversations(user: User, search: str = "") -> list[Conversation]:
    """The person's list, newest first; `search` looks at names and remarks."""
    search = search.strip()
    follows = Follow.objects.filter(user=user, deleted_at=None).select_related("customer")
    if search:
        follows = follows.filter(Q(customer__name__icontains=search) | Q(remark__icontains=search))
    rows = list(newest_first(follows)[:CONVERSATIONS_SHOWN])
    groups = [group for group in groups_of(user) if search in group.name]
    wanted = [row.last_id for row in [*rows, *groups] if row.last_id]
    words = ChatMessage.objects.in_bulk(wanted)
    lines = [_with_customer(row, words.get(row.last_id)) for row in rows]
    lines += [_in_group(group, words.get(group.last_id)) for group in groups]
    lines += [line for line in _with_app(user) if search in line.name]
    return sorted(lines, key=lambda line: line.at.timestamp() if line.at else 0.0, reverse=True)


def bubbles(user: User, chat: Chat) -> list[Bubble]:
    """The last messages of `chat`, oldest first."""
    if chat.is_app:
        drawn = [_app_bubble(message) for message in _app_messages(user)[:MESSAGES_SHOWN]]
    else:
        said = ChatMessage.objects.none()
        if chat.customer:
            said = ChatMessage.objects.filter(user=user, customer=chat.customer)
        elif chat.group:
            said = ChatMessage.objects.filter(group=chat.group)
        said = said.select_related("user", "customer").order_by("-pk")
        drawn = [_chat_bubble(message, chat) for message in said[:MESSAGES_SHOWN]]
    drawn.reverse()
    return _timed(drawn)


def last_link(user: User, chat: Chat) -> ChatMessage | None:
    """The newest message of the chat that a customer can open."""
    if not chat.customer:
        return None
    said = ChatMessage.objects.filter(user=user, customer=chat.customer, msgtype__in=_CARD_TYPES)
    return next((row for row in said.order_by("-pk")[:20] if address_in(row.payload)), None)


def log_lines() -> list[WireLog]:
    """What went over the wire, newest first."""
    return list(WireLog.objects.order_by("-pk")[:LOG_LINES_SHOWN])


def version(user: User) -> str:
    """Changes whenever the window would look different to `user`: one cheap look-up."""
    newest = {
        f"newest_{model._meta.model_name}": Subquery(model.objects.order_by("-pk").values("pk")[:1])
        for model in (WireLog, ChatMessage, AppMessage, Follow, Callback, Fault)
    }
    on = Fault.objects.order_by().values(one=Value(1)).annotate(n=Count("pk")).values("n")
    newest["faults"] = Subquery(on)
    state = Corp.objects.annotate(**newest).values_list("client_switch", *newest).first() or ()
    today = f"{now().astimezone(SHANGHAI):%j}"
    return "-".join(str(part or 0) for part in (user.pk, today, *state))


def address_in(payload: dict[str, Any]) -> str:
    """What a card leads to: `link` in sendChatMessage, `url` in the server's messages."""
    return str(payload.get("link") or payload.get("url") or "")


def short_time(moment: datetime, *, with_clock: bool = True) -> str:
    """14:22 today, 昨天 14:22, 11月3日 14:22; without the clock only the day."""
    local = moment.astimezone(SHANGHAI)
    days = (now().astimezone(SHANGHAI).date() - local.date()).days
    clock = f"{local:%H:%M}"
    if days == 0:
        return clock
    day = _("昨天") if days == 1 else _("%(m)s月%(d)s日") % {"m": local.month, "d": local.day}
    return f"{day} {clock}" if with_clock else day


def _with_customer(follow: Any, last: ChatMessage | None) -> Conversation:
    customer = follow.customer
    return Conversation(
        chat=Chat(customer=customer, follow=follow),
        name=follow.remark or customer.name,
        kind="customer",
        tint_key=customer.external_userid,
        at=follow.last_at,
        snippet=snippet(last.msgtype, last.payload) if last else "",
    )


def _in_group(group: GroupChat, last: ChatMessage | None) -> Conversation:
    return Conversation(
        chat=Chat(group=group),
        name=group.name,
        kind="group",
        tint_key=group.chat_id,
        at=last.created_at if last else None,
        snippet=snippet(last.msgtype, last.payload) if last else "",
    )


def _app_messages(user: User) -> Any:
    return user.app_messages.filter(recalled_at=None).order_by("-pk")


def _with_app(user: User) -> list[Conversation]:
    last = _app_messages(user).first()
    if last is None:
        return []
    return [
        Conversation(
            chat=Chat(is_app=True),
            name=_("应用消息"),
            kind="app",
            tint_key="app",
            at=last.created_at,
            snippet=snippet(last.msgtype, last.payload),
        )
    ]


def snippet(msgtype: str, payload: dict[str, Any]) -> str:
    """One line about a message, as the list of conversations shows it."""
    if msgtype == "text":
        return str(payload.get("content", ""))
    title = str(_plain_card(payload).get("title", ""))
    label = {
        "image": _("[图片]"),
        "video": _("[视频]"),
        "file": _("[文件]"),
        "miniprogram": _("[小程序] %(title)s") % {"title": title},
    }
    return label.get(msgtype, _("[链接] %(title)s") % {"title": title})


def _chat_bubble(message: ChatMessage, chat: Chat) -> Bubble:
    payload = message.payload
    is_mine = message.sender == ChatMessage.Sender.USER
    name, tint_key = message.user.name, message.user.userid
    if not is_mine and message.customer:
        remark = chat.follow.remark if chat.follow else ""
        name, tint_key = remark or message.customer.name, message.customer.external_userid
    kind = _CARD_TYPES.get(message.msgtype, message.msgtype)
    if message.source == ChatMessage.Source.NOTE:
        kind = "opened" if "opened" in payload else "note"
    return Bubble(
        id=message.pk,
        kind=kind,
        is_mine=is_mine,
        name=name,
        tint_key=tint_key,
        at=message.created_at,
        time_above="",
        text=_words(payload),
        title=str(payload.get("title") or payload.get("filename", "")),
        picture=_picture(payload),
        link=address_in(payload),
    )


def _app_bubble(message: AppMessage) -> Bubble:
    payload = _plain_card(message.payload)
    return Bubble(
        id=message.pk,
        kind=_CARD_TYPES.get(message.msgtype, message.msgtype),
        is_mine=False,
        name=_("导购台"),
        tint_key="app",
        at=message.created_at,
        time_above="",
        text=_words(payload),
        title=str(payload.get("title", "")),
        link=config.for_device(address_in(payload)),
    )


def _plain_card(payload: dict[str, Any]) -> dict[str, Any]:
    """A template card as a text card; any other payload as it is."""
    if "card_type" not in payload:
        return payload
    title = payload.get("main_title") or {}
    words = title.get("desc") or payload.get("sub_title_text") or ""
    url = (payload.get("card_action") or {}).get("url", "")
    return {"title": title.get("title", ""), "description": words, "url": url}


def _words(payload: dict[str, Any]) -> str:
    text = payload.get("content") or payload.get("desc") or payload.get("description") or ""
    return strip_tags(re.sub(r"<(?:br\s*/?|/div)>", "\n", str(text))).strip()


def _media_id(payload: dict[str, Any]) -> str:
    return str(
        payload.get("mediaid") or payload.get("media_id") or payload.get("pic_media_id") or ""
    )


def _picture(payload: dict[str, Any]) -> str:
    address = payload.get("imgUrl") or payload.get("picurl") or payload.get("pic_url")
    if address:
        return config.for_device(str(address))
    media_id = _media_id(payload)
    return reverse("sandbox:window_media", args=[media_id]) if media_id else ""


def _timed(drawn: list[Bubble]) -> list[Bubble]:
    before: datetime | None = None
    timed = []
    for bubble in drawn:
        above = before is None or bubble.at - before > _PAUSE
        time_above = short_time(bubble.at) if above else ""
        timed.append(Bubble(**(vars(bubble) | {"time_above": time_above})))
        before = bubble.at
    return timed
