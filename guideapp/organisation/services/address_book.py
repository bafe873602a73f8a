"""Read the address book of WeCom: by event, the doubtful ones every 15 minutes, all of it nightly.

Every reading is a hint about one moment: what was asked for later wins.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.tasks import task

from guideapp.core.clock import common_now, now
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.schedule import periodic
from guideapp.organisation.models import Department, Guide
from guideapp.organisation.services.guides import (
    Changes,
    apply_users,
    hide,
    leave,
    place_guides,
)
from guideapp.organisation.services.tree import Tree
from guideapp.wecom.client import client
from guideapp.wecom.errors import WeComError, WeComNotFound, WeComNotPermitted
from guideapp.wecom.models import SyncCursor
from guideapp.wecom.types import Department as DepartmentAnswer

log = logging.getLogger(__name__)

ADDRESS_BOOK = "address_book"  # names of SyncCursor rows
DEPARTMENTS = "departments"
_OUT_OF_SIGHT = {60011, 60021}  # the member is there, outside the app's visible range
_GONE = {40003, 60111}
_LISTED = 20  # people named on the page for each kind of difference
_DOUBTFUL_AT_ONCE = 300  # calls of one quarter of an hour
_STALE_AFTER = timedelta(hours=1)


def sync_guide(userid: str) -> Guide | None:
    """Read one person from WeCom and write them; None when WeCom knows no such member.

    Raises WeComError when WeCom cannot tell.
    """
    _ask_for(userid, tree=Tree.read(), followers=read_followers())
    return Guide.objects.with_userid(userid).first()


def sync_departments() -> tuple[int, int]:
    """Read the department tree; returns how many departments are new and how many are gone."""
    asked_at = common_now()
    answers = client().address_book.departments()
    with transaction.atomic():
        cursor = _locked_cursor(DEPARTMENTS)
        if cursor.started_at and cursor.started_at > asked_at:
            return 0, 0
        counts = _apply_departments(answers, asked_at)
        cursor.started_at, cursor.finished_at = asked_at, now()
        cursor.save()
    return counts


def sync_address_book() -> dict[str, Any]:
    """Read departments, people and who has 客户联系; returns the report that the HQ page shows.

    A run that was cut short goes on with the department after the last one it finished. People
    whom no department listed are asked for one by one, so that a short answer ends nobody's work.
    """
    cursor, started_at = _begin()
    new, gone = sync_departments()
    followers, tree = read_followers(), Tree.read()
    for wecom_id in sorted(pk for pk in tree.parents if pk > int(cursor.cursor or 0)):
        asked_at = common_now()
        users = client().address_book.users(wecom_id)
        changes = apply_users(users, asked_at=asked_at, tree=tree, followers=followers)
        cursor.cursor = str(wecom_id)
        _add(changes, cursor)
    unlisted = Guide.objects.filter(left_at=None).exclude(synced_at__gte=started_at)
    for userid in list(unlisted.values_list("userid", flat=True)):
        _add(_ask_for(userid, tree=tree, followers=followers), cursor)
    people = Guide.objects.filter(left_at=None).count()
    report = {**cursor.report, "people": people, "departments_new": new, "departments_gone": gone}
    cursor.cursor, cursor.finished_at, cursor.report = "", now(), report
    cursor.save()
    return report


@periodic("30 3 * * *", name="organisation.all", catch_up=True)
@task(queue_name="bulk")
def reconcile_address_book() -> dict[str, Any]:
    """Everything, nightly and when HQ asks for it."""
    return sync_address_book()


@periodic("*/15 * * * *", name="organisation.changed")
@task(queue_name="normal")
def reconcile_changed_guides() -> int:
    """Re-read the people whose state is in doubt; returns how many were asked for.

    Most companies' apps get no change_contact events, so that this is how changes of those who
    work now arrive: never read, 客户联系 given or taken, or logged in and not read for an hour.
    """
    followers = read_followers()
    doubtful = Q(synced_at=None) | Q(
        synced_at__lt=now() - _STALE_AFTER, sessions__expire_date__gt=now()
    )
    if followers is not None:
        stale = [
            pk
            for pk, userid, known in Guide.objects.filter(left_at=None).values_list(
                "pk", "userid", "can_contact_customers"
            )
            if known != (userid.lower() in followers)
        ]
        doubtful |= Q(pk__in=stale[:_DOUBTFUL_AT_ONCE])
    guides = Guide.objects.filter(doubtful, left_at=None).distinct().order_by("synced_at")
    asked = list(guides[:_DOUBTFUL_AT_ONCE])
    tree = Tree.read()
    for guide in asked:
        _ask_for(guide.userid, tree=tree, followers=followers)
    return len(asked)


def ask_for_full_sync() -> None:
    """Have everything read soon; asking twice while one waits is one run."""
    enqueue_once(reconcile_address_book, dedupe_key="organisation:address_book")


@task(queue_name="normal")
def read_guide(userid: str) -> None:
    """Read one person as soon as possible: an unknown one has knocked."""
    sync_guide(userid)


def _ask_for(userid: str, *, tree: Tree, followers: frozenset[str] | None) -> Changes:
    asked_at = common_now()
    try:
        answer = client().address_book.user(userid)
    except (WeComNotFound, WeComNotPermitted) as error:
        return apply_absence(userid, asked_at, error)
    return apply_users([answer], asked_at=asked_at, tree=tree, followers=followers)


def apply_absence(userid: str, asked_at: datetime, error: WeComError) -> Changes:
    """WeCom did not show the person: gone, or out of sight. For lack of a right nothing ends."""
    if error.errcode not in _GONE | _OUT_OF_SIGHT:
        raise error
    guide = Guide.objects.with_userid(userid).first()
    if guide and error.errcode in _GONE and leave(guide, asked_at=asked_at):
        return Changes(left=[guide.pk])
    if guide and error.errcode in _OUT_OF_SIGHT and hide(guide, asked_at=asked_at):
        return Changes(closed=[guide.pk])
    return Changes()


def read_followers() -> frozenset[str] | None:
    """Lower-case userids with 客户联系; None when the app may not read that."""
    try:
        return frozenset(userid.lower() for userid in client().contacts.follow_user_ids())
    except WeComNotPermitted as error:
        log.warning("the app may not read who has 客户联系", extra={"errcode": error.errcode})
        return None


def _apply_departments(answers: Iterable[DepartmentAnswer], asked_at: datetime) -> tuple[int, int]:
    known = {row.wecom_id: row for row in Department.objects.select_for_update()}
    told = {answer["id"]: answer for answer in answers}
    new, changed = [], []
    for wecom_id, answer in told.items():
        row = known.get(wecom_id) or Department(wecom_id=wecom_id, name=str(wecom_id))
        before = (row.name, row.parent_wecom_id, row.order, row.gone_at)
        row.name = answer.get("name", "")[:64] or row.name
        row.parent_wecom_id = answer.get("parentid", row.parent_wecom_id)
        row.order = answer.get("order", row.order)
        row.gone_at = None
        if row._state.adding:
            new.append(row)
        elif before != (row.name, row.parent_wecom_id, row.order, row.gone_at):
            changed.append(row)
    gone = [row for row in known.values() if row.wecom_id not in told and row.gone_at is None]
    for row in gone:
        row.gone_at = asked_at
    Department.objects.bulk_create(new)
    Department.objects.bulk_update(
        changed + gone, ["name", "parent_wecom_id", "order", "gone_at"], batch_size=2_000
    )
    if new or changed or gone:
        enqueue_once(place_guides, dedupe_key="organisation:place_guides")
    return len(new), len(gone)


def _locked_cursor(name: str) -> SyncCursor:
    SyncCursor.objects.get_or_create(name=name)
    return SyncCursor.objects.select_for_update().get(name=name)


def _begin() -> tuple[SyncCursor, datetime]:
    """The cursor of a new run, or of one that was cut short within the last hour."""
    cursor, _created = SyncCursor.objects.get_or_create(name=ADDRESS_BOOK)
    at = now()
    cut_short = cursor.finished_at is None and cursor.started_at is not None
    if cut_short and cursor.started_at and cursor.started_at > at - timedelta(hours=1):
        return cursor, cursor.started_at
    cursor.started_at, cursor.finished_at, cursor.cursor, cursor.report = at, None, "", {}
    cursor.save()
    return cursor, at


def _add(changes: Changes, cursor: SyncCursor) -> None:
    """Count what a step changed, name the first few, and keep how far the run has come."""
    for name, keys in vars(changes).items():
        so_far = cursor.report.setdefault(name, {"count": 0, "guides": []})
        so_far["count"] += len(keys)
        so_far["guides"] = [*so_far["guides"], *keys][:_LISTED]
    cursor.save()
