"""组织: the department tree, what each node stands for, and the reading of the address book."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_audit
from guideapp.organisation.auth import (
    GuideRequest,
    admin_required,
    fresh_login,
    scan_hint,
)
from guideapp.organisation.forms import RegionForm, StoreForm
from guideapp.organisation.models import Brand, Department
from guideapp.organisation.services import link_region, link_store, unlink_department
from guideapp.organisation.services.address_book import ask_for_full_sync
from guideapp.organisation.services.overview import last_sync, levels_below
from guideapp.organisation.services.tree import Tree


@require_GET
@admin_required
def tree(request: GuideRequest) -> HttpResponse:
    """Two levels of the tree below `at` (or the top), and how the last reading went."""
    at = request.GET.get("at", "")
    context = {
        **levels_below(int(at) if at.isdecimal() and len(at) < 10 else None),
        "sync": last_sync(),
        "section": "organisation",
    }
    return render(request, "organisation/tree.html", context)


@require_POST
@admin_required
def sync(request: GuideRequest) -> HttpResponse:
    """Have the address book read now, in the background."""
    ask_for_full_sync()
    record_audit(
        actor=request.actor.guide.userid, action="sync_asked", subject="organisation:address_book"
    )
    return redirect("organisation:tree")


@require_GET
@admin_required
def department(request: GuideRequest, wecom_id: int) -> HttpResponse:
    """One department: make it a region, a store, or neither."""
    return _page(request, _department(wecom_id))


@require_POST
@admin_required
@fresh_login(_("设为大区"))
def make_region(request: GuideRequest, wecom_id: int) -> HttpResponse:
    """The department is this region."""
    node, form = _department(wecom_id), RegionForm(request.POST, auto_id="region_%s")
    if not form.is_valid():
        return _page(request, node, region_form=form)
    link_region(actor_userid=request.actor.guide.userid, department=node, **form.cleaned_data)
    return redirect("organisation:tree")


@require_POST
@admin_required
@fresh_login(_("设为门店"))
def make_store(request: GuideRequest, wecom_id: int) -> HttpResponse:
    """The department is this store."""
    node, form = _department(wecom_id), StoreForm(request.POST, auto_id="store_%s")
    if not form.is_valid():
        return _page(request, node, store_form=form)
    link_store(actor_userid=request.actor.guide.userid, department=node, **form.cleaned_data)
    return redirect("organisation:tree")


@require_POST
@admin_required
@fresh_login(_("取消对应"))
def unlink(request: GuideRequest, wecom_id: int) -> HttpResponse:
    """The department is nothing of ours any more."""
    unlink_department(actor_userid=request.actor.guide.userid, department=_department(wecom_id))
    return redirect("organisation:tree")


def _department(wecom_id: int) -> Department:
    present = Department.objects.filter(gone_at=None)
    return get_object_or_404(
        present.select_related("store__region", "region__brand"), wecom_id=wecom_id
    )


def _page(request: GuideRequest, node: Department, **bound: forms.Form) -> HttpResponse:
    context = {
        "node": node,
        "brands": Brand.objects.order_by("name")[:100],
        "region_form": RegionForm(initial=_region_initial(node), auto_id="region_%s"),
        "store_form": StoreForm(initial=_store_initial(node), auto_id="store_%s"),
        **scan_hint(request),
        "section": "organisation",
        **bound,
    }
    return render(request, "organisation/department.html", context, status=422 if bound else 200)


def _region_initial(node: Department) -> dict[str, Any]:
    if node.region:
        return {"brand_name": node.region.brand.name, "name": node.region.name}
    brand = Brand.objects.order_by("pk").first()
    return {"brand_name": brand.name if brand else "", "name": node.name}


def _store_initial(node: Department) -> dict[str, Any]:
    if store := node.store:
        return {"region": store.region, "code": store.code, "name": store.name, "city": store.city}
    return {"region": Tree.read().region_above(node.wecom_id), "name": node.name}
