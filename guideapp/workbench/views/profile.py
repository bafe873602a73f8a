"""What a tap on the card keeps about a customer: tags, notes, sizes, days; and what TA bought."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.catalogue.models import ProductCategory
from guideapp.core.audit import record_access
from guideapp.core.errors import BadInput
from guideapp.core.htmx import render_fragment, toast, wants_fragment
from guideapp.members.models import FollowRelation, ImportantDate, Preference, Tag, TagMark
from guideapp.members.services import (
    CHOICES,
    NOTE_MAX,
    OWN_TAG_MAX,
    add_tag,
    confirm_preference,
    confirm_tag,
    end_date,
    end_preference,
    make_own_tag,
    note_date,
    note_preference,
    owner_of,
    person_of,
    remove_tag,
    settable_tags,
    told_in,
    write_note,
)
from guideapp.organisation.auth import GuideRequest, guide_required, refuse_foreign
from guideapp.workbench.card import Card, Note, bought_of, build_card, card_rows, purchases_of
from guideapp.workbench.forms import DateForm, NoteForm, PreferenceForm, StillForm
from guideapp.workbench.views.sidebar import count_profile, readers_required, writers_required

_PAGE = 20
_CATEGORIES = 12  # of the retailer's own, beside those that everybody knows


@require_GET
@writers_required
def tags(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The sheet of tags that the person may set."""
    return _tags(request, _editable(request, follow_id, "tags"), "sheet")


@require_POST
@writers_required
def mark(request: GuideRequest, follow_id: int, tag_id: int) -> HttpResponse:
    """Put a tag on the customer: saved at once, the sheet stays."""
    follow = _editable(request, follow_id, "tags")
    add_tag(follow, _tag(request, follow, tag_id), request.actor.guide)
    return _tags(request, follow, "saved")


@require_POST
@writers_required
def unmark(request: GuideRequest, follow_id: int, tag_id: int) -> HttpResponse:
    """Take a tag off the customer."""
    follow = _editable(request, follow_id, "tags")
    remove_tag(follow, _tag(request, follow, tag_id), request.actor.guide)
    return _tags(request, follow, "saved")


@require_POST
@guide_required
def own_tag(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Make a tag of one's own and put it on the customer."""
    follow = _editable(request, follow_id, "tags")
    if follow.guide_id != request.actor.guide.pk:
        raise BadInput(_("自己的标签只能给自己的客户"))
    made = make_own_tag(request.actor.guide, request.POST.get("name", ""))
    add_tag(follow, made, request.actor.guide)
    return _tags(request, follow, "saved")


@require_GET
@writers_required
def note(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The sheet in which something is noted: in words, or by a tap."""
    return _observe(request, _editable(request, follow_id, "note"), "sheet")


@require_POST
@writers_required
def write(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Keep the note; the sheet closes and the card shows it."""
    follow = _editable(request, follow_id, "note")
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise BadInput
    text = request.POST.get("text", "")  # the service says what no note may hold
    nonce = form.cleaned_data["nonce"]
    kept = write_note(follow.contact, request.actor.guide, text, nonce=nonce)
    if not wants_fragment(request):
        return redirect("workbench:customer", follow.pk)
    shown = Note(text=kept.text, author=kept.author.name, at=kept.at)
    context = {"note": shown, "follow": follow, "can_edit": True, "oob": True}
    response = render(request, "workbench/card.html#notes", context)
    response["HX-Reswap"] = "none"
    toast(response, _("已记下"))
    response["HX-Trigger-After-Settle"] = "sheet:close"
    return response


@require_POST
@writers_required
def prefer(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Note a size or a liking by one tap; a second tap on it takes it back."""
    follow = _editable(request, follow_id, "note")
    form = PreferenceForm(request.POST)
    if not form.is_valid():
        raise BadInput
    kind, off = form.cleaned_data["kind"], form.cleaned_data["off"]
    if off:
        for row in _preferences(follow).filter(kind=kind, value=off):
            end_preference(row)
    else:
        note_preference(follow.contact, request.actor.guide, kind, form.cleaned_data["value"])
    return toast(_observe(request, follow, "saved"), _("已去掉") if off else _("已记下"))


@require_POST
@writers_required
def date(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Note a day that matters, or take one back."""
    follow = _editable(request, follow_id, "note")
    form = DateForm(request.POST)
    if not form.is_valid():
        raise BadInput
    if end := form.cleaned_data["end"]:
        for row in _dates(follow).filter(pk=end):
            end_date(row)
    else:
        note_date(
            follow.contact,
            request.actor.guide,
            form.cleaned_data["kind"],
            month=form.cleaned_data["month"] or 0,
            day=form.cleaned_data["day"],
        )
    return toast(_observe(request, follow, "saved"), _("已去掉") if end else _("已记下"))


@require_POST
@writers_required
def still(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The answer to 还穿 M 码吗: it counts as fresh again, or ends."""
    follow = _editable(request, follow_id, "note")
    form = StillForm(request.POST)
    if not form.is_valid():
        raise BadInput
    yes = form.cleaned_data["answer"] == "yes"
    if form.cleaned_data["preference"]:
        for row in _preferences(follow).filter(pk=form.cleaned_data["preference"]):
            (confirm_preference if yes else end_preference)(row)
    else:
        tag = _tag(request, follow, form.cleaned_data["tag"] or 0)
        if yes:
            confirm_tag(follow, tag)
        else:
            remove_tag(follow, tag, request.actor.guide)
    if not wants_fragment(request):
        return redirect("workbench:customer", follow.pk)
    context = {"card": _card(request, follow)}
    return toast(render(request, "workbench/card.html#tagged", context), _("已记下"))


@require_GET
@readers_required
def purchases(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Everything the customer bought at the guide's brand, newest first."""
    count_profile(request.actor)
    rows = FollowRelation.objects.active().visible_to(request.actor)
    follow = rows.select_related("contact", "guide__store__region").filter(pk=follow_id).first()
    if follow is None:
        refuse_foreign(request, f"follow:{follow_id}")
    record_access(
        actor_id=request.actor.guide.pk, subject=f"contact:{follow.contact_id}", screen="purchases"
    )
    found = _orders(follow, request.GET.get("after", ""))
    context = {
        "follow": follow,
        "name": follow.shown_name,
        "orders": [bought_of(_columns(row), request.actor.guide.pk) for row in found[:_PAGE]],
        "after": _key(found[_PAGE - 1]) if len(found) > _PAGE else "",
    }
    part = "more" if "after" in request.GET else "sheet"
    return render_fragment(request, "workbench/card_purchases.html", part, context)


def _columns(row: Any) -> dict[str, Any]:
    return {**vars(row), "guide": row.guide_id, "store": row.store.name if row.store else ""}


def _orders(follow: FollowRelation, after: str) -> list[Any]:
    """One order more than a page, after the key that was sent."""
    member, store = follow.contact.member_id, follow.guide.store
    if member is None or store is None:
        return []
    everybody = person_of(member).order_by().values("pk")
    rows = purchases_of(store.region.brand_id, member__in=everybody)
    micros, _dash, pk = after.partition("-")
    if micros.isdecimal() and pk.isdecimal() and len(micros) < 18 and len(pk) < 18:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros))
        rows = rows.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=int(pk)))
    return list(rows[: _PAGE + 1])


def _key(row: Any) -> str:
    return f"{round(row.at.timestamp() * 1_000_000)}-{row.pk}"


def _editable(request: GuideRequest, follow_id: int, screen: str) -> FollowRelation:
    """An open relation whose tags and notes the person may write, else 404.

    Whatever is answered shows something of the profile and is kept as a read. Opening a sheet
    counts towards the limit of profiles, a tap in it does not: diligence locks nobody out.
    """
    if request.method == "GET":
        count_profile(request.actor)
    rows = FollowRelation.objects.active().editable_by(request.actor)
    follow = rows.select_related("contact", "guide__store__region").filter(pk=follow_id).first()
    if follow is None:
        refuse_foreign(request, f"follow:{follow_id}")
    record_access(
        actor_id=request.actor.guide.pk, subject=f"contact:{follow.contact_id}", screen=screen
    )
    return follow


def _preferences(follow: FollowRelation) -> QuerySet[Preference]:
    """What guides of the same owner noted of the customer, and is still right."""
    ours = told_in(owner_of(follow.guide), guide=follow.guide)
    return Preference.objects.filter(ours, contact=follow.contact, ended_at=None)


def _dates(follow: FollowRelation) -> QuerySet[ImportantDate]:
    ours = told_in(owner_of(follow.guide), guide=follow.guide)
    return ImportantDate.objects.filter(ours, contact=follow.contact, ended_at=None)


def _card(request: GuideRequest, follow: FollowRelation) -> Card:
    """The card as it stands after the tap."""
    return build_card(card_rows(request.actor).get(pk=follow.pk), request.actor)


def _settable(request: GuideRequest, follow: FollowRelation) -> QuerySet[Tag]:
    """Tags that the person may set on this customer: one's own only on one's own customers."""
    rows = settable_tags(request.actor, follow.guide.store_id)
    return rows if follow.guide_id == request.actor.guide.pk else rows.filter(owner=None)


def _tag(request: GuideRequest, follow: FollowRelation, tag_id: int) -> Tag:
    tag = _settable(request, follow).select_related("group").filter(pk=tag_id).first()
    if tag is None:
        refuse_foreign(request, f"tag:{tag_id}")
    return tag


def _tags(request: GuideRequest, follow: FollowRelation, part: str) -> HttpResponse:
    if request.method == "POST" and not wants_fragment(request):
        return redirect("workbench:tags", follow.pk)
    marks = TagMark.objects.filter(tag=OuterRef("pk"), follow=follow, removed_at=None)
    choices = (
        _settable(request, follow)
        .filter(gone_at=None, group__gone_at=None)
        .annotate(is_marked=Exists(marks))
        .select_related("group")
        .order_by("group__kind", "-group__order", "group", "-order", "pk")
    )
    context = {
        "follow": follow,
        "choices": choices,
        "is_own": follow.guide_id == request.actor.guide.pk,
        "card": _card(request, follow) if part == "saved" else None,
        "own_max": OWN_TAG_MAX,
    }
    return render_fragment(request, "workbench/card_tags.html", part, context)


def _observe(request: GuideRequest, follow: FollowRelation, part: str) -> HttpResponse:
    if request.method == "POST" and not wants_fragment(request):
        return redirect("workbench:note", follow.pk)
    context = {
        "follow": follow,
        "nonce": uuid.uuid4(),
        "note_max": NOTE_MAX,
        "groups": _groups(follow),
        "dates": _dates(follow).order_by("pk"),
        "date_kinds": ImportantDate.Kind.choices,
        "months": range(1, 13),
        "days": range(1, 32),
        "card": _card(request, follow) if part == "saved" else None,
    }
    return render_fragment(request, "workbench/card_note.html", part, context)


def _groups(follow: FollowRelation) -> list[dict[str, Any]]:
    """Every kind with what can be said by a tap; what was typed elsewhere can be taken back."""
    held = set(_preferences(follow).values_list("kind", "value"))
    offered = {kind: list(values) for kind, values in CHOICES.items()}
    names = ProductCategory.objects.order_by("pk").values_list("name", flat=True)[:_CATEGORIES]
    offered[Preference.Kind.CATEGORY] += names
    for kind, value in sorted(held):
        offered[kind].append(value)
    return [
        {
            "kind": kind.value,
            "label": kind.label,
            "choices": [
                {"value": value, "is_held": (kind.value, value) in held}
                for value in dict.fromkeys(offered[kind])
            ],
        }
        for kind in Preference.Kind
    ]
