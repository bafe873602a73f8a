"""Customers and who follows them: opened and closed by events, re-read from WeCom."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import batched, chain

from django.db import transaction
from django.db.models import Q
from django.tasks import task

from guideapp.core.clock import common_now, now
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.search import search_terms
from guideapp.members.errors import PersonErased
from guideapp.members.models import (
    Contact,
    FollowRelation,
    FollowRelationQuerySet,
    Suggestion,
    Tombstone,
)
from guideapp.members.services.identity import link_contacts
from guideapp.members.services.relations import (
    Told,
    apply_told,
    told_by_detail,
    told_by_user,
)
from guideapp.members.services.tags import sync_tags, unknown_tags
from guideapp.members.services.tombstones import is_erased
from guideapp.members.signals import contact_left
from guideapp.organisation.models import Guide
from guideapp.wecom.client import client
from guideapp.wecom.client.contacts import Contacts
from guideapp.wecom.errors import WeComNotFound

_BATCH = 500
# WeCom may deny a relation for some seconds after the event that announced it.
_DELAYS_SECONDS = (2, 5, 15, 60)
# An answer says nothing about relations younger than this when it was asked for.
_TOO_YOUNG = timedelta(minutes=1)


def sync_contact(external_userid: str) -> Contact:
    """Read one customer with all followers from WeCom and apply it.

    Raises WeComNotFound (84061) when the company has no relation with them, PersonErased for
    somebody who was erased, or any WeComError.
    """
    if is_erased(Tombstone.Kind.EXTERNAL_USERID, external_userid):
        raise PersonErased
    asked_at = common_now()
    detail = client().contacts.detail(external_userid)
    told = told_by_detail(detail)
    _learn_tags(told)
    with transaction.atomic():
        applied = apply_told(told, asked_at=asked_at, contacts=[detail["external_contact"]])
        if not applied.contacts:
            raise PersonErased
        contact = applied.contacts[0]
        told_of = {row.pk for row in applied.follows}
        _close_unseen(FollowRelation.objects.filter(contact=contact), told_of, asked_at)
    return contact


def sync_contacts_of(userids: Sequence[str], contacts: Contacts | None = None) -> int:
    """Read every customer of these guides (≤ 100) and close relations that are no longer there.

    Answers how many rows were repaired. Relations of guides that are not asked for stay untouched.
    `contacts` is who answers, when that is not WeCom.
    """
    asked_at = common_now()
    repaired = 0
    seen: set[int] = set()
    source = contacts or client().contacts
    entries = map(told_by_user, source.of_users(list(userids)))
    for batch in batched(entries, _BATCH, strict=False):
        _learn_tags(batch)
        applied = apply_told(batch, asked_at=asked_at)
        repaired += applied.repaired
        seen.update(row.pk for row in applied.follows)
    guides = list(Guide.objects.with_userids(userids).values_list("pk", flat=True))
    with transaction.atomic():
        theirs = FollowRelation.objects.filter(guide__in=guides)
        return repaired + _close_unseen(theirs, seen, asked_at)


@task(queue_name="normal")  # it asks WeCom: the urgent threads are for what dies in 20 s
def refresh_contact(external_userid: str, userid: str = "", tries: int = 0) -> None:
    """Re-read a customer after an event, again after 2, 5, 15 and 60 s while WeCom denies them.

    With `userid`, also while the answer leaves that guide out. A relation that WeCom still denies
    at the end is closed.
    """
    try:
        sync_contact(external_userid)
        missing = bool(userid) and not (
            FollowRelation.objects.of_pair(userid, external_userid)
            .filter(synced_at__isnull=False)
            .exists()
        )
    except WeComNotFound:
        missing = True
        if tries >= len(_DELAYS_SECONDS):
            _close_denied(external_userid)
    except PersonErased:
        return
    if missing and tries < len(_DELAYS_SECONDS):
        enqueue_once(
            refresh_contact,
            external_userid,
            userid,
            tries + 1,
            dedupe_key=f"{_key(external_userid, userid)}:again:{tries + 1}",
            run_after=now() + timedelta(seconds=_DELAYS_SECONDS[tries]),
        )


def refresh_soon(external_userid: str, userid: str = "") -> None:
    """Have a job re-read the customer; many requests before it runs are one job."""
    key = _key(external_userid, userid)
    enqueue_once(refresh_contact, external_userid, userid, dedupe_key=key)


def _key(external_userid: str, userid: str) -> str:
    """One job a pair: a job that merges with another keeps the other's arguments."""
    return f"contact:{external_userid}:{userid.lower()}"


@transaction.atomic(savepoint=False)
def open_follow(
    *, guide: Guide, external_userid: str, state: str, at: datetime
) -> FollowRelation | None:
    """The relation that an event of `at` announces; None when a later event has ended it.

    The customer may be unknown yet: their name is '' until WeCom was asked. None, too, for
    somebody who was erased.
    """
    if is_erased(Tombstone.Kind.EXTERNAL_USERID, external_userid):
        return None
    contact, _is_new = Contact.objects.get_or_create(external_userid=external_userid)
    rows = FollowRelation.objects.select_for_update().filter(guide=guide, contact=contact)
    row = rows.active().first()
    if row is None:
        ended = rows.filter(ended_at__gte=at).exclude(end_reason=FollowRelation.EndReason.UNSEEN)
        if (tombstone := ended.order_by("ended_at").first()) is not None:
            FollowRelation.objects.filter(pk=tombstone.pk, followed_at__gt=at).update(
                followed_at=at
            )
            return None
        terms = search_terms(contact.name)
        row = FollowRelation.objects.create(
            guide=guide, contact=contact, followed_at=at, search_terms=terms, state=state
        )
    elif state and not row.state:
        row.state = state
        row.save(update_fields=["state", "updated_at"])
    return row


@transaction.atomic(savepoint=False)
def end_follow(*, guide: Guide, external_userid: str, reason: str, at: datetime) -> None:
    """End the relation as an event of `at` says. `reason` is a FollowRelation.EndReason.

    Where the beginning is not known yet a closed row is kept, so that an older event which comes
    later does not open it.
    """
    if is_erased(Tombstone.Kind.EXTERNAL_USERID, external_userid):
        return
    contact, _is_new = Contact.objects.get_or_create(external_userid=external_userid)
    rows = FollowRelation.objects.select_for_update().filter(guide=guide, contact=contact)
    open_rows = list(rows.active().filter(followed_at__lte=at))
    if open_rows:
        close_follows(open_rows, reason=reason, at=at)
        return
    if rows.filter(Q(ended_at__gte=at) | Q(ended_at=None)).exists():
        return
    FollowRelation.objects.create(
        guide=guide,
        contact=contact,
        followed_at=at,
        ended_at=at,
        end_reason=reason,
        search_terms=search_terms(contact.name),
    )


def close_follows(rows: Iterable[FollowRelation], *, reason: str, at: datetime) -> int:
    """Close open relations, withdraw what was suggested for them and announce it; how many."""
    rows = list(rows)
    for row in rows:
        row.ended_at, row.end_reason = at, reason
        transaction.on_commit(
            partial(contact_left.send, FollowRelation, follow_id=row.pk, reason=reason, at=at)
        )
        Suggestion.objects.filter(
            guide=row.guide_id, contact=row.contact_id, state=Suggestion.State.OPEN
        ).update(state=Suggestion.State.WITHDRAWN, decided_at=at)
    FollowRelation.objects.bulk_update(rows, ["ended_at", "end_reason"], batch_size=500)
    return len(rows)


def link_member(contact: Contact) -> bool:
    """Apply the identity rules to a contact whose unionid is known; True when that joined it."""
    return link_contacts([contact]) == 1


def _close_unseen(rows: FollowRelationQuerySet, seen: set[int], asked_at: datetime) -> int:
    """Close open relations among `rows` that an answer of `asked_at` did not hold."""
    candidates = (
        rows.active()
        .select_for_update(of=("self",))
        .filter(followed_at__lt=asked_at - _TOO_YOUNG)
        .filter(Q(synced_at=None) | Q(synced_at__lte=asked_at))
    )
    unseen = set(candidates.values_list("pk", flat=True)) - seen
    return close_follows(
        FollowRelation.objects.filter(pk__in=unseen),
        reason=FollowRelation.EndReason.UNSEEN,
        at=asked_at,
    )


def _close_denied(external_userid: str) -> None:
    """Close what WeCom has denied to the end."""
    with transaction.atomic():
        rows = FollowRelation.objects.filter(contact__external_userid=external_userid)
        _close_unseen(rows, set(), common_now())


def _learn_tags(told: Sequence[Told]) -> None:
    """Read the company's tags first when WeCom names one that we do not know."""
    if unknown_tags(chain.from_iterable(item.tag_ids or () for item in told)):
        sync_tags()
