"""Sizes and likings of a customer (尺码、偏好): noted in two taps, with author, time and decay."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from guideapp.core.clock import now
from guideapp.members.errors import PreferenceRefused
from guideapp.members.models import Contact, Preference
from guideapp.members.services.owners import owner_of, told_in
from guideapp.members.services.topics import require_allowed
from guideapp.organisation.models import Guide

Kind = Preference.Kind
VALUE_MAX = 30
# What a tap can say without typing, by kind.
CHOICES: dict[str, list[str]] = json.loads(
    Path(__file__).parent.parent.joinpath("preference_values.json").read_text(encoding="utf-8")
)
ONE_VALUE = frozenset({Kind.TOP_SIZE, Kind.BOTTOM_SIZE, Kind.SHOE_SIZE, Kind.BUDGET})
# Bodies, seasons and purses change; what somebody cannot stand seldom does.
_STALE_DAYS: dict[str, int] = {
    Kind.TOP_SIZE: 365,
    Kind.BOTTOM_SIZE: 365,
    Kind.SHOE_SIZE: 730,
    Kind.CATEGORY: 365,
    Kind.COLOUR: 365,
    Kind.STYLE: 365,
    Kind.BUDGET: 180,
    Kind.AVOIDS: 730,
}


@transaction.atomic
def note_preference(
    contact: Contact, by: Guide, kind: str, value: str, *, at: datetime | None = None
) -> Preference:
    """Keep what `by` observed; of sizes and budgets a new value closes the one before.

    The same value again confirms it. What another owner's guides noted is not theirs to change.
    Raises PreferenceRefused, and TopicRefused for sensitive information.
    """
    value = _clean(kind, value)
    moment = at or now()
    Contact.objects.select_for_update().get(pk=contact.pk)  # two taps are noted one by one
    present = Preference.objects.filter(
        told_in(owner_of(by), guide=by), contact=contact, kind=kind, ended_at=None
    )
    if kind in ONE_VALUE:
        present.exclude(value=value).update(ended_at=moment)
    row = present.filter(value=value).first()
    if row is not None:
        row.confirmed_at = moment
        row.save(update_fields=["confirmed_at"])
        return row
    return Preference.objects.create(
        contact=contact, kind=kind, value=value, author=by, owner_id=owner_of(by), at=moment
    )


def confirm_preference(preference: Preference) -> None:
    """Still right, somebody said: it counts as fresh from now on."""
    Preference.objects.filter(pk=preference.pk, ended_at=None).update(confirmed_at=now())


def end_preference(preference: Preference) -> None:
    """No longer right; what it was stays in the history."""
    Preference.objects.filter(pk=preference.pk, ended_at=None).update(ended_at=now())


def preference_is_stale(kind: str, at: datetime, confirmed_at: datetime | None) -> bool:
    """True when nobody has said so for as long as such a thing usually stays true."""
    return max(at, confirmed_at or at) < now() - timedelta(days=_STALE_DAYS.get(kind, 365))


def preference_words(kind: str, value: str) -> str:
    """How it reads on a card: M 码, 下装 28, 预算 1,000–2,000; a liking as it is."""
    words = {
        Kind.TOP_SIZE: _("%(value)s 码"),
        Kind.BOTTOM_SIZE: _("下装 %(value)s"),
        Kind.SHOE_SIZE: _("%(value)s 码鞋"),
        Kind.BUDGET: _("预算 %(value)s"),
    }
    return words.get(Kind(kind), "%(value)s") % {"value": value}


def preference_question(kind: str, value: str) -> str:
    """What the card asks of a stale one."""
    words = {
        Kind.TOP_SIZE: _("还穿 %(value)s 码吗？"),
        Kind.BOTTOM_SIZE: _("下装还穿 %(value)s 吗？"),
        Kind.SHOE_SIZE: _("鞋还穿 %(value)s 码吗？"),
        Kind.BUDGET: _("预算还是 %(value)s 吗？"),
    }
    return words.get(Kind(kind), _("“%(value)s”还对吗？")) % {"value": value}


def _clean(kind: str, value: str) -> str:
    if kind not in Kind.values:
        raise PreferenceRefused(_("没有这一项，刷新后再试"))
    value = " ".join(value.split())
    if not value or len(value) > VALUE_MAX or not value.isprintable():
        raise PreferenceRefused(_("写 1 到 %(most)s 个字") % {"most": VALUE_MAX})
    require_allowed(value)
    return value
