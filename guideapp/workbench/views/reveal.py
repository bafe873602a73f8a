"""The whole phone number of a customer, and the list of whom one has looked at."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import requires
from guideapp.core.errors import BadInput
from guideapp.core.htmx import render_fragment
from guideapp.members.models import FollowRelation
from guideapp.members.services import RevealReason, reveal_phone, reveals_left
from guideapp.organisation.auth import GuideRequest, refuse_foreign
from guideapp.organisation.models import Role
from guideapp.workbench.privacy import own_looks

_TEMPLATE = "workbench/card_reveal_sheet.html"
_COUNTRY = "+86"

revealers_required = requires(Role.GUIDE, Role.STORE_MANAGER)
lookers_required = requires(Role.GUIDE, Role.STORE_MANAGER, Role.REGIONAL_MANAGER)


@require_GET
@revealers_required
def ask(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The sheet that asks why."""
    follow = _reachable(request, follow_id)
    return render_fragment(request, _TEMPLATE, "sheet", _about(request, follow))


@require_POST
@never_cache
@revealers_required
def show(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The number, once the reason stands in the audit log. It is in no other answer."""
    follow = _reachable(request, follow_id)
    reason = request.POST.get("reason", "")
    if reason not in RevealReason.values:
        raise BadInput
    phone = reveal_phone(follow, request.actor, reason=reason)
    context = _about(request, follow) | {"phone": phone.removeprefix(_COUNTRY)}
    return render_fragment(request, _TEMPLATE, "shown", context)


@require_GET
@lookers_required
def accesses(request: GuideRequest) -> HttpResponse:
    """我看过谁: the person's own rows of the access log."""
    after = request.GET.get("after", "")
    number = int(after) if after.isdecimal() and len(after) < 19 else 0
    items, next_after = own_looks(request.actor, after=number)
    context = {"items": items, "next_after": next_after}
    return render(request, "workbench/accesses.html", context)


def _reachable(request: GuideRequest, follow_id: int) -> FollowRelation:
    """An open relation of the person's own, or of a store they manage, else 404."""
    rows = FollowRelation.objects.active().editable_by(request.actor)
    follow = rows.select_related("contact").filter(pk=follow_id).first()
    if follow is None:
        refuse_foreign(request, f"follow:{follow_id}")
    return follow


def _about(request: GuideRequest, follow: FollowRelation) -> dict[str, Any]:
    return {
        "follow": follow,
        "reasons": RevealReason.choices,
        "left": reveals_left(request.actor),
        "phone": "",
    }
