"""人员与角色: find somebody, give and take roles."""

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.htmx import render_fragment
from guideapp.organisation.auth import (
    GuideRequest,
    admin_required,
    fresh_login,
    scan_hint,
)
from guideapp.organisation.forms import GrantForm, PeopleFilterForm
from guideapp.organisation.models import Guide, RoleGrant, Store
from guideapp.organisation.services import grant_role, revoke_role

_PAGE = 50
_STORES_OFFERED = 500  # in the list under the store's code; any other code can be typed


@require_GET
@admin_required
def people(request: GuideRequest) -> HttpResponse:
    """Everybody in the address book with their roles, by role, fifty at a time."""
    return _people_page(request, request.GET, words="")


@require_POST
@admin_required
def search(request: GuideRequest) -> HttpResponse:
    """The same by words. A POST: a name belongs into no address and no log."""
    return _people_page(request, request.POST, words=request.POST.get("q", ""))


@require_GET
@admin_required
def person(request: GuideRequest, guide_id: int) -> HttpResponse:
    """One person: where they work, which roles they hold, and a form for another one."""
    return _person_page(request, _person(guide_id), GrantForm())


@require_POST
@admin_required
@fresh_login(_("给角色"))
def grant(request: GuideRequest, guide_id: int) -> HttpResponse:
    """Give a role."""
    guide = _person(guide_id)
    form = GrantForm(request.POST)
    if not form.is_valid():
        return _person_page(request, guide, form, status=422)
    grant_role(actor_userid=request.actor.guide.userid, guide=guide, **form.cleaned_data)
    return redirect("organisation:person", guide.pk)


@require_POST
@admin_required
@fresh_login(_("收回角色"))
def revoke(request: GuideRequest, guide_id: int, grant_id: int) -> HttpResponse:
    """Take a role away."""
    guide = _person(guide_id)
    held = get_object_or_404(RoleGrant, pk=grant_id, guide=guide)
    revoke_role(actor_userid=request.actor.guide.userid, grant=held)
    return redirect("organisation:person", guide.pk)


def _people_page(request: GuideRequest, data: QueryDict, *, words: str) -> HttpResponse:
    form = PeopleFilterForm({**data.dict(), "q": words})
    form.is_valid()  # a bad filter is dropped
    chosen = form.cleaned_data
    guides = Guide.objects.filter(left_at=None, pk__gt=chosen.get("after") or 0)
    guides = guides.matching(chosen.get("q", ""))
    if chosen.get("role"):
        held = RoleGrant.objects.filter(role=chosen["role"], revoked_at=None)
        guides = guides.filter(pk__in=held.values("guide"))
    rows = list(
        guides.order_by("pk")
        .select_related("store")
        .prefetch_related(Prefetch("grants", _grants(), to_attr="held"))[: _PAGE + 1]
    )
    context = {
        "form": form,
        "chosen": chosen,
        "people": rows[:_PAGE],
        "next_after": rows[_PAGE - 1].pk if len(rows) > _PAGE else None,
        "section": "people",
    }
    return render_fragment(request, "organisation/people.html", "results", context)


def _person(guide_id: int) -> Guide:
    present = Guide.objects.filter(left_at=None).select_related("store__region")
    return get_object_or_404(present, pk=guide_id)


def _grants() -> QuerySet[RoleGrant]:
    held = RoleGrant.objects.filter(revoked_at=None).order_by("granted_at", "pk")
    return held.select_related("store", "region")


def _person_page(
    request: GuideRequest, guide: Guide, form: GrantForm, status: int = 200
) -> HttpResponse:
    context = {
        "person": guide,
        "held": _grants().filter(guide=guide),
        "form": form,
        "stores": Store.objects.filter(closed_on=None).order_by("code")[:_STORES_OFFERED],
        **scan_hint(request),
        "section": "people",
    }
    return render(request, "organisation/person.html", context, status=status)
