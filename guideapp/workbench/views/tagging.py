"""/m/tagging/: one tag for many customers of the store, as a job whose progress is shown."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import requires
from guideapp.core.htmx import render_fragment
from guideapp.members.models import BulkTagging, FollowRelation, FollowRelationQuerySet, Tag
from guideapp.members.services import (
    BULK_AT_MOST,
    held_cards,
    settable_tags,
    start_bulk_tagging,
)
from guideapp.organisation.auth import GuideRequest, refuse_foreign
from guideapp.organisation.models import Guide, Role
from guideapp.workbench.customer_list import SEGMENTS as LISTED
from guideapp.workbench.forms import SEGMENTS, TaggingForm

store_manager_required = requires(Role.STORE_MANAGER)

_LATEST = 10  # lists that are shown


@require_GET
@store_manager_required
def tagging(request: GuideRequest) -> HttpResponse:
    """Choose customers and a tag; how many they are stands there before anything happens."""
    form = TaggingForm(request.GET)
    form.is_valid()  # a bad filter is dropped
    chosen = form.cleaned_data
    follows = _follows(request, chosen.get("guide"), chosen.get("segment") or "all")
    found = len(follows.order_by("pk").values_list("pk", flat=True)[: BULK_AT_MOST + 1])
    context = {
        "guides": _guides(request),
        "segments": SEGMENTS,
        "tags": _tags(request).select_related("group"),
        "chosen": chosen,
        "found": min(found, BULK_AT_MOST),
        "is_too_many": found > BULK_AT_MOST,
        "most": BULK_AT_MOST,
        "lists": _lists(request)[:_LATEST],
    }
    return render_fragment(request, "workbench/tagging.html", "count", context)


@require_POST
@store_manager_required
def start(request: GuideRequest) -> HttpResponse:
    """Owe the tag to everybody who was chosen."""
    form = TaggingForm(request.POST)
    form.is_valid()
    chosen = form.cleaned_data
    tag = _tags(request).filter(pk=chosen.get("tag") or 0).first()
    if tag is None:
        refuse_foreign(request, f"tag:{chosen.get('tag') or 0}")
    follows = _follows(request, chosen.get("guide"), chosen.get("segment") or "all")
    ids = list(follows.order_by("pk").values_list("pk", flat=True)[: BULK_AT_MOST + 1])
    row = start_bulk_tagging(tag=tag, follows=ids, by=request.actor.guide)
    return redirect("workbench:tagging_progress", row.pk)


@require_GET
@store_manager_required
def progress(request: GuideRequest, bulk_id: int) -> HttpResponse:
    """How far a list of one's own has come."""
    row = _lists(request).filter(pk=bulk_id).first()
    if row is None:
        refuse_foreign(request, f"bulk_tagging:{bulk_id}")
    return render_fragment(request, "workbench/tagging_progress.html", "state", {"row": row})


def _lists(request: GuideRequest) -> QuerySet[BulkTagging]:
    rows = BulkTagging.objects.filter(by=request.actor.guide).defer("follow_ids")
    return rows.select_related("tag").order_by("-pk")


def _stores(request: GuideRequest) -> list[int]:
    grants = request.actor.grants
    return [g.store_id for g in grants if g.role == Role.STORE_MANAGER and g.store_id]


def _guides(request: GuideRequest) -> list[Guide]:
    return list(Guide.objects.active().filter(store__in=_stores(request)).order_by("pk"))


def _tags(request: GuideRequest) -> QuerySet[Tag]:
    """Company tags that a manager may set; nobody's own."""
    store = next(iter(_stores(request)), None)  # a manager of one may as much in the others
    rows = settable_tags(request.actor, store).filter(owner=None)
    rows = rows.filter(gone_at=None, group__gone_at=None)
    return rows.order_by("-group__order", "group", "-order", "pk")


def _follows(request: GuideRequest, guide: int | None, segment: str) -> FollowRelationQuerySet:
    """Open relations of the manager's stores by guide and segment."""
    rows = FollowRelation.objects.active().filter(guide__store__in=_stores(request))
    if guide and guide not in {row.pk for row in _guides(request)}:
        refuse_foreign(request, f"guide:{guide}")
    if guide:
        rows = rows.filter(guide=guide)
    if segment in LISTED:  # the same people as in the guide's own list
        return rows.filter(LISTED[segment].rows())
    cards = held_cards(OuterRef("guide__store__region__brand"))
    with_card = rows.alias(card=Subquery(cards.values("pk")[:1]))
    return with_card.filter(card__isnull=segment != "members")
