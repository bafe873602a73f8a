"""人事同步: what differs between HR and WeCom, and the tap that makes WeCom follow."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.organisation.auth import (
    GuideRequest,
    admin_required,
    fresh_login,
    scan_hint,
)
from guideapp.organisation.models import HrPlan
from guideapp.organisation.services import apply_plan, make_plan
from guideapp.organisation.services.hr_page import (
    counts_of,
    held_of,
    lines_of,
    register,
    strangers,
)

_STRANGERS = 20
_PLANS = 6
_OPEN = {"waiting", "sending"}


@require_GET
@admin_required
def hr(request: GuideRequest) -> HttpResponse:
    """The newest plan, who is not in HR, and the plans before."""
    plans = list(HrPlan.objects.exclude(state=HrPlan.State.STALE).order_by("-pk")[:_PLANS])
    return _page(request, plans[0] if plans else None, plans[1:])


@require_GET
@admin_required
def hr_plan(request: GuideRequest, plan_id: int) -> HttpResponse:
    """One plan of before."""
    return _page(request, get_object_or_404(HrPlan, pk=plan_id), [])


@require_POST
@admin_required
def make(request: GuideRequest) -> HttpResponse:
    """Compare HR with the address book now."""
    make_plan(actor_userid=request.actor.guide.userid)
    return redirect("organisation:hr")


@require_POST
@admin_required
@fresh_login(_("执行人事方案"))
def apply(request: GuideRequest, plan_id: int) -> HttpResponse:
    """Make WeCom follow."""
    plan = get_object_or_404(HrPlan, pk=plan_id)
    apply_plan(plan=plan, actor_userid=request.actor.guide.userid)
    return redirect("organisation:hr")


def _page(request: GuideRequest, plan: HrPlan | None, earlier: list[HrPlan]) -> HttpResponse:
    after = request.GET.get("after", "")
    unknown = list(strangers()[: _STRANGERS + 1])
    context: dict[str, Any] = {
        "register": register(),
        "plan": plan,
        "earlier": earlier,
        "strangers": unknown[:_STRANGERS],
        "more_strangers": len(unknown) > _STRANGERS,
        "can_write": bool(settings.WECOM_CONTACTS_SECRET),
        **scan_hint(request),
        "section": "hr",
    }
    if plan is not None:
        lines, next_after = lines_of(plan, int(after) if after.isdecimal() else 0)
        context |= {
            "lines": lines,
            "next_after": next_after,
            "counts": counts_of(plan),
            "held": held_of(plan),
            "is_running": plan.state == HrPlan.State.APPLIED
            and any(line.call is None or line.call.state in _OPEN for line in lines),
        }
    return render(request, "organisation/hr.html", context)
