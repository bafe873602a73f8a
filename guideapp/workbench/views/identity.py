"""/hq/identity/: who may be one person, who was joined and by what, and taking it back."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_access
from guideapp.members.models import IdentityLink, MergeCandidate
from guideapp.members.services import keep_apart, merge_candidate, undo
from guideapp.organisation.auth import (
    GuideRequest,
    admin_required,
    fresh_login,
    scan_hint,
)
from guideapp.workbench.identity import (
    candidates,
    compare,
    in_a_line,
    links,
    mask_name,
    pairs,
    reason_of,
)
from guideapp.workbench.operator_forms import IdentityForm, ReasonForm
from guideapp.workbench.operator_lists import page_of

_STATES = MergeCandidate.State


@require_GET
@admin_required
def queue(request: GuideRequest) -> HttpResponse:
    """待合并: open questions first; the decided ones under their chips."""
    chosen = IdentityForm(request.GET).chosen()
    state = chosen["state"] or _STATES.OPEN.value
    rows, next_after = page_of(candidates().filter(state=state), chosen["after"])
    context = {
        "section": "identity",
        "tab": "queue",
        "items": pairs(rows),
        "state": state,
        "states": _STATES.choices,
        "after": chosen["after"],
        "next_after": next_after,
    }
    return render(request, "workbench/identity.html", context)


@require_GET
@admin_required
def candidate(request: GuideRequest, candidate_id: int) -> HttpResponse:
    """Both records beside each other, and what to do."""
    return _candidate_page(request, _candidate(candidate_id), ReasonForm())


@require_POST
@admin_required
@fresh_login(_("合并会员"))
def merge(request: GuideRequest, candidate_id: int) -> HttpResponse:
    """合并."""
    row, form = _candidate(candidate_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _candidate_page(request, row, form)
    merge_candidate(row, by=_me(request), **form.cleaned_data)
    return redirect("workbench:identity_candidate", row.pk)


@require_POST
@admin_required
@fresh_login(_("标记不是同一人"))
def apart(request: GuideRequest, candidate_id: int) -> HttpResponse:
    """不是同一人."""
    row, form = _candidate(candidate_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _candidate_page(request, row, form)
    keep_apart(row, by=_me(request), **form.cleaned_data)
    return redirect("workbench:identity_candidate", row.pk)


@require_GET
@admin_required
def joined(request: GuideRequest) -> HttpResponse:
    """已关联: what was joined, newest first."""
    chosen = IdentityForm(request.GET).chosen()
    rows, next_after = page_of(links(), chosen["after"])
    context = {
        "section": "identity",
        "tab": "joined",
        "items": [(row, in_a_line(row.member), _side(row)) for row in rows],
        "after": chosen["after"],
        "next_after": next_after,
    }
    return render(request, "workbench/identity.html", context)


@require_GET
@admin_required
def link(request: GuideRequest, link_id: int) -> HttpResponse:
    """One joining with its evidence, and taking it back."""
    return _link_page(request, get_object_or_404(links(), pk=link_id), ReasonForm())


@require_POST
@admin_required
@fresh_login(_("撤销关联"))
def take_back(request: GuideRequest, link_id: int) -> HttpResponse:
    """撤销关联."""
    row, form = get_object_or_404(links(), pk=link_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _link_page(request, row, form)
    undo(row, by=_me(request), **form.cleaned_data)
    return redirect("workbench:identity_link", row.pk)


def _me(request: GuideRequest) -> str:
    return request.actor.guide.userid


def _candidate(pk: int) -> MergeCandidate:
    return get_object_or_404(candidates(), pk=pk)


def _side(row: IdentityLink) -> str:
    """What was joined, in a line."""
    if row.joined is not None:
        return in_a_line(row.joined)
    return mask_name(row.contact.name) if row.contact else ""


def _candidate_page(request: GuideRequest, row: MergeCandidate, form: ReasonForm) -> HttpResponse:
    for pk in (row.one_id, row.other_id):
        _seen(request, pk)
    between = IdentityLink.objects.filter(joined__in=[row.one_id, row.other_id], undone_at=None)
    context = {
        "row": row,
        "lines": compare(row.one_id, row.other_id),
        "reason": reason_of(row.reason),
        "customer": mask_name(row.contact.name) if row.contact else "",
        "link": between.first() if row.state == _STATES.MERGED else None,
        "merge_url": reverse("workbench:identity_merge", args=[row.pk]),
        "apart_url": reverse("workbench:identity_apart", args=[row.pk]),
    }
    return _page(request, "workbench/identity_pair.html", context, form)


def _link_page(request: GuideRequest, row: IdentityLink, form: ReasonForm) -> HttpResponse:
    _seen(request, row.member_id)
    if row.joined_id:
        _seen(request, row.joined_id)
    context = {
        "row": row,
        "lines": compare(row.member_id, row.joined_id) if row.joined_id else [],
        "member": in_a_line(row.member),
        "joined": _side(row),
        "undo_url": reverse("workbench:identity_undo", args=[row.pk]),
    }
    return _page(request, "workbench/identity_link.html", context, form)


def _seen(request: GuideRequest, member_id: int) -> None:
    record_access(actor_id=request.actor.guide.pk, subject=f"member:{member_id}", screen="identity")


def _page(
    request: GuideRequest, template: str, context: dict[str, Any], form: ReasonForm
) -> HttpResponse:
    context |= {
        "section": "identity",
        "form": form,
        **scan_hint(request),
    }
    return render(request, template, context, status=422 if form.is_bound else 200)
