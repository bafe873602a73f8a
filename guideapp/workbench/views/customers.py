"""/g/customers/: the guide's own customers, and one of them outside the chat."""

from datetime import UTC, datetime, timedelta

from django.db.models import F, Q
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_access
from guideapp.core.clock import now
from guideapp.core.htmx import render_fragment
from guideapp.core.search import matching
from guideapp.members.models import FollowRelation, FollowRelationQuerySet
from guideapp.organisation.auth import GuideRequest, guide_required, refuse_foreign
from guideapp.workbench.card import build_card, card_rows
from guideapp.workbench.forms import CustomersForm
from guideapp.workbench.views.sidebar import count_profile, readers_required

PAGE = 30
NEW = VIEWED = timedelta(days=7)
SEGMENTS = {"all": _("全部"), "new": _("新加"), "viewed": _("看过")}


@require_GET
@guide_required
def customers(request: GuideRequest) -> HttpResponse:
    """The list: by segment, newest first; 看过 by what they did last."""
    return _list(request, request.GET, words="")


@require_POST
@guide_required
def search(request: GuideRequest) -> HttpResponse:
    """The same by words. A POST: a name belongs into no address and no log."""
    return _list(request, request.POST, words=request.POST.get("q", ""))


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
    context = {"card": build_card(follow, request.actor), "in_chat": False}
    return render_fragment(request, "workbench/customers_one.html", "panel", context)


def _list(request: GuideRequest, data: QueryDict, *, words: str) -> HttpResponse:
    form = CustomersForm({**data.dict(), "q": words})
    form.is_valid()  # a bad filter is dropped, so an old bookmark still opens the list
    q = form.cleaned_data.get("q", "")
    segment = form.cleaned_data.get("segment") or "all"
    own = FollowRelation.objects.active().filter(guide=request.actor.guide)
    after = data.get("after", "")
    rows = _page(_segment(own, segment).filter(matching("search_terms", q)), segment, after)
    context = {
        "q": q,
        "segment": segment,
        "segments": SEGMENTS,
        "follows": rows[:PAGE],
        "after": _key(rows[PAGE - 1], segment) if len(rows) > PAGE else "",
    }
    part = "more" if after else "results"
    return render_fragment(request, "workbench/customers.html", part, context)


def _segment(rows: FollowRelationQuerySet, segment: str) -> FollowRelationQuerySet:
    if segment == "new":
        return rows.filter(followed_at__gt=now() - NEW)
    if segment == "viewed":
        return rows.filter(contact__active_at__gt=now() - VIEWED)
    return rows


def _page(rows: FollowRelationQuerySet, segment: str, after: str) -> list[FollowRelation]:
    """One row more than a page, after the key that was sent: no OFFSET, however far down."""
    field = _order(segment)
    if key := _parsed(after):
        moment, pk = key
        rows = rows.filter(Q(**{f"{field}__lt": moment}) | Q(**{field: moment, "pk__lt": pk}))
    ordered = rows.order_by(F(field).desc(), "-pk").select_related("contact__member")
    deferred = ("contact__unionid", "contact__member__unionid", "contact__member__phone")
    return list(ordered.defer(*deferred)[: PAGE + 1])


def _order(segment: str) -> str:
    return "contact__active_at" if segment == "viewed" else "followed_at"


def _key(row: FollowRelation, segment: str) -> str:
    """Where the next page begins: microseconds and id of the last row."""
    moment = row.contact.active_at if segment == "viewed" else row.followed_at
    return f"{round(moment.timestamp() * 1_000_000)}-{row.pk}" if moment else ""


def _parsed(key: str) -> tuple[datetime, int] | None:
    """What `_key` wrote; anything else is the first page."""
    micros, _dash, pk = key.partition("-")
    if not (micros.isdecimal() and pk.isdecimal() and len(micros) < 18 and len(pk) < 18):
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros)), int(pk)
