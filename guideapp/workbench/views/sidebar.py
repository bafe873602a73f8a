"""The sidebar beside a chat: its shell, the customer card, and what a tap on the card does."""

from django.conf import settings
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from guideapp.core.access import requires
from guideapp.core.audit import record_access, record_audit
from guideapp.core.htmx import render_fragment
from guideapp.core.limits import hit
from guideapp.members.models import FollowRelation
from guideapp.members.services import (
    refresh_soon,
)
from guideapp.organisation.auth import Actor, GuideRequest, refuse_foreign
from guideapp.organisation.models import Role
from guideapp.workbench.card import build_card, card_row
from guideapp.workbench.views.next_steps import keep_shown

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
    card = build_card(follow, request.actor)
    keep_shown(card)
    context = {
        "card": card,
        "in_chat": True,
        "tab": TABS[0],
        **_about(request.actor),
    }
    return render_fragment(request, "workbench/card.html", "fragment", context)


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
