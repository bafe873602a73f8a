"""/hq/suggestions/: what became of each rule of 下一步: shown, used, followed by an order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from guideapp.core import clock
from guideapp.members.models import Suggestion
from guideapp.members.services import RULES, Rule
from guideapp.organisation.auth import GuideRequest, content_required

_PERIODS = (7, 30, 90)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the suggestions of one version of a rule that were shown in a period."""

    rule: Rule
    version: int
    shown: int
    used: int
    snoozed: int
    useless: int
    ordered: int

    @property
    def used_rate(self) -> float | None:
        """Of those shown, the part that the guide did."""
        return self.used / self.shown if self.shown else None

    @property
    def ordered_rate(self) -> float | None:
        """Of those shown, the part with an order within 7 days."""
        return self.ordered / self.shown if self.shown else None


@require_GET
@content_required
def rules(request: GuideRequest) -> HttpResponse:
    """Every rule, also one that nothing was shown of, in the order of the card."""
    chosen = request.GET.get("days", "")
    days = int(chosen) if chosen in {str(period) for period in _PERIODS} else 30
    outcomes = list(_outcomes(days))
    context = {
        "section": "suggestions",
        "days": days,
        "periods": _PERIODS,
        "outcomes": outcomes,
        "shown": sum(outcome.shown for outcome in outcomes),
    }
    return render(request, "workbench/rules.html", context)


def _outcomes(days: int) -> Iterator[Outcome]:
    """By rule and version, in one query over what was first shown in the last `days` days."""
    since, _until = clock.day_range(clock.today() - timedelta(days=days - 1))
    counted = (
        Suggestion.objects.filter(first_shown_at__gte=since)
        .values("rule", "rule_version")
        .annotate(
            shown=Count("pk"),
            used=Count("pk", filter=Q(state=Suggestion.State.DONE)),
            snoozed=Count("pk", filter=Q(snoozed_until__isnull=False)),
            useless=Count("pk", filter=Q(state=Suggestion.State.DISMISSED)),
            ordered=Count("pk", filter=Q(ordered_at__isnull=False)),
        )
        .order_by("rule", "-rule_version")
    )
    found: dict[tuple[str, int], dict[str, Any]] = {
        (row["rule"], row["rule_version"]): dict(row) for row in counted
    }
    for rule in sorted(RULES.values(), key=lambda rule: rule.priority):
        versions = {version for name, version in found if name == rule.name} | {rule.version}
        for version in sorted(versions, reverse=True):
            row: dict[str, Any] = found.get((rule.name, version), {})
            yield Outcome(
                rule=rule,
                version=version,
                shown=row.get("shown", 0),
                used=row.get("used", 0),
                snoozed=row.get("snoozed", 0),
                useless=row.get("useless", 0),
                ordered=row.get("ordered", 0),
            )
