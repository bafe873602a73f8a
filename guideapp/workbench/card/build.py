"""Make a card of the rows: who this is, what they are worth, what they like, what to do next."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guideapp.core.clock import day_of, now, today
from guideapp.core.templatetags.page import ago, mask_phone
from guideapp.members.models import FollowRelation
from guideapp.members.services import Explained, explain, manages, owner_of
from guideapp.members.timeline import kind_of
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Role
from guideapp.workbench.card import likes, person, rows
from guideapp.workbench.card.lists import lines, moment, sure_moment
from guideapp.workbench.card.parts import Behaviour, Card, ContactedBy, Note, Occasion, Person

HOT = timedelta(minutes=30)  # a view this young has its own 跟进

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


def build_card(follow: FollowRelation, actor: Actor) -> Card:
    """The card of a row of `card_rows`, in three queries at most."""
    is_own = follow.guide_id == actor.guide.pk
    name = follow.shown_name or _("新客户")
    who = person.of_follow(follow, actor)
    steps = next_steps(follow) if is_own else []
    first = steps[0] if steps else None
    return Card(
        follow=follow,
        name=name,
        sub=_sub(follow, who, is_own=is_own),
        person=who,
        suggestion=first.suggestion if first else None,
        words=first,
        more=steps[1:],
        behaviours=_behaviours(follow),
        tags=likes.tags_of(follow, actor),
        occasions=_occasions(follow, who),
        contacted=_contacted(follow, actor),
        note=_note(getattr(follow, "note_json", None)),
        source=str(_ADD_WAYS.get(follow.add_way, _("来源未知"))),
        welcome="" if who.sums else getattr(follow, "welcome", None) or "",
        fan_since=_earliest(getattr(follow, "fan_since", None), who.fan_since),
        is_own=is_own,
        can_edit=may_edit(follow, actor),
    )


def next_steps(follow: FollowRelation) -> list[Explained]:
    """What the guide could do next: exactly one on top, what could be done as well below."""
    name = follow.shown_name or _("新客户")
    return [explain(row, name=name) for row in rows.suggested(follow)]


def may_edit(follow: FollowRelation, actor: Actor) -> bool:
    """As FollowRelationQuerySet.editable_by, for a row at hand: no button that would be refused."""
    is_own = follow.guide_id == actor.guide.pk and actor.has(Role.GUIDE)
    return is_own or manages(actor, follow.guide.store_id)


def _behaviours(follow: FollowRelation) -> list[Behaviour]:
    young = now() - HOT
    return [
        Behaviour(event=row, template=kind.template, is_hot=row.at > young)
        for row in rows.last_behaviours(follow)
        if (kind := kind_of(row.kind))
    ]


def _occasions(follow: FollowRelation, who: Person) -> list[Occasion]:
    """Days to come, the next one first. There is one birthday: the member system's, if it has one.

    As the rules of the night take it (People.birthday_of).
    """
    told = likes.occasions(lines(getattr(follow, "dates_json", None)))
    if any(one.is_birthday for one in who.occasions):
        told = [one for one in told if not one.is_birthday]
    return sorted([*who.occasions, *told], key=lambda occasion: occasion.on)


def _sub(follow: FollowRelation, who: Person, *, is_own: bool) -> str:
    """The line under the name: phone · store · whose customer, or since when for a stranger."""
    if not who.has_card:
        when = ago(follow.followed_at)
        kind = _("企业微信客户") if follow.contact.type == 2 else _("微信客户")
        added = _("%(when)s 加你") if is_own else _("%(when)s 加了 %(guide)s")
        return f"{kind} · {added % {'when': when, 'guide': follow.guide.name}}"
    of_guide = follow.guide.store.name if follow.guide.store else ""
    whose = _("你的客户") if is_own else _("%(guide)s的客户") % {"guide": follow.guide.name}
    phone = mask_phone(who.phone) if who.phone else ""
    return " · ".join(part for part in (phone, who.home_store or of_guide, whose) if part)


def _contacted(follow: FollowRelation, actor: Actor) -> list[ContactedBy]:
    """Who of this brand contacted the customer this week, the latest first."""
    brand = owner_of(follow.guide)
    found = [
        _contact(row, actor.guide.pk)
        for row in lines(getattr(follow, "slots_json", None))
        if row["guide"] is None or row["brand"] == brand
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _contact(row: dict[str, Any], reader: int) -> ContactedBy:
    at: datetime = sure_moment(row["at"])
    return ContactedBy(
        name=row["name"] or "",
        at=at,
        is_own=row["guide"] == reader,
        is_today=day_of(at) == today(),
    )


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _note(found: dict[str, Any] | None) -> Note | None:
    at = moment(found["at"]) if found else None
    if not found or at is None:
        return None
    return Note(text=found["text"], author=found["author"], at=at)
