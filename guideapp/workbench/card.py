"""The customer card: everything one screen shows about a customer, in four queries at most."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    OuterRef,
    QuerySet,
    StringAgg,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields import BigIntegerField, CharField, DateTimeField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat, JSONObject, LPad
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guideapp.catalogue.models import Sku
from guideapp.core.clock import day_of, now, today
from guideapp.core.prepared import Given, Prepared
from guideapp.core.templatetags.page import ago, mask_phone
from guideapp.members.models import (
    FollowRelation,
    FollowRelationQuerySet,
    Member,
    MembershipCard,
    Observation,
    Suggestion,
    TagMark,
    TimelineEvent,
)
from guideapp.members.services import Explained, explain
from guideapp.members.timeline import behaviours, kind_of
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Role

HOT = timedelta(minutes=30)  # a view this young has its own 跟进
_WIDE_FEN = 1_000_000_00
_BETWEEN_TAGS = "\n"
_WELCOME_KINDS = ("welcome_sent", "welcome_missed")

# externalcontact/get, add_way; an open set. What is not here is worded as unknown.
_ADD_WAYS = {
    1: gettext_lazy("扫了你的二维码"),
    2: gettext_lazy("搜手机号添加"),
    3: gettext_lazy("名片分享"),
    4: gettext_lazy("从群聊添加"),
    5: gettext_lazy("手机通讯录"),
    6: gettext_lazy("微信联系人"),
    9: gettext_lazy("搜邮箱添加"),
    10: gettext_lazy("视频号"),
    16: gettext_lazy("获客链接"),
    201: gettext_lazy("同事分享"),
    202: gettext_lazy("管理员分配"),
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One thing the customer did, with the template of its kind."""

    event: TimelineEvent
    template: str
    is_hot: bool


@dataclass(frozen=True, slots=True)
class Bought:
    """One order: its first piece, how many more there are, what was paid for all."""

    title: str
    more: int
    drawing: str
    amount_fen: int
    at: datetime
    store: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What a colleague noted last."""

    text: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sums:
    """What a member is worth so far; amounts in fen, None where there is no order."""

    spend_fen: int
    year_orders: int
    year_spend_fen: int
    average_fen: int | None
    last_purchase: str

    @property
    def is_wide(self) -> bool:
        """True for amounts that four columns of a narrow page cannot hold."""
        return max(self.spend_fen, self.average_fen or 0) >= _WIDE_FEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One customer as one person may see them. `level` is '' for somebody without a card."""

    follow: FollowRelation
    name: str
    sub: str
    level: str
    number: str
    points: int
    opened_at: datetime | None
    sums: Sums | None
    suggestion: Suggestion | None
    words: Explained | None
    behaviours: list[Behaviour]
    bought: list[Bought]
    tags: list[str]
    note: Note | None
    source: str
    welcome: str  # welcome_sent, welcome_missed or ''
    recognised: str
    is_own: bool
    can_edit: bool

    @property
    def is_member(self) -> bool:
        """True for somebody with a card of this brand."""
        return bool(self.level)

    @property
    def badge(self) -> str:
        """What stands beside the name of somebody without a card."""
        return "" if self.level else _("未开卡")

    @property
    def is_hot(self) -> bool:
        """True while the customer looked at something within 30 minutes."""
        return any(item.is_hot for item in self.behaviours)


def card_rows(actor: Actor) -> QuerySet[FollowRelation]:
    """Open relations that `actor` may see, each with what its card needs; the own one first."""
    own_first = Case(When(guide=actor.guide, then=0), default=1)
    return _rows().visible_to(actor).order_by(own_first, "followed_at")


def card_row(actor: Actor, external_userid: str) -> FollowRelation | None:
    """The first of `card_rows` about this customer; a guide's own one by a query made ready."""
    if actor.has(Role.GUIDE):
        own = _OWN.first(guide=actor.guide.pk, external_userid=external_userid)
        if own is not None or actor.roles == {Role.GUIDE}:
            return own
    return card_rows(actor).filter(contact__external_userid=external_userid).first()


def _rows() -> FollowRelationQuerySet:
    """Open relations with what a card needs."""
    cards = MembershipCard.objects.filter(
        member=OuterRef("contact__member"), brand=OuterRef("guide__store__region__brand")
    )
    notes = Observation.objects.filter(contact=OuterRef("contact")).order_by("-at", "-pk")
    tags = (
        TagMark.objects.filter(follow=OuterRef("pk"), removed_at=None, tag__gone_at=None)
        .values("follow")  # one row a relation: a card costs no query for its tags
        .annotate(names=StringAgg(_tag_entry(), delimiter=Value(_BETWEEN_TAGS)))
    )
    card = JSONObject(level="level", number="number", points="points", opened_at="opened_at")
    note = JSONObject(text="text", author="author__name", at="at")
    return (
        FollowRelation.objects.active()
        .select_related("guide__store", "contact__member__home_store")
        .defer("contact__unionid", "contact__member__unionid")
        .annotate(
            card_json=Subquery(cards.values(found=card)[:1]),
            note_json=Subquery(notes.values(found=note)[:1]),
            tag_names=Subquery(tags.values("names")),
        )
    )


def build_card(follow: FollowRelation, actor: Actor) -> Card:
    """The card of a row of `card_rows`. Three queries; behaviours may need one more to show."""
    contact, member = follow.contact, follow.contact.member
    found: dict[str, Any] = getattr(follow, "card_json", None) or {}
    level = found.get("level", "")
    is_own = follow.guide_id == actor.guide.pk
    name = follow.shown_name or _("新客户")
    suggestion = suggestion_of(follow) if is_own else None
    return Card(
        follow=follow,
        name=name,
        sub=_sub(follow, member if level else None, is_own=is_own),
        level=level,
        number=found.get("number", ""),
        points=found.get("points", 0),
        opened_at=_moment(found.get("opened_at")),
        sums=_sums(member) if level and member else None,
        suggestion=suggestion,
        words=explain(suggestion, name=name) if suggestion else None,
        behaviours=_behaviours(follow),
        bought=_bought(member, actor) if level and member else [],
        tags=_names(getattr(follow, "tag_names", None)),
        note=_note(getattr(follow, "note_json", None)),
        source=str(_ADD_WAYS.get(follow.add_way, _("来源未知"))),
        welcome="" if level else _welcome(contact.pk),
        recognised=_recognised(follow, member),
        is_own=is_own,
        can_edit=_may_edit(follow, actor),
    )


def suggestion_of(follow: FollowRelation) -> Suggestion | None:
    """The one suggestion that the card shows now."""
    return _SUGGESTED.first(guide=follow.guide_id, contact=follow.contact_id, at=now())


def _may_edit(follow: FollowRelation, actor: Actor) -> bool:
    """As FollowRelationQuerySet.editable_by, for a row at hand: no button that would be refused."""
    if follow.guide_id == actor.guide.pk:
        return actor.has(Role.GUIDE)
    return any(
        grant.role == Role.STORE_MANAGER and grant.store_id == follow.guide.store_id
        for grant in actor.grants
        if grant.store_id
    )


def _behaviours(follow: FollowRelation) -> list[Behaviour]:
    """The last three things the customer did, newest first."""
    rows = _BEHAVIOURS.rows(contact=follow.contact_id)
    young = now() - HOT
    return [
        Behaviour(event=row, template=kind.template, is_hot=row.at > young)
        for row in rows
        if (kind := kind_of(row.kind))
    ]


def _bought(member: Member, actor: Actor) -> list[Bought]:
    """The last two orders, each with the drawing of its first piece."""
    return [_order(row, actor) for row in _BOUGHT.rows(member=member.pk)]


def _order(event: TimelineEvent, actor: Actor) -> Bought:
    lines = event.params["lines"]
    first = lines[0]
    look = " ".join(part for part in (first["colour"], first["size"]) if part)
    return Bought(
        title=f"{first['title']} · {look}" if look else first["title"],
        more=len(lines) - 1,
        drawing=getattr(event, "drawing", None) or "g-bag",
        amount_fen=event.params["amount_fen"],
        at=event.at,
        store=event.store.name if event.store else "",
        is_own=event.guide_id == actor.guide.pk,
    )


def _welcome(contact_id: int) -> str:
    """The kind of the last event about a welcome, or ''."""
    rows = TimelineEvent.objects.filter(contact=contact_id, kind__in=_WELCOME_KINDS)
    return rows.order_by("-at").values_list("kind", flat=True).first() or ""


def _sums(member: Member) -> Sums:
    orders = member.year_orders
    return Sums(
        spend_fen=member.spend_fen,
        year_orders=orders,
        year_spend_fen=member.year_spend_fen,
        average_fen=member.year_spend_fen // orders // 100 * 100 if orders else None,
        last_purchase=_days_ago(member.last_purchase_at),
    )


def _sub(follow: FollowRelation, member: Member | None, *, is_own: bool) -> str:
    """The line under the name: phone · store · whose customer, or since when for a stranger."""
    if member is None:
        when = ago(follow.followed_at)
        kind = _("企业微信客户") if follow.contact.type == 2 else _("微信客户")
        added = _("%(when)s 加你") if is_own else _("%(when)s 加了 %(guide)s")
        return f"{kind} · {added % {'when': when, 'guide': follow.guide.name}}"
    store = member.home_store or follow.guide.store
    whose = _("你的客户") if is_own else _("%(guide)s的客户") % {"guide": follow.guide.name}
    phone = mask_phone(member.phone) if member.phone else ""
    return " · ".join(part for part in (phone, store.name if store else "", whose) if part)


def _recognised(follow: FollowRelation, member: Member | None) -> str:
    """How we know that this customer is this member."""
    if member is None:
        return ""
    same = follow.contact.unionid_bidx and follow.contact.unionid_bidx == member.unionid_bidx
    return _("按微信身份认出") if same else _("由会员系统关联")


def _tag_entry() -> Concat:
    """A tag as `number:name`; the numbers put the names in order."""
    number = LPad(Cast("tag", TextField()), 12, Value("0"))
    return Concat(number, Value(":"), "tag__name", output_field=TextField())


def _names(joined: str | None) -> list[str]:
    entries = sorted((joined or "").split(_BETWEEN_TAGS))
    return [entry.partition(":")[2] for entry in entries if entry]


def _note(found: dict[str, Any] | None) -> Note | None:
    at = _moment(found["at"]) if found else None
    if not found or at is None:
        return None
    return Note(text=found["text"], author=found["author"], at=at)


def _moment(text: str | None) -> datetime | None:
    """A time out of a database's JSON; SQLite writes UTC without saying so."""
    moment = parse_datetime(text) if text else None
    return timezone.make_aware(moment, UTC) if moment and moment.tzinfo is None else moment


def _days_ago(moment: datetime | None) -> str:
    """今天, 昨天, 18 天前, 1 年前; never: —."""
    if moment is None:
        return "—"
    days = (today() - day_of(moment)).days
    if days <= 0:
        return _("今天")
    if days == 1:
        return _("昨天")
    if days < 365:
        return _("%(n)s 天前") % {"n": days}
    return _("%(n)s 年前") % {"n": days // 365}


def _own_rows() -> QuerySet[FollowRelation]:
    own = _rows().filter(guide=Given("guide", BigIntegerField()))
    of_customer = own.filter(contact__external_userid=Given("external_userid", CharField()))
    return of_customer.order_by("followed_at")[:1]


def _suggested() -> QuerySet[Suggestion]:
    rows = Suggestion.objects.filter(
        guide=Given("guide", BigIntegerField()), contact=Given("contact", BigIntegerField())
    )
    showable = rows.showable(at=Given("at", DateTimeField()))
    return showable.order_by("priority", "-proposed_at")[:1]


def _last_behaviours() -> QuerySet[TimelineEvent]:
    rows = TimelineEvent.objects.filter(
        contact=Given("contact", BigIntegerField()), kind__in=behaviours()
    )
    return rows.select_related("guide").order_by("-at")[:3]


def _last_bought() -> QuerySet[TimelineEvent]:
    drawing = Sku.objects.filter(code=OuterRef("sku_code")).values("product__drawing")[:1]
    return (
        TimelineEvent.objects.filter(member=Given("member", BigIntegerField()), kind="purchase")
        .annotate(sku_code=KT("params__lines__0__sku_code"))
        .annotate(drawing=Subquery(drawing))
        .select_related("store")
        .order_by("-at")[:2]
    )


_OWN = Prepared(_own_rows)
_SUGGESTED = Prepared(_suggested)
_BEHAVIOURS = Prepared(_last_behaviours)
_BOUGHT = Prepared(_last_bought)
