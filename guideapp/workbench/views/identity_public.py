"""What customers answer: whether a card is theirs, and one consent for the mall's and the brand's.

Nobody logs in here. A page never says whether a number is known.
"""

from typing import Any

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guideapp.core.access import public
from guideapp.core.errors import GuideAppError
from guideapp.core.limits import hit
from guideapp.materials.services import base_of
from guideapp.members.errors import PhoneRefused, QuestionOver
from guideapp.members.models import Consent
from guideapp.members.services import (
    confirm,
    join,
    join_token,
    normal_phone,
    open_question,
    owners_of,
    refuse,
    store_of_token,
)
from guideapp.members.services.codes import code_is_right, codes_are_sent, send_code
from guideapp.members.services.identity_requests import is_open, is_with_headquarters
from guideapp.members.services.memberships import Joined
from guideapp.organisation.auth import GuideRequest, admin_required
from guideapp.organisation.models import Store
from guideapp.workbench.forms import JoinForm

_JOINS_PER_MINUTE = 30  # through one store's code


@require_http_methods(["GET", "HEAD", "POST"])
@public("a customer opens it from a chat; the token is random, five tries, three days")
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """这张会员卡是你的吗: the phone number of the card joins the two."""
    asked = open_question(token)
    if asked is None:
        raise Http404
    error = ""
    if request.method == "POST":
        try:
            confirm(token, request.POST.get("phone", ""))
            return redirect("workbench:confirm", token)
        except QuestionOver:
            pass  # the page says how the question stands
        except GuideAppError as refusal:
            error = str(refusal.message)
        asked = open_question(token) or asked
    store = asked.guide.store
    context = {
        "asked": asked,
        "is_open": is_open(asked),
        "is_checked": is_with_headquarters(asked),
        "error": error,
        "brand": store.region.brand.name if store else settings.SITE_NAME,
    }
    return _unseen(render(request, "workbench/public_confirm.html", context, status=_status(error)))


@require_POST
@public("the random token of the chat's link")
def not_mine(request: HttpRequest, token: str) -> HttpResponse:
    """不是我的卡."""
    try:
        refuse(token)
    except QuestionOver:
        if open_question(token) is None:
            raise Http404 from None
    return redirect("workbench:confirm", token)


@require_http_methods(["GET", "HEAD", "POST"])
@public("a customer scans a store's code; its signature names the store, 30 a minute and store")
def join_page(request: HttpRequest, signed: str) -> HttpResponse:
    """One scan and one consent: a card of the brand and one of its mall."""
    store = store_of_token(signed)
    if store is None:
        raise Http404
    form = JoinForm(request.POST or None)
    context: dict[str, Any] = {"store": store, "owners": owners_of(store), "form": form}
    context |= {"error": "", "proof": "", "joined": None}
    if request.method == "POST":
        hit("join", str(store.pk), limit=_JOINS_PER_MINUTE, seconds=60)
        form.is_valid()
        context |= _answer(store, form)
    status = _status(context["error"])
    return _unseen(render(request, "workbench/public_join.html", context, status=status))


def _answer(store: Store, form: JoinForm) -> dict[str, Any]:
    """What came of the form: `joined`, or a `proof` to go with the code, or an `error`."""
    given = form.cleaned_data
    proof = given.get("proof", "")
    try:
        phone = normal_phone(given.get("phone", ""))
        if not codes_are_sent():
            return {"joined": _join(store, given, phone, verified=False)}
        if not phone:
            raise PhoneRefused
        if not proof:
            return {"proof": send_code(phone)}
        if code_is_right(proof, phone=phone, code=given.get("code", "")):
            return {"joined": _join(store, given, phone, verified=True)}
    except GuideAppError as refusal:
        return {"error": str(refusal.message), "proof": proof}
    return {"error": _("验证码不对或过期了"), "proof": proof}


def _join(store: Store, given: dict[str, Any], phone: str, *, verified: bool) -> Joined:
    purposes = [
        purpose
        for purpose in (Consent.Purpose.MARKETING, Consent.Purpose.SHARING)
        if given.get(purpose.value)
    ]
    return join(
        store=store,
        phone=phone,
        agreed=bool(given.get("agreed")),
        purposes=purposes,
        phone_verified=verified,
    )


@require_GET
@admin_required
def join_codes(request: GuideRequest) -> HttpResponse:
    """双料入会码: the code of each store that stands in a mall, to be printed."""
    stores = Store.objects.filter(mall__isnull=False, closed_on=None)
    rows = stores.select_related("region__brand", "mall").order_by("mall__name", "name")
    items = [(store, _address(request, store)) for store in rows]
    context = {
        "section": "identity",
        "tab": "codes",
        "items": [(store, address, _drawn(address)) for store, address in items],
        "codes_are_sent": codes_are_sent(),
    }
    return render(request, "workbench/identity_codes.html", context)


def _address(request: HttpRequest, store: Store) -> str:
    return base_of(request) + reverse("workbench:join", args=[join_token(store)])


def _drawn(address: str) -> str:
    """The QR code as SVG, dark on light whatever the look of the page."""
    drawn = segno.make(address, error="m").svg_inline(scale=3, border=3, light="#fff")
    return mark_safe(drawn)  # noqa: S308 -- segno's own markup around an address of ours


def _status(error: str) -> int:
    return 422 if error else 200


def _unseen(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    return response
