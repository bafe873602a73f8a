"""TA 可能已有卡: the guide looks a card up by the phone number that TA told, and asks TA."""

from django.conf import settings
from django.core import signing
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_audit
from guideapp.core.errors import BadInput
from guideapp.core.htmx import render_fragment, wants_fragment
from guideapp.core.limits import hit
from guideapp.materials.services import base_of
from guideapp.members.errors import PhoneRefused
from guideapp.members.models import FollowRelation, Member
from guideapp.members.services import ask_customer, find_cards, question_payload
from guideapp.organisation.auth import GuideRequest, guide_required, refuse_foreign

_SALT = "workbench.claim"
_FOUND_SECONDS = 3600
_COVER = "covers/g-bag-sage.png"
_TEMPLATE = "workbench/identity_claim.html"


@require_GET
@guide_required
def claim(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The sheet that looks a card up."""
    context = {"follow": _own(request, follow_id)}
    return render_fragment(request, _TEMPLATE, "sheet", context)


@require_GET
@guide_required
def asked(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The part of the card anew, after something was sent."""
    follow = _own(request, follow_id)
    if not wants_fragment(request):
        return redirect("workbench:customer", follow.pk)
    return render(request, f"{_TEMPLATE}#part", {"follow": follow, "in_chat": True})


@require_POST
@guide_required
def find(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Cards of the guide's brand under this phone number: four digits and the level, no name."""
    follow = _own(request, follow_id)
    guide = request.actor.guide
    hit("card_lookup", str(guide.pk), limit=settings.CARD_LOOKUPS_PER_HOUR, seconds=3600)
    if guide.store is None:
        raise BadInput
    context = {"follow": follow, "is_asked": True, "error": "", "cards": []}
    try:
        found = find_cards(request.POST.get("phone", ""), brand=guide.store.region.brand)
    except PhoneRefused as refusal:
        context["error"] = str(refusal.message)
    else:
        context["cards"] = [(card, _sign(follow, card.member_id)) for card in found]
        record_audit(
            actor=guide.userid,
            action="identity.lookup",
            subject=f"contact:{follow.contact_id}",
            found=len(found),
        )
    return render_fragment(request, _TEMPLATE, "form", context)


@require_POST
@guide_required
def ask(request: GuideRequest, follow_id: int) -> HttpResponse:
    """Ask the customer: what WeCom's client sends into the chat."""
    follow = _own(request, follow_id)
    member = _found(follow, request.POST.get("card", ""))
    question = ask_customer(contact=follow.contact, member=member, guide=request.actor.guide)
    base = base_of(request)
    payload = question_payload(
        link=base + reverse("workbench:confirm", args=[question.token]),
        picture=base + static(_COVER),
    )
    return JsonResponse({"payload": payload})


def _own(request: GuideRequest, follow_id: int) -> FollowRelation:
    """The guide's own open relation, else 404: the question comes from their chat."""
    rows = FollowRelation.objects.active().filter(guide=request.actor.guide, pk=follow_id)
    follow = rows.select_related("contact__member", "guide").first()
    if follow is None:
        refuse_foreign(request, f"follow:{follow_id}")
    return follow


def _sign(follow: FollowRelation, member_id: int) -> str:
    """What the button carries: only a card that was found by its phone number can be asked for."""
    return signing.dumps([follow.pk, member_id], salt=_SALT)


def _found(follow: FollowRelation, signed: str) -> Member:
    try:
        follow_id, member_id = signing.loads(signed, salt=_SALT, max_age=_FOUND_SECONDS)
    except signing.BadSignature:
        raise BadInput from None
    member = Member.objects.filter(pk=member_id, erased_at=None).first()
    if member is None or follow_id != follow.pk:
        raise BadInput
    return member
