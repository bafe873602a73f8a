"""/hq/audit/: who did what, and who looked at whom. Nothing here can be changed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from guideapp.organisation.auth import GuideRequest, admin_required
from guideapp.workbench.operator_audit import ACTIONS, SCREENS, acts, looks
from guideapp.workbench.operator_forms import AuditForm


@require_GET
@admin_required
def audit(request: GuideRequest) -> HttpResponse:
    """操作记录: acts and refusals."""
    chosen = AuditForm(request.GET).chosen()
    items, next_after = acts(chosen)
    context = {"tab": "acts", "choices": ACTIONS.items(), "items": items}
    return render(request, "workbench/audit.html", _of_page(chosen, next_after) | context)


@require_GET
@admin_required
def accesses(request: GuideRequest) -> HttpResponse:
    """谁看了客户: reads of profiles."""
    chosen = AuditForm(request.GET).chosen()
    items, next_after = looks(chosen)
    context = {"tab": "looks", "choices": SCREENS.items(), "items": items}
    return render(request, "workbench/audit.html", _of_page(chosen, next_after) | context)


def _of_page(chosen: dict[str, object], next_after: int | None) -> dict[str, object]:
    is_narrow = any(chosen[name] for name in ("person", "action", "day"))
    return {
        "section": "audit",
        "chosen": chosen,
        "next_after": next_after,
        "is_narrow": is_narrow,
    }
