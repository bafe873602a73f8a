"""Tags, sizes, likings and days of a customer as a card shows them, with their decay."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from guideapp.core.clock import now, today
from guideapp.core.templatetags.page import day
from guideapp.members.models import FollowRelation, ImportantDate, TagGroup
from guideapp.members.services import (
    ONE_VALUE,
    next_occurrence,
    preference_is_stale,
    preference_question,
    preference_words,
)
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Role
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
    tags = [_tag(row) for row in marks if _may_see(row, follow, actor)]
    shown = [preferences.pop(tag.text, tag) for tag in tags]
    everything = [*shown, *preferences.values()]
    return sorted(everything, key=lambda tag: tag.is_automatic)


def occasions(joined: str | None) -> list[Occasion]:
    """Days still to come, out of a column of ImportantDate rows."""
    found = []
    for row in lines(joined):
        on = next_occurrence(
            month=row["month"], day=row["day"], year=row["year"], repeats=bool(row["repeats"])
        )
        if on is not None:
            what = row["label"] or str(ImportantDate.Kind(row["kind"]).label)
            days = (on - today()).days
            when = day(on) if row["day"] else _("%(n)s 月") % {"n": row["month"]}
            found.append(Occasion(what=what, on=on, when=when, days=days))
    return found


def _lines(follow: FollowRelation, column: str) -> list[dict[str, Any]]:
    return lines(getattr(follow, column, None))


def _may_see(row: dict[str, Any], follow: FollowRelation, actor: Actor) -> bool:
    if row["kind"] == TagGroup.Kind.PERSONAL:
        return follow.guide_id == actor.guide.pk
    return bool(row["seen"]) or actor.has(Role.STORE_MANAGER, Role.REGIONAL_MANAGER)


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


def _tag(row: dict[str, Any]) -> TagShown:
    at = moment(row["confirmed_at"]) or sure_moment(row["at"])
    after, is_automatic = row["stale_after_days"], row["kind"] == TagGroup.Kind.AUTOMATIC
    is_stale = bool(after) and not is_automatic and at < now() - timedelta(days=after)
    return TagShown(
        text=row["name"],
        by=row["author"] or "",
        at=at,
        is_automatic=is_automatic,
        is_stale=is_stale,
        question=_("“%(value)s”还对吗？") % {"value": row["name"]} if is_stale else "",
        tag=row["id"],
    )
