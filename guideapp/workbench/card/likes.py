"""Tags, sizes, likings and days of a customer as a card shows them, with their decay."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from guideapp.core.clock import now, today
from guideapp.core.templatetags.page import day
from guideapp.members.models import FollowRelation, ImportantDate, TagGroup
from guideapp.members.services import (
    ONE_VALUE,
    manages,
    next_occurrence,
    preference_is_stale,
    preference_question,
    preference_words,
)
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Role, Store
from guideapp.workbench.card.lists import lines, moment, sure_moment
from guideapp.workbench.card.parts import Occasion, TagShown


def tags_of(follow: FollowRelation, actor: Actor) -> list[TagShown]:
    """Manual ones first, automatic ones last; a size noted in both ways is shown once.

    Some groups are for managers alone, and a guide's own tags for that guide.
    """
    preferences = {
        liked.text: liked
        for row in sorted(_lines(follow, "preferences_json"), key=lambda row: row["id"])
        if (liked := _preference(row))
    }
    marks = sorted(_lines(follow, "tags_json"), key=lambda row: row["id"])
    tags = [_tag(row, follow, actor) for row in marks if _may_see(row, follow, actor)]
    shown = [preferences.pop(tag.text, tag) for tag in tags]
    everything = [*shown, *preferences.values()]
    return sorted(everything, key=lambda tag: tag.is_automatic)


def occasions(rows: Sequence[dict[str, Any]]) -> list[Occasion]:
    """Days still to come, out of ImportantDate rows; of several birthdays the one told last."""
    found, has_birthday = [], False
    for row in sorted(rows, key=lambda row: sure_moment(row["at"]), reverse=True):
        is_birthday = row["kind"] == ImportantDate.Kind.BIRTHDAY
        on = next_occurrence(
            month=row["month"], day=row["day"], year=row["year"], repeats=bool(row["repeats"])
        )
        if on is None or (is_birthday and has_birthday):
            continue
        has_birthday = has_birthday or is_birthday
        found.append(
            Occasion(
                what=row["label"] or str(ImportantDate.Kind(row["kind"]).label),
                on=on,
                when=day(on) if row["day"] else _("%(n)s 月") % {"n": row["month"]},
                days=(on - today()).days,
                is_birthday=is_birthday,
            )
        )
    return found


def _lines(follow: FollowRelation, column: str) -> list[dict[str, Any]]:
    return lines(getattr(follow, column, None))


def _may_see(row: dict[str, Any], follow: FollowRelation, actor: Actor) -> bool:
    if row["kind"] == TagGroup.Kind.PERSONAL:
        return follow.guide_id == actor.guide.pk
    return bool(row["seen"]) or _leads(actor, follow.guide.store)


def _leads(actor: Actor, store: Store | None) -> bool:
    """True for a manager of the store or of its region."""
    if store is None:
        return False
    return manages(actor, store.pk) or any(
        grant.role == Role.REGIONAL_MANAGER and grant.region_id == store.region_id
        for grant in actor.grants
    )


def _may_set(row: dict[str, Any], follow: FollowRelation, actor: Actor) -> bool:
    """As settable_tags, for a row at hand that the person sees: no question without an answer."""
    if row["kind"] != TagGroup.Kind.COMPANY:
        return bool(row["kind"] == TagGroup.Kind.PERSONAL)
    if manages(actor, follow.guide.store_id):
        return bool(row["set_by"] != TagGroup.Setter.NOBODY)
    return bool(row["seen"] and row["set_by"] == TagGroup.Setter.GUIDES)


def _preference(row: dict[str, Any]) -> TagShown:
    at, confirmed_at = sure_moment(row["at"]), moment(row["confirmed_at"])
    is_stale = preference_is_stale(row["kind"], at, confirmed_at)
    return TagShown(
        text=preference_words(row["kind"], row["value"]),
        by=row["author"],
        at=confirmed_at or at,
        is_stale=is_stale,
        question=preference_question(row["kind"], row["value"]) if is_stale else "",
        is_size=row["kind"] in ONE_VALUE,
        preference=row["id"],
    )


def _tag(row: dict[str, Any], follow: FollowRelation, actor: Actor) -> TagShown:
    at = moment(row["confirmed_at"]) or sure_moment(row["at"])
    after, is_automatic = row["stale_after_days"], row["kind"] == TagGroup.Kind.AUTOMATIC
    is_stale = bool(after) and not is_automatic and at < now() - timedelta(days=after)
    asked = is_stale and _may_set(row, follow, actor)
    return TagShown(
        text=row["name"],
        by=row["author"] or "",
        at=at,
        is_automatic=is_automatic,
        is_stale=is_stale,
        question=_("“%(value)s”还对吗？") % {"value": row["name"]} if asked else "",
        tag=row["id"],
    )
