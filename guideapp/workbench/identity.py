"""Two records beside each other, as headquarters compares them: masked, with what fits and not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guideapp.core.money import yuan
from guideapp.core.templatetags.page import day, mask_number, mask_phone, thousands
from guideapp.members.models import (
    Contact,
    IdentityLink,
    Member,
    MembershipCard,
    MemberValue,
    MergeCandidate,
    OfficialFollower,
)

REASONS: dict[str, str | Promise] = {
    "unionid_and_phone": gettext_lazy("微信身份是一个会员的，手机号是另一个会员的"),
    "number_and_phone": gettext_lazy("会员号是一个会员的，手机号是另一个会员的"),
    "number_and_unionid": gettext_lazy("会员号是一个会员的，微信身份是另一个会员的"),
    "two_numbers": gettext_lazy("资料相符，但会员号不同"),
    "two_unionids": gettext_lazy("手机号相同，但微信身份不同"),
    "customer_two_unionids": gettext_lazy("顾客填对了会员卡的手机号，但微信身份不同"),
    "same_phone": gettext_lazy("两个会员用同一个手机号"),
    "phone_unverified": gettext_lazy("手机号相同，但没有验证过"),
    "unionid_and_contact": gettext_lazy("这位客户关联了一个会员，微信身份却是另一个会员的"),
    "external_and_contact": gettext_lazy("会员系统说的会员，和这位客户已关联的不是同一个"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing compared. `verdict`: same, differs, or '' where a side says nothing."""

    label: str | Promise
    one: list[str]
    other: list[str]
    verdict: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A question of the list in words."""

    row: MergeCandidate
    one: str
    other: str
    reason: str | Promise
    customer: str  # masked; '' where no contact raised it


def mask_name(name: str) -> str:
    """`周晚晴` → `周*晴`, `周晴` → `周*`; nothing → —."""
    if len(name) < 2:
        return name or "—"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}" if len(name) > 2 else f"{name[0]}*"


def in_a_line(member: Member) -> str:
    """A record in one line: name, phone, number, all masked."""
    parts = (
        mask_name(member.name),
        mask_phone(member.phone) if member.phone else "",
        mask_number(member.number) if member.number else "",
    )
    return " · ".join(part for part in parts if part)


def reason_of(code: str) -> str | Promise:
    """Why two records may be one person."""
    return REASONS.get(code, _("资料相近"))


def pairs(rows: Iterable[MergeCandidate]) -> list[Pair]:
    """Questions as the list shows them."""
    return [
        Pair(
            row,
            in_a_line(row.one),
            in_a_line(row.other),
            reason_of(row.reason),
            mask_name(row.contact.name) if row.contact else "",
        )
        for row in rows
    ]


def candidates() -> QuerySet[MergeCandidate]:
    """Questions with both records."""
    return MergeCandidate.objects.select_related("one", "other", "contact")


def links() -> QuerySet[IdentityLink]:
    """Joinings with what was joined to what."""
    return IdentityLink.objects.select_related("member", "joined", "contact")


def compare(one_id: int, other_id: int) -> list[Line]:
    """What two records say, thing by thing. Six queries."""
    followed = Contact.objects.annotate(guides=Count("follows", filter=Q(follows__ended_at=None)))
    rows = Member.objects.select_related("home_store").prefetch_related(
        Prefetch("cards", MembershipCard.objects.select_related("brand").order_by("brand")),
        Prefetch("values", MemberValue.objects.select_related("brand").order_by("brand")),
        Prefetch("contacts", followed.order_by("pk")),
        Prefetch("official_follows", OfficialFollower.objects.order_by("followed_at")),
        "others",
    )
    found = rows.in_bulk([one_id, other_id])
    one, other = found[one_id], found[other_id]
    return [_line(label, one, other, show, sign) for label, show, sign in _THINGS]


def _line(
    label: str | Promise,
    one: Member,
    other: Member,
    show: Callable[[Member], list[str]],
    sign: Callable[[Member], Any] | None,
) -> Line:
    verdict = ""
    if sign is not None and sign(one) and sign(other):
        verdict = "same" if sign(one) == sign(other) else "differs"
    return Line(label, show(one) or ["—"], show(other) or ["—"], verdict)


def _phone(member: Member) -> list[str]:
    if not member.phone:
        return []
    return [mask_phone(member.phone), _("已验证") if member.phone_verified else _("没有验证过")]


def _wechat(member: Member) -> list[str]:
    return [_("有")] if member.unionid_bidx else []


def _cards(member: Member) -> list[str]:
    return [
        _("%(owner)s %(level)s · %(number)s · %(points)s 分")
        % {
            "owner": card.brand.name,
            "level": card.level,
            "number": mask_number(card.number),
            "points": thousands(card.points),
        }
        for card in member.cards.all()
    ]


def _spent(member: Member) -> list[str]:
    return [
        _("%(owner)s %(money)s，近一年 %(n)d 单")
        % {"owner": value.brand.name, "money": yuan(value.spend_fen), "n": value.year_orders}
        for value in member.values.all()
    ]


def _contacts(member: Member) -> list[str]:
    return [
        _("%(name)s，%(n)d 位导购的客户")
        % {"name": mask_name(contact.name), "n": getattr(contact, "guides", 0)}
        for contact in member.contacts.all()
    ]


def _followers(member: Member) -> list[str]:
    return [
        _("%(account)s，%(day)s起") % {"account": row.account, "day": day(row.followed_at)}
        for row in member.official_follows.all()
    ]


def _source(member: Member) -> list[str]:
    told = [member.source or _("本系统")]
    moment = member.as_of or member.created_at
    return [*told, _("截至 %(day)s") % {"day": day(moment)}]


def _joined(member: Member) -> list[str]:
    count = len(member.others.all())
    return [_("另有 %(n)d 份资料") % {"n": count}] if count else []


type _Thing = tuple[str | Promise, Callable[[Member], list[str]], Callable[[Member], Any] | None]
_THINGS: tuple[_Thing, ...] = (
    (gettext_lazy("姓名"), lambda m: [mask_name(m.name)] if m.name else [], lambda m: m.name),
    (gettext_lazy("手机号"), _phone, lambda m: m.phone_bidx),
    (gettext_lazy("微信身份"), _wechat, lambda m: m.unionid_bidx),
    (
        gettext_lazy("会员号"),
        lambda m: [mask_number(m.number)] if m.number else [],
        lambda m: m.number,
    ),
    (
        gettext_lazy("性别"),
        lambda m: [m.get_gender_display()] if m.gender else [],
        lambda m: m.gender,
    ),
    (
        gettext_lazy("常去门店"),
        lambda m: [m.home_store.name] if m.home_store else [],
        lambda m: m.home_store_id,
    ),
    (gettext_lazy("会员卡"), _cards, None),
    (gettext_lazy("消费"), _spent, None),
    (gettext_lazy("企业微信客户"), _contacts, None),
    (gettext_lazy("关注公众号"), _followers, None),
    (gettext_lazy("资料来自"), _source, None),
    (gettext_lazy("已关联的资料"), _joined, None),
)
