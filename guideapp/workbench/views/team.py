"""/m/: what the store did, and who did it. A regional manager sees stores first, then guides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from guideapp.core import clock
from guideapp.organisation.auth import GuideRequest, manager_required, refuse_foreign
from guideapp.organisation.models import Guide, Role, Store
from guideapp.workbench.chart import trend
from guideapp.workbench.team import (
    Facts,
    Period,
    Tally,
    facts_of,
    guides_of,
    stores_led_by,
    sum_of,
)

_PERIODS = (1, 7, 30)  # days that can be chosen
_TREND_DAYS = 7  # the shortest chart
_TOP = 5  # of the ranking on the board
_GUIDES_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a ranking: `share` is the part of the best one's views, 0–100."""

    rank: int
    who: Guide | Store
    tally: Tally
    share: int


@dataclass(frozen=True, slots=True)
class Leavers:
    """What people did in the store who are no guides of it any more: the totals hold it, too."""

    people: int
    tally: Tally


@require_GET
@manager_required
def board(request: GuideRequest) -> HttpResponse:
    """The board of the one store, or of all stores that the person leads."""
    stores = list(stores_led_by(request.actor))
    if len(stores) == 1:
        return _store_board(request, stores[0], is_home=True)
    return _stores_board(request, stores)


@require_GET
@manager_required
def store_board(request: GuideRequest, store_id: int) -> HttpResponse:
    """The board of one of several stores."""
    store = stores_led_by(request.actor).filter(pk=store_id).first()
    if store is None:
        refuse_foreign(request, f"store:{store_id}")
    return _store_board(request, store, is_home=False)


@require_GET
@manager_required
def guides(request: GuideRequest) -> HttpResponse:
    """Everybody in the stores that the person leads, with this week's figures."""
    page = _page_of(request)
    found = guides_of(stores_led_by(request.actor))
    start = (page - 1) * _GUIDES_A_PAGE
    rows = list(found[start : start + _GUIDES_A_PAGE + 1])
    shown = rows[:_GUIDES_A_PAGE]
    tallies = facts_of(Period.last_days(7), guides=shown).by_guide()
    context = {
        "tab": "guides",
        "guides": [(guide, tallies[guide.pk]) for guide in shown],
        "page": page,
        "has_more": len(rows) > len(shown),
        "several_stores": request.actor.has(Role.REGIONAL_MANAGER),
    }
    return render(request, "workbench/team_guides.html", context)


@require_GET
@manager_required
def guide_week(request: GuideRequest, guide_id: int) -> HttpResponse:
    """One guide's days."""
    guide = guides_of(stores_led_by(request.actor)).filter(pk=guide_id).first()
    if guide is None:
        refuse_foreign(request, f"guide:{guide_id}")
    period = _period_of(request)
    stores = [guide.store] if guide.store else []
    facts = facts_of(_span(period), guides=[guide], stores=stores)
    by_day = facts.by_day()
    context = _figures(facts, period) | {
        "tab": "guides",
        "guide": guide,
        "days": [(day, by_day[day]) for day in reversed(list(_trend_days(period)))],
    }
    return render(request, "workbench/guide_week.html", context)


def _store_board(request: GuideRequest, store: Store, *, is_home: bool) -> HttpResponse:
    period = _period_of(request)
    members = list(guides_of([store]))
    facts = facts_of(_span(period), stores=[store])
    tallies = facts.within(period).by_guide()
    context = _board(facts, period, members) | {
        "store": store,
        "is_home": is_home,
        "ranking": _ranking([(guide, tallies[guide.pk]) for guide in members]),
        "leavers": _leavers(tallies, members),
        "count": len(members),
    }
    return render(request, "workbench/team.html", context)


def _stores_board(request: GuideRequest, stores: list[Store]) -> HttpResponse:
    period = _period_of(request)
    members = list(guides_of(stores))
    facts = facts_of(_span(period), stores=stores)
    tallies = facts.within(period).by_store()
    context = _board(facts, period, members) | {
        "regions": sorted({store.region.name for store in stores}),
        "stores": len(stores),
        "ranking": _ranking([(store, tallies[store.pk]) for store in stores], top=len(stores)),
        "count": len(members),
    }
    return render(request, "workbench/team_stores.html", context)


def _board(facts: Facts, period: Period, members: Sequence[Guide]) -> dict[str, Any]:
    """Figures, chart, rates and who has not logged in today."""
    known = {guide.pk for guide in members}
    here = facts.within(period)
    came = {row.guide_id for row in facts.rows if row.tally.logins and row.day == clock.today()}
    logins = sum(row.tally.logins for row in here.rows if row.guide_id in known)
    absent = [guide for guide in members if guide.pk not in came]
    sharers = here.guides_who("sent") & known
    return _figures(facts, period) | {
        "tab": "board",
        "login_rate": _rate(logins, len(known) * len(period)),
        "share_rate": _rate(len(sharers), len(known)),
        "sharers": len(sharers),
        "came_today": len(known) - len(absent),
        "absent": absent,
    }


def _figures(facts: Facts, period: Period) -> dict[str, Any]:
    """The period's totals beside those of the one before, and the line of what was sent."""
    now, before = facts.within(period).total(), facts.within(period.before).total()
    by_day = facts.by_day()
    days = list(_trend_days(period))
    return {
        "period": period,
        "periods": [(days, _name_of(days), days == len(period)) for days in _PERIODS],
        "compared": _compared(period),
        "total": now,
        "before": before,
        "change": round((now.sent - before.sent) / before.sent, 3) if before.sent else None,
        "chart": trend([(day, by_day[day].sent) for day in days]),
        "daily": [(day, by_day[day]) for day in reversed(days)],
    }


def _ranking(rows: list[tuple[Any, Tally]], top: int = _TOP) -> list[Place]:
    """The best by views, then by sends; nobody without either."""
    active = [row for row in rows if row[1].viewed or row[1].sent]
    best = sorted(active, key=lambda row: (-row[1].viewed, -row[1].sent, row[0].name))[:top]
    most = max((tally.viewed for _who, tally in best), default=0) or 1
    return [
        Place(rank, who, tally, round(tally.viewed / most * 100))
        for rank, (who, tally) in enumerate(best, start=1)
    ]


def _leavers(tallies: dict[int, Tally], members: list[Guide]) -> Leavers | None:
    """Everybody with a figure who is not among `members`; None when there is nobody."""
    present = {guide.pk for guide in members}
    gone = [
        tally
        for pk, tally in tallies.items()
        if pk not in present and (tally.sent or tally.viewed or tally.added)
    ]
    return Leavers(len(gone), sum_of(gone)) if gone else None


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _trend_days(period: Period) -> Period:
    """The days of the chart: the period, but never fewer than a week."""
    return period if len(period) >= _TREND_DAYS else Period.last_days(_TREND_DAYS)


def _span(period: Period) -> Period:
    """Everything that has to be read: the period, the one before, and the chart."""
    return Period(min(period.before.first, _trend_days(period).first), period.last)


def _period_of(request: GuideRequest) -> Period:
    chosen = request.GET.get("days", "")
    return Period.last_days(int(chosen) if chosen in {str(days) for days in _PERIODS} else 7)


def _page_of(request: GuideRequest) -> int:
    page = request.GET.get("page", "")
    return max(int(page), 1) if page.isdecimal() and len(page) <= 3 else 1


def _name_of(days: int) -> str:
    return {1: _("今天"), 7: _("近 7 天")}.get(days) or _("近 %(n)s 天") % {"n": days}


def _compared(period: Period) -> str:
    """What the figures are set beside."""
    return {1: _("比昨天"), 7: _("比上周")}.get(len(period)) or _("比前 %(n)s 天") % {
        "n": len(period)
    }
