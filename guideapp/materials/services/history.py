"""Write months of sends and views at once: the same rows as the real path, in batches, no sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from guideapp.attribution.models import TrackedLink
from guideapp.attribution.services import track_many
from guideapp.core.clock import day_of
from guideapp.core.fields import blind_index
from guideapp.materials.models import Material, Share, Visit
from guideapp.materials.services.figures import recount_days
from guideapp.members.models import Contact
from guideapp.members.services import NewEvent, record_events
from guideapp.organisation.models import Guide

_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedThen:
    """A send of the past; `state` is what WeCom's client said of it."""

    material: Material
    guide: Guide
    contact: Contact
    at: datetime
    state: str = Share.State.SENT
    form: str = Share.Form.CARD


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedThen:
    """A counted view of the past. `visitor` is any text that names the customer's browser."""

    share: Share
    at: datetime
    dwell_ms: int
    depth: int = 100
    visitor: str = ""


@transaction.atomic
def record_share_history(facts: Sequence[SharedThen]) -> list[Share]:
    """Sends of the past with their links, results and timeline events, in the order given.

    The store is the guide's. Each day touched is counted anew from the shares. Suggestions are not
    made: nothing of the past is to be followed up.
    """
    links = track_many(
        TrackedLink(
            kind=TrackedLink.Kind.SHARE,
            guide=fact.guide,
            store_id=fact.guide.store_id,
            contact=fact.contact,
            target=f"material:{fact.material.pk}",
            created_at=fact.at,
        )
        for fact in facts
    )
    shares = Share.objects.bulk_create(
        [_share(fact, link) for fact, link in zip(facts, links, strict=True)], batch_size=_BATCH
    )
    sent = [share for share in shares if share.state == Share.State.SENT]
    record_events(_sent_event(share) for share in sent)
    recount_days(day_of(share.tapped_at) for share in sent)
    return shares


def _share(fact: SharedThen, link: TrackedLink) -> Share:
    return Share(
        link=link,
        material=fact.material,
        material_version=fact.material.version,
        guide=fact.guide,
        store_id=fact.guide.store_id,
        contact=fact.contact,
        form=fact.form,
        nonce=link.token,
        state=fact.state,
        tapped_at=fact.at,
        reported_at=None if fact.state == Share.State.UNKNOWN else fact.at,
    )


@transaction.atomic
def record_visit_history(facts: Sequence[ViewedThen]) -> list[Visit]:
    """Counted views of the past with their timeline events, in the order given.

    Each day on which one of the shares was sent is counted anew.
    """
    visits = Visit.objects.bulk_create([_visit(fact) for fact in facts], batch_size=_BATCH)
    times: dict[tuple[int, int], int] = {}
    events = []
    for fact, visit in sorted(
        zip(facts, visits, strict=True), key=lambda pair: (pair[0].at, pair[1].pk)
    ):
        pair = (fact.share.contact_id, fact.share.material_id)
        times[pair] = times.get(pair, 0) + 1
        events.append(_viewed_event(fact, visit, times[pair]))
    record_events(events)
    recount_days(day_of(fact.share.tapped_at) for fact in facts)
    return visits


def _visit(fact: ViewedThen) -> Visit:
    return Visit(
        token=fact.share.nonce,
        link_id=fact.share.link_id,
        material_id=fact.share.material_id,
        visitor=blind_index(fact.visitor or f"contact:{fact.share.contact_id}"),
        counted=True,
        opened_at=fact.at,
        dwell_ms=fact.dwell_ms,
        depth=fact.depth,
    )


def _sent_event(share: Share) -> NewEvent:
    return NewEvent(
        kind="material_sent",
        key=f"share:{share.pk}",
        contact=share.contact,
        guide=share.guide,
        store=share.guide.store,
        params={
            "material": share.material_id,
            "title": share.material.title,
            "form": share.form,
        },
        at=share.tapped_at,
    )


def _viewed_event(fact: ViewedThen, visit: Visit, times: int) -> NewEvent:
    share = fact.share
    return NewEvent(
        kind="material_viewed",
        key=f"visit:{visit.pk}",
        contact=share.contact,
        guide=share.guide,
        store=share.guide.store,
        params={
            "material": share.material_id,
            "title": share.material.title,
            "visit": visit.pk,
            "times": times,
        },
        at=fact.at,
    )
