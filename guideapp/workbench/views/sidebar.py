"""The sidebar beside a chat: its shell, the customer card, and what a tap on the card does."""

import uuid
from operator import attrgetter

from django.conf import settings
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import requires
from guideapp.core.audit import record_access, record_audit
from guideapp.core.errors import BadInput
from guideapp.core.htmx import render_fragment, toast, wants_fragment
from guideapp.core.limits import hit
from guideapp.members.models import FollowRelation, Suggestion, Tag, TagMark
from guideapp.members.services import (
    NOTE_MAX,
    add_tag,
    decide,
    explain,
    refresh_soon,
    remove_tag,
    write_note,
)
from guideapp.organisation.auth import Actor, GuideRequest, guide_required, refuse_foreign
from guideapp.organisation.models import Role
from guideapp.workbench.card import Note, build_card, card_row, suggestion_of
from guideapp.workbench.forms import NoteForm

TABS = ("customer", "materials")
RECENT = 8
TRIES = 5  # a customer we cannot show is asked for again this often, each second

readers_required = requires(Role.GUIDE, Role.STORE_MANAGER, Role.REGIONAL_MANAGER)
writers_required = requires(Role.GUIDE, Role.STORE_MANAGER)


@require_GET
@readers_required
def shell(request: GuideRequest) -> HttpResponse:
    """The page of the chat toolbar: header and tabs; the script fetches the rest."""
    tab = request.GET.get("tab") or request.COOKIES.get("tab", "")  # one toolbar entry a tab
    context = {"tab": tab if tab in TABS else TABS[0], **_about(request.actor)}
    return render(request, "workbench/sidebar.html", context)


@require_GET
@readers_required
def recent(request: GuideRequest) -> HttpResponse:
    """What stands there without a customer: the guide's last customers."""
    follows = (
        FollowRelation.objects.active()
        .filter(guide=request.actor.guide)
        .select_related("contact")
        .defer("contact__unionid")
        .order_by(F("contact__active_at").desc(nulls_last=True), "-followed_at")[:RECENT]
    )
    context = {"follows": follows, **_about(request.actor)}
    return render_fragment(request, "workbench/sidebar_recent.html", "panel", context)


@require_GET
@readers_required
def customer(request: GuideRequest, external_userid: str) -> HttpResponse:
    """The card of a customer in the person's scope.

    The id comes from the client and proves nothing. The shell asks with `try`: a customer whom we
    may not show, foreign or unknown alike, is then fetched from WeCom by an urgent job and asked
    for again. Without `try` that is a 404.
    """
    count_profile(request.actor)
    follow = card_row(request.actor, external_userid)
    if follow is None:
        return _not_shown(request, external_userid)
    record_access(
        actor_id=request.actor.guide.pk, subject=f"contact:{follow.contact_id}", screen="sidebar"
    )
    context = {
        "card": build_card(follow, request.actor),
        "in_chat": True,
        "tab": TABS[0],
        **_about(request.actor),
    }
    return render_fragment(request, "workbench/card.html", "fragment", context)


@require_GET
@writers_required
def tags(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The sheet of company tags."""
    return _tags(request, _editable(request, follow_id), "sheet")


@require_POST
@writers_required
def mark(request: GuideRequest, follow_id: int, tag_id: int) -> HttpResponse:
    """Put a tag on the customer: saved at once, the sheet stays."""
    follow = _editable(request, follow_id)
    add_tag(follow, _tag(request, tag_id), request.actor.guide)
    return _tags(request, follow, "saved")


@require_POST
@writers_required
def unmark(request: GuideRequest, follow_id: int, tag_id: int) -> HttpResponse:
    """Take a tag off the customer."""
    follow = _editable(request, follow_id)
    remove_tag(follow, _tag(request, tag_id), request.actor.guide)
    return _tags(request, follow, "saved")


@require_GET
@writers_required
def note(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The sheet with an empty note."""
    context = {
        "follow": _editable(request, follow_id),
        "nonce": uuid.uuid4(),
        "note_max": NOTE_MAX,
    }
    return render_fragment(request, "workbench/card_note.html", "sheet", context)


@require_POST
@writers_required
def write(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Keep the note; the sheet closes and the card shows it."""
    follow = _editable(request, follow_id)
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
@guide_required
def snooze(request: GuideRequest, suggestion_id: int) -> HttpResponse:
    """明天再说."""
    return _decided(request, suggestion_id, "snoozed", _("明天再提醒你"))


@require_POST
@guide_required
def dismiss(request: GuideRequest, suggestion_id: int) -> HttpResponse:
    """没用."""
    return _decided(request, suggestion_id, "dismissed", _("好的，先不提了"))


def count_profile(actor: Actor) -> None:
    """Count one opened profile. Raises OverLimit."""
    limit = settings.PROFILE_LIMIT_PER_10_MINUTES
    hit("profile", str(actor.guide.pk), limit=limit, seconds=600)


def _about(actor: Actor) -> dict[str, object]:
    """Who is looking, for the header without a customer."""
    store = actor.guide.store
    you = f"{store.name} · {_('你')}" if store else _("你")
    return {"you": you, "can_send": actor.has(Role.GUIDE)}


def _not_shown(request: GuideRequest, external_userid: str) -> HttpResponse:
    """Say nothing but that we do not know TA, and have WeCom asked on the first try."""
    subject = f"customer:{external_userid}"
    tried = request.GET.get("try", "")
    if not (tried.isdecimal() and len(tried) < 3):
        refuse_foreign(request, subject)
    count = int(tried)
    if count == 0:
        userid = request.actor.guide.userid
        record_audit(actor=userid, action="refused", subject=subject[:96], reason="out of scope")
        refresh_soon(external_userid, userid)
    here = reverse("workbench:sidebar_customer", args=[external_userid])
    again = f"{here}?try={count + 1}" if count < TRIES else ""
    response = render_fragment(request, "workbench/sidebar_waiting.html", "panel", {"again": again})
    response.status_code = 202 if again else 200
    return response


def _editable(request: GuideRequest, follow_id: int) -> FollowRelation:
    """An open relation whose tags and notes the person may write, else 404."""
    rows = FollowRelation.objects.active().editable_by(request.actor)
    follow = rows.select_related("contact", "guide").filter(pk=follow_id).first()
    if follow is None:
        refuse_foreign(request, f"follow:{follow_id}")
    return follow


def _tag(request: GuideRequest, tag_id: int) -> Tag:
    tag = Tag.objects.select_related("group").filter(pk=tag_id).first()
    if tag is None:
        refuse_foreign(request, f"tag:{tag_id}")
    return tag


def _tags(request: GuideRequest, follow: FollowRelation, part: str) -> HttpResponse:
    if request.method == "POST" and not wants_fragment(request):
        return redirect("workbench:tags", follow.pk)
    marked = TagMark.objects.filter(follow=follow, removed_at=None)
    choices = list(
        Tag.objects.filter(gone_at=None, group__gone_at=None)
        .select_related("group")
        .order_by("-group__order", "group", "-order", "pk")
    )
    held = set(marked.values_list("tag", flat=True))
    context = {
        "follow": follow,
        "marked": held,
        "tags": [tag.name for tag in sorted(choices, key=attrgetter("pk")) if tag.pk in held],
        "choices": choices,
        "can_edit": True,
    }
    return render_fragment(request, "workbench/card_tags.html", part, context)


def _decided(request: GuideRequest, suggestion_id: int, decision: str, text: str) -> HttpResponse:
    suggestion = Suggestion.objects.filter(guide=request.actor.guide, pk=suggestion_id).first()
    follow = _followed(suggestion) if suggestion else None
    if suggestion is None or follow is None:
        refuse_foreign(request, f"suggestion:{suggestion_id}")
    decide(suggestion, decision)
    if not wants_fragment(request):
        return redirect("workbench:customer", follow.pk)
    following = suggestion_of(follow)
    context = {
        "suggestion": following,
        "words": explain(following, name=follow.shown_name) if following else None,
        "in_chat": "in_chat" in request.POST,
    }
    return toast(render(request, "workbench/card.html#next", context), text)


def _followed(suggestion: Suggestion) -> FollowRelation | None:
    rows = FollowRelation.objects.active().select_related("contact", "guide")
    return rows.filter(guide=suggestion.guide_id, contact=suggestion.contact_id).first()
