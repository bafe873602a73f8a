"""Messages to a guide about what to do next: few, and the most valuable ones first.

A guide gets at most GUIDE_MESSAGES_PER_DAY a day and one an hour about a customer, never about
facts older than 30 minutes. The rule by which one goes out at once:

- What a prompt is worth is what it earns (typed by headquarters; unknown: as much as this guide's
  prompts usually earn) divided by the priority of its rule: 10 is twice as likely to sell as 20.
- While two thirds of the day's places are free, every prompt goes out.
- Then only one that is worth no less than the median of those told today.
- What is held back comes in one message in the evening, the best first; its place is kept free.
  The card shows all of them all the time.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from statistics import fmean, median
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.tasks import task
from django.urls import reverse
from django.utils.translation import gettext as _

from guideapp.core.clock import SHANGHAI, day_range, now, today
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.money import yuan
from guideapp.members.models import FollowRelation, Suggestion
from guideapp.members.suggestions import RULES, Rule, Words, worded
from guideapp.organisation.models import Guide
from guideapp.wecom import outbox

PER_CUSTOMER = timedelta(hours=1)
EVENING = time(19)  # what was held back is told
_FRESH = timedelta(minutes=30)  # the guide is not told about older facts
_NAMED = 3  # of what was held back
_KIND = "message_text_card"


def tell(suggestion: Suggestion, rule: Rule) -> None:
    """Send the guide's message, or keep it for the evening; the caller has locked the guide."""
    guide, at = suggestion.guide, now()
    asleep = suggestion.snoozed_until is not None and suggestion.snoozed_until > at
    fresh = suggestion.until > at and at - suggestion.proposed_at <= _FRESH
    if asleep or not fresh or not guide.is_active:
        return
    told = Suggestion.objects.filter(guide=guide)
    if told.filter(contact=suggestion.contact, messaged_at__gt=at - PER_CUSTOMER).exists():
        return
    follow = _follow_of(suggestion)
    if follow is None:
        return
    today_from, _today_to = day_range(today())
    if not _deserves_a_place(suggestion, list(told.filter(messaged_at__gte=today_from))):
        _keep_for_the_evening(guide)
        return
    suggestion.messaged_at = at
    suggestion.save()
    outbox.send(
        _KIND,
        _message(suggestion, rule, follow),
        key=f"suggestion:{suggestion.pk}",
        expires_at=suggestion.until,
    )


@task(queue_name="normal")
def tell_the_rest(guide_id: int) -> None:
    """One message about what was held back today and can still be done; at most one a day."""
    with transaction.atomic():
        guide = Guide.objects.select_for_update(no_key=True).filter(pk=guide_id).first()
        rows = _held_back(guide_id)
        if guide is None or not guide.is_active or not rows:
            return
        outbox.send(
            _KIND,
            _digest(guide, rows),
            key=f"digest:{guide_id}:{today():%Y%m%d}",
            expires_at=day_range(today())[1],
        )


def _deserves_a_place(suggestion: Suggestion, told: Sequence[Suggestion]) -> bool:
    """True when the prompt may go out now, beside those `told` today."""
    at_once = settings.GUIDE_MESSAGES_PER_DAY - 1  # one is the evening's
    if len(told) >= at_once:
        return False
    if len(told) < at_once * 2 // 3 or now() >= _evening():
        return True
    usual = _usual(told)
    return _worth(suggestion, usual) >= median(_worth(row, usual) for row in told)


def _worth(suggestion: Suggestion, usual: float) -> float:
    return (suggestion.earn_fen or usual) / suggestion.priority


def _usual(rows: Sequence[Suggestion]) -> float:
    """What a prompt whose amount nobody typed counts for: the mean of the known amounts."""
    return fmean([row.earn_fen for row in rows if row.earn_fen] or [1])


def _keep_for_the_evening(guide: Guide) -> None:
    evening = _evening()
    if now() < evening:
        key = f"members:digest:{guide.pk}:{today():%Y%m%d}"
        enqueue_once(tell_the_rest, guide.pk, dedupe_key=key, run_after=evening)


def _evening() -> datetime:
    return datetime.combine(today(), EVENING, SHANGHAI)


def _held_back(guide_id: int) -> list[Suggestion]:
    """Today's prompts of which the guide was not told, the most valuable first."""
    today_from, _today_to = day_range(today())
    of_guide = Suggestion.objects.filter(guide=guide_id)
    told = of_guide.filter(messaged_at__gte=today_from)
    rows = list(
        of_guide.showable(at=now())
        .filter(messaged_at=None, proposed_at__gte=today_from)
        .filter(created_at__lte=F("proposed_at") + _FRESH)  # older facts are the card's alone
        .exclude(contact__in=told.values("contact"))
        .select_related("contact")
    )
    usual = _usual(rows)
    return sorted(rows, key=lambda row: (-_worth(row, usual), row.pk))


def _follow_of(suggestion: Suggestion) -> FollowRelation | None:
    rows = FollowRelation.objects.active().filter(
        guide=suggestion.guide_id, contact=suggestion.contact_id
    )
    return rows.select_related("contact").first()


def _message(suggestion: Suggestion, rule: Rule, follow: FollowRelation) -> dict[str, Any]:
    """What the outbox sends: title, how and what it earns, a link to the customer."""
    words = _words(suggestion, follow)
    lines = [str(rule.how) % words]
    if suggestion.earn_fen:
        lines.append(_("成交约赚 %(amount)s") % {"amount": yuan(suggestion.earn_fen)})
    return {
        "userids": [suggestion.guide.userid],
        "title": str(rule.message) % words,
        "description": "\n".join(lines),
        "url": settings.SITE_URL + reverse("workbench:customer", args=[follow.pk]),
    }


def _digest(guide: Guide, rows: Sequence[Suggestion]) -> dict[str, Any]:
    """The best three by name, and a link to the guide's own home."""
    people = len({row.contact_id for row in rows})
    lines = [
        str(RULES[row.rule].message) % _words(row, follow)
        for row in rows[:_NAMED]
        if (follow := _follow_of(row)) is not None
    ]
    return {
        "userids": [guide.userid],
        "title": _("今天还有 %(n)s 位客户值得聊聊") % {"n": people},
        "description": "\n".join(lines),
        "url": settings.SITE_URL + reverse("workbench:home"),
    }


def _words(suggestion: Suggestion, follow: FollowRelation) -> Words:
    return worded(suggestion.evidence, follow.shown_name or _("一位新朋友"))
