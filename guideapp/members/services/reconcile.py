"""Repair what lost events left wrong: guides whose list differs every 15 minutes, all at night."""

import logging
import time
from collections.abc import Iterable
from itertools import batched
from zlib import crc32

from django.db.models.functions import Lower
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.schedule import periodic
from guideapp.members.models import FollowRelation, Tombstone
from guideapp.members.services.contacts import sync_contacts_of
from guideapp.members.services.tags import sync_tags
from guideapp.members.services.tombstones import erased_keys
from guideapp.wecom.client import client
from guideapp.wecom.client.contacts import Contacts
from guideapp.wecom.models import SyncCursor

logger = logging.getLogger(__name__)

ALL, CHANGED = "members.all", "members.changed"
PARTS = range(4)  # of the whole reading: as many workers of the lane can share it
_GUIDES_A_STEP = 40
_BUDGET_SECONDS = 300  # one job; the next goes on where it stopped


def reconcile(contacts: Contacts | None = None, parts: Iterable[int] = PARTS) -> dict[str, int]:
    """Read tags and every guide's customers from WeCom and close relations no longer seen.

    Goes on where an interrupted run stopped. Answers {"guides": read, "repaired": rows}.
    Raises WeComError; the cursor then stands at the last guide that was finished. `contacts` is who
    answers, when that is not WeCom. `parts` of PARTS: somebody else reads the others.
    """
    reports = [_walk(_part(part), seconds=None, contacts=contacts) for part in parts]
    return {name: sum(report[name] for report in reports) for name in ("guides", "repaired")}


@periodic("30 2 * * *", name="members.reconcile", catch_up=True)
@task(queue_name="bulk")
def reconcile_all() -> None:
    """Begin the nightly reading."""
    for part in PARTS:
        reconcile_part.enqueue(part)


@task(queue_name="bulk")
def reconcile_part(part: int) -> None:
    """One part of the nightly reading, in jobs of five minutes."""
    _walk(_part(part), seconds=_BUDGET_SECONDS)
    if not _is_finished(_part(part)):
        reconcile_part.enqueue(part)


@periodic("*/15 * * * *", name="members.reconcile_changed")
@task(queue_name="bulk")
def reconcile_changed() -> None:
    """Guides whose customers in WeCom are not the ones we know; next time on from here."""
    _walk(CHANGED, seconds=_BUDGET_SECONDS)


def _walk(name: str, *, seconds: int | None, contacts: Contacts | None = None) -> dict[str, int]:
    """Read guides after the cursor, in order, until the end or the time is up."""
    source = contacts or client().contacts
    cursor, _is_new = SyncCursor.objects.get_or_create(name=name)
    if cursor.started_at is None or cursor.finished_at is not None:
        cursor.cursor, cursor.started_at, cursor.finished_at = "", now(), None
        cursor.report = {"guides": 0, "repaired": 0}
        cursor.save()
        if name == _part(0):
            sync_tags(source)
    userids = sorted(u for u in {u.lower() for u in source.follow_user_ids()} if _is_of(name, u))
    began = time.monotonic()
    for step in batched((u for u in userids if u > cursor.cursor), _GUIDES_A_STEP, strict=False):
        if seconds is not None and time.monotonic() - began > seconds:
            return dict(cursor.report)
        wanted = [u for u in step if _differs(u)] if name == CHANGED else list(step)
        repaired = sync_contacts_of(wanted, source) if wanted else 0
        cursor.cursor = step[-1]
        cursor.report = {
            "guides": cursor.report["guides"] + len(wanted),
            "repaired": cursor.report["repaired"] + repaired,
        }
        cursor.save()
    cursor.finished_at = now()
    cursor.save()
    logger.info("customers reconciled", extra={"reading": name, **cursor.report})
    return dict(cursor.report)


def _part(number: int) -> str:
    """The name of a part's cursor."""
    return f"{ALL}.{number}"


def _is_of(name: str, userid: str) -> bool:
    """True for the guides that the reading `name` is about."""
    return name == CHANGED or name == _part(crc32(userid.encode()) % len(PARTS))


def _differs(userid: str) -> bool:
    """True when WeCom lists other customers for the guide than we know."""
    told = set(client().contacts.external_userids(userid))
    known = set(
        FollowRelation.objects.active()
        .alias(folded=Lower("guide__userid"))
        .filter(folded=userid, guide__left_at=None)
        .values_list("contact__external_userid", flat=True)
    )
    left_by_customer = FollowRelation.objects.filter(
        guide__userid__iexact=userid,
        end_reason=FollowRelation.EndReason.BY_CUSTOMER,
        contact__external_userid__in=told - known,
    ).values_list("contact__external_userid", flat=True)
    unknown = told - known - set(left_by_customer)
    erased = erased_keys(Tombstone.Kind.EXTERNAL_USERID, unknown)  # WeCom goes on listing them
    return bool((unknown - erased) | (known - told))


def _is_finished(name: str) -> bool:
    return SyncCursor.objects.filter(name=name, finished_at__isnull=False).exists()
