"""The library beside a chat: the list, the send, its result, and what the customer looked at."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.compliance.services import with_contacts_of_today
from guideapp.core.audit import record_audit
from guideapp.core.errors import BadInput
from guideapp.core.htmx import render_fragment
from guideapp.core.limits import hit
from guideapp.materials.errors import CustomerUnknown, ShareUnknown
from guideapp.materials.forms import LibraryFilterForm, ResultForm, SendForm, SignalForm
from guideapp.materials.models import Share
from guideapp.materials.services import base_of, payload_of, report_share, share_material
from guideapp.materials.services.library import (
    PAGE,
    categories_for,
    shelf_for,
    shelf_for_nobody,
)
from guideapp.materials.services.visits import newest_view
from guideapp.members.models import FollowRelation
from guideapp.members.services import held_cards, refresh_soon
from guideapp.organisation.auth import GuideRequest, guide_required, refuse_foreign

LIST_ID = "materials-list"  # the part that a search or a new view swaps
TRIES = ("0", "1", "2", "3", "4", "5")  # a customer not known yet is asked for again each second


@require_GET
@guide_required
def sidebar(request: GuideRequest) -> HttpResponse:
    """素材 beside a chat; without a customer (a group, the wrong entry) nothing can be sent."""
    customer = request.GET.get("customer", "")
    follow = _find_follow(request, customer)
    if customer and follow is None:
        return _not_known(request, customer)
    context = _shelf_context(request, follow)
    part = "results" if request.headers.get("HX-Target") == LIST_ID else "panel"
    return render_fragment(request, "materials/sidebar.html", part, context)


@require_GET
@guide_required
def library(request: GuideRequest) -> HttpResponse:
    """The guide's library outside a chat: everything is sent from a customer's chat."""
    context = _shelf_context(request, None)
    return render_fragment(request, "materials/library.html", "results", context)


@require_GET
@guide_required
def signals(request: GuideRequest) -> HttpResponse:
    """204 while nothing new was looked at, else the list anew.

    `after` is the newest view's number that the page knows, or `since` the second it was made. The
    event `materials:viewed` tells other parts of the page; with `quiet` it is all that comes.
    """
    customer = request.GET.get("customer", "")
    follow = _find_follow(request, customer)
    if follow is None:
        refuse_foreign(request, f"customer:{customer}")
    asked = SignalForm(request.GET)
    asked.is_valid()
    newest = newest_view(follow, **asked.known())
    if newest is None:
        return HttpResponse(status=204)
    if "quiet" in request.GET:
        context: dict[str, Any] = {"follow": follow, "last_view": newest}
        response = render_fragment(request, "materials/signals.html", "quiet", context)
    else:
        context = _shelf_context(request, follow)
        response = render_fragment(request, "materials/sidebar.html", "results", context)
    response["HX-Trigger"] = "materials:viewed"
    return response


def _find_follow(request: GuideRequest, external_userid: str) -> FollowRelation | None:
    """The guide's open relation with the customer, with the `level` of their card.

    And with who contacted TA today: `contacts_today`, `contacted_by`.
    """
    cards = held_cards(OuterRef("guide__store__region__brand"))
    own = FollowRelation.objects.active().filter(
        guide=request.actor.guide, contact__external_userid=external_userid
    )
    level = Coalesce(Subquery(cards.values("level")[:1]), Value(""))
    rows = own.select_related("contact").annotate(level=level)
    return with_contacts_of_today(rows, request.actor.guide).first()


def _not_known(request: GuideRequest, external_userid: str) -> HttpResponse:
    """404 for a customer who is not the guide's; the shell asks with `try` while TA is synced."""
    tried = request.GET.get("try", "")
    if tried not in TRIES:
        refuse_foreign(request, f"customer:{external_userid}")
    userid = request.actor.guide.userid
    if tried == TRIES[0]:
        hit(
            "profile",
            str(request.actor.guide.pk),
            limit=settings.PROFILE_LIMIT_PER_10_MINUTES,
            seconds=600,
        )
        record_audit(
            actor=userid,
            action="refused",
            subject=f"customer:{external_userid}"[:96],
            reason="out of scope",
        )
        refresh_soon(external_userid, userid)
    again = ""
    if tried != TRIES[-1]:
        query = {"customer": external_userid, "try": int(tried) + 1}
        again = f"{reverse('materials:sidebar')}?{urlencode(query)}"
    response = render_fragment(request, "materials/waiting.html", "panel", {"again": again})
    response.status_code = 202 if again else 200
    return response


def _shelf_context(request: GuideRequest, follow: FollowRelation | None) -> dict[str, Any]:
    guide = request.actor.guide
    q, category, limit = LibraryFilterForm(request.GET).wanted()
    if follow is None:
        shelf = shelf_for_nobody(store=guide.store, q=q, category=category, limit=limit)
    else:
        shelf = shelf_for(follow, guide=guide, q=q, category=category, limit=limit)
    return {
        "follow": follow,
        "shelf": shelf,
        "categories": categories_for(guide.store),
        "q": q,
        "category": category,
        "limit": limit,
        "more": limit + PAGE,
        "states": Share.State,
        **_cap_context(follow),
    }


def _cap_context(follow: FollowRelation | None) -> dict[str, Any]:
    """What is said before the tap: who contacted TA today, and how often one still may."""
    cap = settings.CONTACTS_PER_DAY
    had = getattr(follow, "contacts_today", 0)
    return {
        "contacts_today": had,
        "contacts_left": max(cap - had, 0),
        "contacted_by": getattr(follow, "contacted_by", ""),
    }


@require_POST
@guide_required
def send(request: GuideRequest, material_id: int) -> JsonResponse:
    """One tap: make the tracked share and answer with the payload for WeCom's client."""
    form = SendForm(request.POST)
    if not form.is_valid():
        raise BadInput
    data = form.cleaned_data
    try:
        share = share_material(
            material_id=material_id,
            actor=request.actor,
            external_userid=data["customer"],
            nonce=data["nonce"],
            form=data["form"],
            again=data["again"],
        )
    except CustomerUnknown:
        record_audit(
            actor=request.actor.guide.userid,
            action="refused",
            subject=f"customer:{data['customer']}"[:96],
            reason="out of scope",
        )
        raise
    payload = payload_of(share, base_url=base_of(request))
    return JsonResponse({"share": share.pk, "state": share.state, "payload": payload})


@require_POST
@guide_required
def result(request: GuideRequest, share_id: int) -> JsonResponse:
    """What WeCom's client said about a share; the answer words it for the row."""
    form = ResultForm(request.POST)
    if not form.is_valid():
        raise BadInput
    try:
        share = report_share(
            share_id=share_id,
            guide=request.actor.guide,
            outcome=form.cleaned_data["outcome"],
            detail=form.cleaned_data["detail"],
        )
    except ShareUnknown:
        refuse_foreign(request, f"share:{share_id}")
    return JsonResponse({"state": share.state, "message": _failure(share)})


def _failure(share: Share) -> str:
    """The cause of a failed send in plain words; '' for every other state."""
    if share.state != Share.State.FAILED:
        return ""
    reason = share.detail.partition(":")[0].strip()
    causes = {
        "no_permission": _("没发出去：你没有客户联系权限，请找店长"),
        "no_customer": _("没发出去：请从客户聊天里打开"),
        "not_in_wecom": _("没发出去：请从客户聊天里打开"),
        "client_too_old": _("没发出去：企业微信版本太低，更新后才能发送"),
    }
    if "allow list" in share.detail:
        return _("没发出去：你还没开通导购台")
    return causes.get(reason) or _("没发出去，再试一次")
