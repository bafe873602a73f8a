"""The list of customers, a guide's own or a store's, and one of them outside the chat."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_access
from guideapp.core.htmx import render_fragment
from guideapp.organisation.auth import (
    GuideRequest,
    guide_required,
    manager_required,
    refuse_foreign,
)
from guideapp.workbench.card import build_card, card_rows
from guideapp.workbench.customer_list import (
    PAGE,
    SEGMENTS,
    Book,
    book_of_guide,
    book_of_store,
    page_of,
)
from guideapp.workbench.forms import CustomersForm
from guideapp.workbench.team import stores_led_by
from guideapp.workbench.views.next_steps import keep_shown
from guideapp.workbench.views.sidebar import count_profile, readers_required


@require_GET
@guide_required
def customers(request: GuideRequest) -> HttpResponse:
    """The list: a segment, in its own order."""
    return _own(request, request.GET, words="")


@require_POST
@guide_required
def search(request: GuideRequest) -> HttpResponse:
    """The same by words. A POST: a name belongs into no address and no log."""
    return _own(request, request.POST, words=request.POST.get("q", ""))


@require_GET
@manager_required
def store_customers(request: GuideRequest, store_id: int) -> HttpResponse:
    """The same list of everybody in a store that the person leads."""
    return _of_store(request, store_id, request.GET, words="")


@require_POST
@manager_required
def store_search(request: GuideRequest, store_id: int) -> HttpResponse:
    """The store's customers by words."""
    return _of_store(request, store_id, request.POST, words=request.POST.get("q", ""))


@require_GET
@readers_required
def customer(request: GuideRequest, follow_id: int) -> HttpResponse:
    """The card of one customer, with a way into the chat."""
    count_profile(request.actor)
    follow = card_rows(request.actor).filter(pk=follow_id).first()
    if follow is None:
        refuse_foreign(request, f"follow:{follow_id}")
    record_access(
        actor_id=request.actor.guide.pk, subject=f"contact:{follow.contact_id}", screen="customer"
    )
    card = build_card(follow, request.actor)
    keep_shown(card)
    context = {"card": card, "in_chat": False}
    return render_fragment(request, "workbench/customers_one.html", "panel", context)


def _own(request: GuideRequest, data: QueryDict, *, words: str) -> HttpResponse:
    place = {
        "here": reverse("workbench:customers"),
        "search": reverse("workbench:customers_search"),
    }
    return _list(request, data, words, book_of_guide(request.actor.guide), place)


def _of_store(request: GuideRequest, store_id: int, data: QueryDict, *, words: str) -> HttpResponse:
    store = stores_led_by(request.actor).filter(pk=store_id).first()
    if store is None:
        refuse_foreign(request, f"store:{store_id}")
    place = {
        "here": reverse("workbench:store_customers", args=[store_id]),
        "search": reverse("workbench:store_customers_search", args=[store_id]),
        "store": store,
    }
    return _list(request, data, words, book_of_store(store), place)


def _list(
    request: GuideRequest, data: QueryDict, words: str, book: Book, place: dict[str, Any]
) -> HttpResponse:
    form = CustomersForm({**data.dict(), "q": words})
    form.is_valid()  # a bad filter is dropped, so an old bookmark still opens the list
    q = form.cleaned_data.get("q", "")
    segment = SEGMENTS[form.cleaned_data.get("segment") or "all"]
    after = data.get("after", "")
    rows = page_of(book, segment, q=q, after=after)
    context = place | {
        "q": q,
        "segment": segment,
        "segments": SEGMENTS.values(),
        "high_value": settings.HIGH_VALUE_YEAR_YUAN * 100,
        "follows": rows[:PAGE],
        "after": segment.key_of(rows[PAGE - 1]) if len(rows) > PAGE else "",
    }
    part = "more" if after else "results"
    return render_fragment(request, "workbench/customers.html", part, context)
