"""/g/ 今日: whom to talk to now, and how the week goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from guideapp.core import clock
from guideapp.materials.models import Share
from guideapp.members.models import FollowRelation, Suggestion, TimelineEvent
from guideapp.members.services import explain, held_cards, owner_of
from guideapp.organisation.auth import GuideRequest, guide_required
from guideapp.organisation.models import Guide
from guideapp.workbench.team import Period, facts_of

_SHOWN = 5  # warm customers on the page
_READ = 50  # rows of each source that are looked at for it
_LATELY = timedelta(days=2)
_OWN_WORDS = ("viewed_material", "new_customer")  # rules that this page words by itself


@dataclass(frozen=True, slots=True)
class Warm:
    """A customer to talk to now, and why."""

    name: str
    level: str
    is_new: bool  # came lately; otherwise they looked at `title`, or it is as `what` says
    what: str
    title: str  # of the material that was viewed
    times: int
    at: datetime
    url: str


@require_GET
@guide_required
def home(request: GuideRequest) -> HttpResponse:
    """The guide's day."""
    guide = request.actor.guide
    warm = _warm(guide)
    week = Period.last_days(7)
    facts = facts_of(Period(week.before.first, week.last), guides=[guide])
    context = {
        "guide": guide,
        "greeting": _greeting(),
        "today": clock.today(),
        "warm": warm[:_SHOWN],
        "warm_count": len(warm),
        "week": facts.within(week).total(),
        "before": facts.within(week.before).total(),
    }
    return render(request, "workbench/home.html", context)


def _greeting() -> str:
    """What one says at this hour in Shanghai."""
    hour = clock.now().astimezone(clock.SHANGHAI).hour
    if 5 <= hour < 11:
        return _("早上好")
    if 11 <= hour < 13:
        return _("中午好")
    if 13 <= hour < 18:
        return _("下午好")
    return _("晚上好")


def _warm(guide: Guide) -> list[Warm]:
    """Customers to talk to, each once: open suggestions first, then who looked lately."""
    found: dict[int, Warm] = {}
    for row in _suggested(guide):
        found.setdefault(row.contact_id, _of_suggestion(row))
    for event in _looked(guide):
        if event.contact_id is not None:
            found.setdefault(event.contact_id, _of_event(event))
    return list(found.values())


def _suggested(guide: Guide) -> Iterable[Suggestion]:
    """Open suggestions, the most promising first."""
    rows = Suggestion.objects.showable(at=clock.now()).filter(guide=guide)
    return _with_names(rows, guide).order_by("priority", "-proposed_at")[:_READ]


def _looked(guide: Guide) -> Iterable[TimelineEvent]:
    """Views of the last two days that the guide has not answered or laid aside since."""
    pair = {"guide": guide, "contact": OuterRef("contact")}
    sent = Share.objects.filter(**pair, state=Share.State.SENT, tapped_at__gt=OuterRef("at"))
    asleep = Q(snoozed_until__gt=clock.now()) | Q(decided_at__gt=OuterRef("at"))
    rows = TimelineEvent.objects.filter(
        ~Exists(sent),
        ~Exists(Suggestion.objects.filter(asleep, **pair)),
        guide=guide,
        kind="material_viewed",
        at__gt=clock.now() - _LATELY,
    )
    return _with_names(rows, guide).order_by("-at")[:_READ]


def _with_names(rows: QuerySet[Any], guide: Guide) -> QuerySet[Any]:
    """Rows about a contact who still follows `guide`, with follow, remark, nickname and level."""
    follows = FollowRelation.objects.active().filter(guide=guide, contact=OuterRef("contact"))
    cards = held_cards(owner_of(guide))
    named: QuerySet[Any] = rows.annotate(
        follow=Subquery(follows.values("pk")[:1]),
        remark=Subquery(follows.values("remark")[:1]),
        level=Subquery(cards.values("level")[:1]),
        nickname=F("contact__name"),
    ).filter(follow__isnull=False)
    return named


def _of_suggestion(row: Suggestion) -> Warm:
    evidence = row.evidence
    told = evidence.get("viewed_at") or evidence.get("added_at") or ""
    at = parse_datetime(str(told)) or row.proposed_at
    what = "" if row.rule in _OWN_WORDS else explain(row, name="TA").what
    return _worded(row, row.rule == "new_customer", evidence, at, what)


def _of_event(event: TimelineEvent) -> Warm:
    return _worded(event, False, event.params, event.at)


def _worded(row: Any, is_new: bool, facts: dict[str, Any], at: datetime, what: str = "") -> Warm:
    """`row` as `_with_names` gave it."""
    return Warm(
        name=row.remark or row.nickname or _("新朋友"),
        level=row.level or "",
        is_new=is_new,
        what=what,
        title=str(facts.get("title", "")),
        times=int(facts.get("times", 1)),
        at=at,
        url=reverse("workbench:customer", args=[row.follow]),
    )
