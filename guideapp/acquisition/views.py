"""/hq/welcome/: who is greeted with what."""

from dataclasses import dataclass
from functools import reduce
from operator import add

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guideapp.acquisition import services
from guideapp.acquisition.forms import WelcomeForm
from guideapp.acquisition.models import WelcomeMessage
from guideapp.acquisition.wording import MOST_CHARACTERS, VARIABLES, Names, fill, tidy
from guideapp.compliance.errors import WordingRefused
from guideapp.compliance.services import Hit
from guideapp.core.errors import GuideAppError
from guideapp.core.htmx import render_fragment, toast
from guideapp.materials.models import Material
from guideapp.materials.services import cover_url
from guideapp.organisation.auth import GuideRequest, content_required
from guideapp.organisation.models import Brand, Guide, Store


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `is_refused` where it is a word that must not be sent."""

    text: str
    is_refused: bool


@require_GET
@content_required
def welcome_list(request: GuideRequest) -> HttpResponse:
    """Every brand and its stores, and what became of the welcomes of the last 7 days."""
    search = request.GET.get("q", "").strip()[:40]
    places, has_more = services.places(search)
    context = {
        "section": "welcome",
        "places": places,
        "has_more": has_more,
        "search": search,
        "total": reduce(add, (place.figures for place in places), services.Figures()),
        "own": sum(place.greets_itself for place in places if place.store),
    }
    return render_fragment(request, "acquisition/welcome_list.html", "rows", context)


@require_http_methods(["GET", "POST"])
@content_required
def edit_brand(request: GuideRequest, brand_id: int) -> HttpResponse:
    """The welcome of a brand: for every store without one of its own."""
    return _edit(request, get_object_or_404(Brand, pk=brand_id), None)


@require_http_methods(["GET", "POST"])
@content_required
def edit_store(request: GuideRequest, store_id: int) -> HttpResponse:
    """The welcome of one store."""
    store = get_object_or_404(Store.objects.select_related("region__brand"), pk=store_id)
    return _edit(request, store.region.brand, store)


@require_POST
@content_required
def preview(request: GuideRequest) -> HttpResponse:
    """The phone frame for what stands in the form now; nothing is kept."""
    store = Store.objects.filter(pk__in=_numbers(request, "store")).first()
    brand = Brand.objects.filter(pk__in=_numbers(request, "brand")).first()
    material = Material.objects.filter(pk__in=_numbers(request, "material")).first()
    context = _preview(tidy(request.POST.get("text", "")), material, store, brand)
    return render(request, "acquisition/welcome_edit.html#preview", context)


@require_POST
@content_required
def switch(request: GuideRequest, message_id: int) -> HttpResponse:
    """Turn a message on or off, and show its row again."""
    messages = WelcomeMessage.objects.select_related("store", "brand")
    message = get_object_or_404(messages, pk=message_id)
    on = request.POST.get("on") == "1"
    services.switch_message(message, on=on, editor=request.actor.guide)
    if not request.htmx:  # type: ignore[attr-defined]  # set by django-htmx
        return HttpResponseRedirect(reverse("acquisition:welcome_list"))
    place_name = message.store.name if message.store else message.brand.name
    context = {"message": message, "place_name": place_name}
    response = render(request, "acquisition/welcome_list.html#switch", context)
    return toast(response, _("已启用") if on else _("已停用"))


def _edit(request: GuideRequest, brand: Brand, store: Store | None) -> HttpResponse:
    message = WelcomeMessage.objects.filter(brand=brand, store=store).first()
    form = WelcomeForm(request.POST or None, brand=brand, store=store, message=message)
    refused: list[Piece] = []
    if request.method == "POST" and form.is_valid():
        text = tidy(form.cleaned_data["text"])
        try:
            services.save_message(
                brand=brand, store=store, editor=request.actor.guide, **form.cleaned_data
            )
            return HttpResponseRedirect(f"{request.path}?saved=1")
        except WordingRefused as refusal:
            form.add_error("text", str(refusal.message))
            refused = _pieces(text, refusal.hits)
        except GuideAppError as refusal:
            form.add_error("text", str(refusal.message))
    context = {
        "section": "welcome",
        "form": form,
        "brand": brand,
        "store": store,
        "message": message,
        "refused": refused,
        "variables": VARIABLES,
        "most": MOST_CHARACTERS,
        "saved": "saved" in request.GET and not form.is_bound,
    } | _preview(tidy(form["text"].value() or ""), form.chosen, store, brand)
    status = 422 if form.is_bound else 200
    return render(request, "acquisition/welcome_edit.html", context, status=status)


def _preview(
    text: str, material: Material | None, store: Store | None, brand: Brand | None
) -> dict[str, object]:
    """What a customer would read, with a guide of the place as an example."""
    guides = Guide.objects.active().filter(can_contact_customers=True, store__isnull=False)
    if store or brand:
        guides = guides.filter(**({"store": store} if store else {"store__region__brand": brand}))
    guide = guides.select_related("store").order_by("pk").first()
    here = store or (guide.store if guide else None)
    names = Names(
        customer=_("周女士"),
        guide=guide.name if guide else _("小满"),
        store=here.name if here else _("门店"),
    )
    return {
        "preview_text": fill(text, names),
        "preview_material": material,
        "preview_cover": cover_url(material) if material else "",
        "preview_guide": names.guide,
        "length": len(text),
        "most": MOST_CHARACTERS,
    }


def _pieces(text: str, hits: tuple[Hit, ...]) -> list[Piece]:
    """`text` cut at its refused words."""
    pieces, done = [], 0
    for hit in hits:
        pieces += [Piece(text[done : hit.start], False), Piece(text[hit.start : hit.end], True)]
        done = hit.end
    pieces.append(Piece(text[done:], False))
    return [piece for piece in pieces if piece.text]


def _numbers(request: GuideRequest, name: str) -> list[int]:
    """The id in the form's field `name`; none where it is no id."""
    value = request.POST.get(name, "")
    return [int(value)] if value.isdecimal() and len(value) < 18 else []
