"""What a guide answers to 下一步: done, tomorrow, no use. The card then shows what comes next."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guideapp.core.htmx import toast, wants_fragment
from guideapp.members.models import FollowRelation, Suggestion
from guideapp.members.services import decide, mark_shown
from guideapp.organisation.auth import GuideRequest, guide_required, refuse_foreign
from guideapp.workbench.card import Card, next_steps


def keep_shown(card: Card) -> None:
    """Remember what the guide was shown, for headquarters' page about the rules."""
    steps = [card.words, *card.more] if card.words else []
    mark_shown([step.suggestion for step in steps])


@require_POST
@guide_required
def done(request: GuideRequest, suggestion_id: int) -> HttpResponse:
    """做完了."""
    return _decided(request, suggestion_id, "done", _("记下了，做得好"))


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


def _decided(request: GuideRequest, suggestion_id: int, decision: str, text: str) -> HttpResponse:
    suggestion = Suggestion.objects.filter(guide=request.actor.guide, pk=suggestion_id).first()
    follow = _followed(suggestion) if suggestion else None
    if suggestion is None or follow is None:
        refuse_foreign(request, f"suggestion:{suggestion_id}")
    decide(suggestion, decision)
    if not wants_fragment(request):
        return redirect("workbench:customer", follow.pk)
    steps = next_steps(follow)
    mark_shown([step.suggestion for step in steps])
    first = steps[0] if steps else None
    context = {
        "suggestion": first.suggestion if first else None,
        "words": first,
        "more": steps[1:],
        "in_chat": "in_chat" in request.POST,
    }
    return toast(render(request, "workbench/card_next.html", context), text)


def _followed(suggestion: Suggestion) -> FollowRelation | None:
    rows = FollowRelation.objects.active().select_related("contact", "guide")
    return rows.filter(guide=suggestion.guide_id, contact=suggestion.contact_id).first()
