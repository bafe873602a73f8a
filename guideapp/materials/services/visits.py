"""A customer looks at a material: the visit, how long and how far, and what the guide is told."""

import logging
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.tasks import task

from guideapp.attribution.models import TrackedLink
from guideapp.attribution.services import find
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.materials.models import Material, Share, Visit
from guideapp.materials.services.figures import count_first_view
from guideapp.members.models import FollowRelation, Suggestion
from guideapp.members.services import propose, record_event

logger = logging.getLogger(__name__)

ONE_VIEW = timedelta(minutes=30)  # openings of one visitor within it are one view
WARM = timedelta(minutes=30)  # the rule viewed_material: so long after one view …
WARM_TWICE = timedelta(hours=24)  # … or after two within this
TOLD_AFTER = timedelta(seconds=60)  # the guide is told when the page is left, at the latest now
LONGEST = timedelta(hours=1)  # one visit counts no longer than this
_GRACE_MS = 1500  # between the page's clock and ours

# Link previews and crawlers by their own names; a phone called CUBOT is not one.
_ROBOT = re.compile(
    r"(?i)bot\b|bot/|crawl|spider|slurp|preview|facebookexternalhit|embedly|whatsapp|telegram"
    r"|curl/|wget/|python-|go-http-client|okhttp|headlesspreview"
)
_signer = Signer(salt="materials.visit", sep="~")


@dataclass(frozen=True, slots=True)
class Signal:
    """What a guide may know of a customer and a material: counted views of the guide's links."""

    material_id: int
    title: str
    times: int
    viewed_at: datetime
    last_view: int  # the newest view's number, what polling compares


def new_visitor() -> str:
    """A random value for the visitor's cookie; it lives at one link only, so it follows nobody."""
    return secrets.token_urlsafe(16)


def is_robot(user_agent: str) -> bool:
    """True for link previews and crawlers, which are no customers."""
    return not user_agent or bool(_ROBOT.search(user_agent))


@transaction.atomic
def open_material(
    *, material: Material, token: str, visitor: str, user_agent: str, at: datetime | None = None
) -> Visit:
    """Keep that somebody opened the material's public page; `visitor` is their cookie's value.

    A token that is unknown, of another material, or of somebody who was erased opens it
    unattributed and is logged. Opening it again within 30 minutes goes on with the same visit.
    """
    at = at or now()
    link = find(token)
    if link is not None and link.target != f"material:{material.pk}":
        link = None
    if link is not None and link.contact is not None and link.contact.erased_at:
        link = None
    if link is None:
        logger.info("unattributed visit", extra={"material_id": material.pk})
    if link is not None:
        TrackedLink.objects.select_for_update().get(pk=link.pk)  # one opening at a time
    share = Share.objects.filter(link=link).first() if link else None
    visitor_hash = blind_index(visitor)
    counted = not is_robot(user_agent)
    earlier = Visit.objects.filter(
        visitor=visitor_hash, material=material, counted=True, opened_at__gt=at - ONE_VIEW
    )
    if counted and (known := earlier.order_by("-opened_at").first()):
        return known
    first = counted and link is not None and not link.visits.filter(counted=True).exists()
    visit = Visit.objects.create(
        token=token[:22],
        link=link,
        material=material,
        visitor=visitor_hash,
        counted=counted,
        opened_at=at,
    )
    if counted and link is not None:
        _was_viewed(visit, link)
        if first and share is not None and share.state == Share.State.SENT:
            count_first_view(share)
    return visit


def _was_viewed(visit: Visit, link: TrackedLink) -> None:
    if link.contact is None:
        return
    record_event(
        kind="material_viewed",
        key=f"visit:{visit.pk}",
        contact=link.contact,
        guide=link.guide,
        store=link.store,
        params={
            "material": visit.material_id,
            "title": visit.material.title,
            "visit": visit.pk,
            "times": _views(link, visit.material_id).count(),
        },
        at=visit.opened_at,
    )
    tell_guide.using(run_after=now() + TOLD_AFTER).enqueue(visit.pk)


def _views(link: TrackedLink, material_id: int) -> QuerySet[Visit]:
    """Counted views of a material by one guide's customer, over all links between the two."""
    return Visit.objects.filter(
        link__guide=link.guide_id,
        link__contact=link.contact_id,
        material=material_id,
        counted=True,
    )


def key_of(visit: Visit) -> str:
    """What the page hands back with its beacons; nobody can make one for another visit."""
    return _signer.sign(str(visit.pk))


def visit_of(key: str) -> Visit | None:
    """The visit that `key` was made for; None when it was changed."""
    try:
        pk = int(_signer.unsign(key))
    except (BadSignature, ValueError):
        return None
    return Visit.objects.select_related("link", "material").filter(pk=pk).first()


def record_beacon(*, visit: Visit, dwell_ms: int, depth: int, left: bool) -> Visit:
    """Keep how long (visible time of the whole visit) and how far (percent) the page was seen.

    Both only grow, and the time never beyond what passed since the opening. When the page was left
    the guide is told.
    """
    passed = min(now() - visit.opened_at, LONGEST)
    possible = int(passed.total_seconds() * 1000) + _GRACE_MS
    visit.dwell_ms = max(visit.dwell_ms, min(dwell_ms, possible))
    visit.depth = max(visit.depth, min(depth, 100))
    visit.save(update_fields=["dwell_ms", "depth"])
    if left:
        _tell(visit)
    return visit


@task(queue_name="normal")
def tell_guide(visit_id: int) -> None:
    """Tell the guide about a view whose page has not said yet that it was left."""
    visit = Visit.objects.select_related("link", "material").filter(pk=visit_id).first()
    if visit is not None:
        _tell(visit)


@transaction.atomic
def _tell(visit: Visit) -> None:
    """Propose the follow-up, or bring the evidence of the open one up to date."""
    link = visit.link
    if not visit.counted or link is None or link.contact_id is None:
        return
    follow = FollowRelation.objects.active().filter(guide=link.guide_id, contact=link.contact_id)
    relation = follow.select_related("contact", "guide").first()
    if relation is None:
        return
    within_a_day = _views(link, visit.material_id).filter(
        opened_at__gt=visit.opened_at - WARM_TWICE, opened_at__lte=visit.opened_at
    )
    times = within_a_day.count()
    until = visit.opened_at + (WARM_TWICE if times > 1 else WARM)
    if until <= now() or _was_answered(visit, relation):
        return
    propose(
        rule="viewed_material",
        contact=relation.contact,
        guide=relation.guide,
        evidence={
            "material": visit.material_id,
            "title": visit.material.title,
            "times": times,
            "viewed_at": visit.opened_at.isoformat(),
            "dwell_ms": visit.dwell_ms,
        },
        earn_fen=visit.material.earn_hint_fen,
        action_url=f"/g/customers/{relation.pk}/",
        until=until,
        # The longer they read, the newer the fact: the evidence follows the page.
        at=visit.opened_at + timedelta(milliseconds=visit.dwell_ms),
    )


def _was_answered(visit: Visit, relation: FollowRelation) -> bool:
    """True when what was proposed for this visit is done or put away already."""
    proposed = Suggestion.objects.filter(
        rule="viewed_material",
        contact=relation.contact_id,
        guide=relation.guide_id,
        proposed_at__gte=visit.opened_at,
    )
    last = proposed.order_by("-proposed_at", "-pk").first()
    return last is not None and last.state != Suggestion.State.OPEN


def signals_of(*, guide_id: int, contact_id: int) -> dict[int, Signal]:
    """What the customer looked at among the guide's links, by material. One query."""
    rows = (
        Visit.objects.filter(link__guide=guide_id, link__contact=contact_id, counted=True)
        .values("material_id", "material__title")
        .annotate(times=Count("pk"), viewed_at=Max("opened_at"), last_view=Max("pk"))
        .order_by("-viewed_at")
    )
    return {
        row["material_id"]: Signal(
            material_id=row["material_id"],
            title=row["material__title"],
            times=row["times"],
            viewed_at=row["viewed_at"],
            last_view=row["last_view"],
        )
        for row in rows
    }


def newest_view(
    follow: FollowRelation, *, after: int = 0, since: datetime | None = None
) -> int | None:
    """The number of the customer's newest counted view later than `after` and `since`, or None."""
    views = Visit.objects.filter(
        link__guide=follow.guide_id, link__contact=follow.contact_id, counted=True, pk__gt=after
    )
    if since is not None:
        views = views.filter(opened_at__gte=since)
    newest: int | None = views.aggregate(newest=Max("pk"))["newest"]
    return newest
