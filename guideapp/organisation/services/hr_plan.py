"""What WeCom's address book needs so that it says what HR says: found, shown, then applied."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.tasks import task

from guideapp.core.audit import record_audit
from guideapp.core.clock import now, today
from guideapp.core.jobs.schedule import periodic
from guideapp.organisation.errors import HrPlanOutdated, HrPlanOver, NoAddressBookSecret
from guideapp.organisation.models import Guide, HrChange, HrPerson, HrPlan
from guideapp.organisation.services.hr import is_gone
from guideapp.organisation.services.hr_accounts import owners_of
from guideapp.organisation.services.hr_calls import CALLS
from guideapp.organisation.services.tree import Tree
from guideapp.wecom.models import OutboxCall, SyncCursor
from guideapp.wecom.outbox import send
from guideapp.wecom.tokens import address_book_app

Kind = HrChange.Kind
# Why somebody is left out of a plan.
NO_PHONE, NO_DEPARTMENT, USERID_WAITS = "no_phone", "no_department", "userid_waits"
_PLAN = "hr_plan"  # the SyncCursor row whose lock lets one plan be made or applied at a time
_OPEN = {OutboxCall.State.WAITING, OutboxCall.State.SENDING}
_BATCH = 500
_CALLS_AT_ONCE = 100


@dataclass
class Differences:
    """Where HR and the address book differ, with who could not be planned and who is under way."""

    changes: list[HrChange] = field(default_factory=list)  # unsaved, without a plan
    held: list[tuple[int, str]] = field(default_factory=list)  # HrPerson id, reason
    under_way: int = 0
    strangers: list[str] = field(default_factory=list)  # userids


@dataclass
class _Told:
    """What earlier plans told WeCom of one person: it does not tell everything back."""

    values: dict[str, Any] = field(default_factory=dict)
    is_open: bool = False  # a call is owed, or its outcome has not been read back
    is_made: bool = False  # the account was made, and the app has not seen it yet


@dataclass(frozen=True)
class _Book:
    """The address book as we know it."""

    guides: dict[str, Guide]  # present ones, by lower-cased userid
    owners: dict[int, int]  # guide → HrPerson
    tree: Tree
    by_store: dict[int, int]  # store → its department
    top: int  # where people without a store belong


@transaction.atomic
def make_plan(*, actor_userid: str = "") -> HrPlan:
    """Compare HR with the address book we know and keep the outcome as the draft; older drafts end.

    `actor_userid` '' for the schedule.
    """
    _lock()
    found = differences()
    HrPlan.objects.filter(state=HrPlan.State.DRAFT).update(state=HrPlan.State.STALE)
    plan = HrPlan.objects.create(
        made_by=actor_userid, strangers=found.strangers, held=[list(one) for one in found.held]
    )
    for change in found.changes:
        change.plan = plan
    HrChange.objects.bulk_create(found.changes, batch_size=_BATCH)
    return plan


@transaction.atomic
def apply_plan(*, plan: HrPlan, actor_userid: str) -> None:
    """Owe WeCom every change of a draft; a job writes the calls. Audited.

    Raises HrPlanOver (applied or replaced), HrPlanOutdated (something changed since it was made),
    NoAddressBookSecret (without it nobody but the console writes the address book).
    """
    if address_book_app() is None:
        raise NoAddressBookSecret
    _lock()
    locked = HrPlan.objects.select_for_update().get(pk=plan.pk)
    if locked.state != HrPlan.State.DRAFT:
        raise HrPlanOver
    if _signature(differences().changes) != _signature(locked.changes.all()):
        raise HrPlanOutdated
    locked.state, locked.applied_by, locked.applied_at = HrPlan.State.APPLIED, actor_userid, now()
    locked.save(update_fields=["state", "applied_by", "applied_at", "updated_at"])
    counts = Counter(str(kind) for kind in locked.changes.values_list("kind", flat=True))
    record_audit(
        actor=actor_userid,
        action="hr_plan_applied",
        subject=f"hr_plan:{locked.pk}",
        changes=dict(counts),
    )
    owe_changes.enqueue(locked.pk)


@task(queue_name="normal")
def owe_changes(plan_id: int) -> None:
    """Write the calls of an applied plan; run again, it goes on where it stopped."""
    changes = HrChange.objects.filter(
        plan=plan_id, plan__state=HrPlan.State.APPLIED, call_id=None
    ).order_by("pk")
    while batch := list(changes[:_CALLS_AT_ONCE]):
        with transaction.atomic():
            for change in batch:
                owed = send(
                    CALLS[Kind(change.kind)], {"change": change.pk}, key=f"hr_change:{change.pk}"
                )
                change.call_id = owed.pk
            HrChange.objects.bulk_update(batch, ["call_id"])


@periodic("10 4 * * *", name="organisation.hr_plan")
@task(queue_name="bulk")
def plan_nightly() -> None:
    """After the nightly reading: have the differences ready for the morning."""
    if HrPerson.objects.exists():
        make_plan()


def differences() -> Differences:
    """Compare HR with the address book we know, in five queries."""
    people = list(HrPerson.objects.defer("phone").select_related("store").order_by("pk"))
    book, told, found = _book(people), _told(), Differences()
    for person in people:
        history = told.get(person.pk, _Told())
        if history.is_open:
            found.under_way += 1
        elif change := _change_of(person, book, history, found):
            found.changes.append(change)
    found.strangers = sorted(
        guide.userid for guide in book.guides.values() if guide.pk not in book.owners
    )
    return found


def _change_of(person: HrPerson, book: _Book, told: _Told, found: Differences) -> HrChange | None:
    guide = book.guides.get(person.userid.lower())
    is_theirs = guide is not None and book.owners.get(guide.pk) == person.pk
    if is_gone(person, today()):
        return _removal(person, guide) if guide and is_theirs else None
    if guide is not None and not is_theirs:
        found.held.append((person.pk, USERID_WAITS))
        return None
    if person.store_id and person.store_id not in book.by_store:
        found.held.append((person.pk, NO_DEPARTMENT))
        return None
    if guide is None and not person.phone_bidx:
        found.held.append((person.pk, NO_PHONE))
        return None
    return _update(person, guide, book, told) if guide else _creation(person, book, told)


def _removal(person: HrPerson, guide: Guide) -> HrChange:
    before = {"name": guide.name, "department": guide.departments}
    return HrChange(person=person, kind=Kind.DELETE, before=before)


def _creation(person: HrPerson, book: _Book, told: _Told) -> HrChange | None:
    department = book.by_store[person.store_id] if person.store_id else book.top
    after = {
        "name": person.name,
        "position": person.position,
        "gender": person.gender,
        "department": [department],
        "lead": [0],
        "phone": person.phone_bidx,
    }
    if told.is_made and after.items() <= told.values.items():
        return None
    return HrChange(person=person, kind=Kind.CREATE, after=after)


def _update(person: HrPerson, guide: Guide, book: _Book, told: _Told) -> HrChange | None:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value, known in _values(person, guide, told):
        if value != known:
            before[name], after[name] = known, value
    if departments := _departments(person, guide, book):
        before["department"], after["department"] = guide.departments, departments
        after["lead"] = [int(one in guide.led_departments) for one in departments]
    if not after:
        return None
    return HrChange(person=person, kind=Kind.UPDATE, before=before, after=after)


def _values(
    person: HrPerson, guide: Guide, told: _Told
) -> Iterator[tuple[str, str | int, str | int]]:
    """(field, what HR says, what WeCom says or was told last); what neither tells is left out."""
    if person.name and guide.name != guide.userid:  # else WeCom did not tell us the name
        yield "name", person.name, guide.name
    if person.position or "position" in person.told_empty:
        yield "position", person.position, guide.position or told.values.get("position", "")
    if person.gender and "gender" in told.values:
        yield "gender", person.gender, told.values["gender"]
    if person.phone_bidx and "phone" in told.values and guide.status == Guide.Status.NOT_ACTIVATED:
        yield "phone", person.phone_bidx, told.values["phone"]


def _departments(person: HrPerson, guide: Guide, book: _Book) -> list[int]:
    """Where somebody belongs who moved to a store or to headquarters; [] for who stays."""
    if person.store_id and person.store_id != guide.store_id:
        kept = [one for one in guide.departments if one not in book.tree.stores]
        return [book.by_store[person.store_id], *(one for one in kept if one != book.top)]
    if "store" in person.told_empty and guide.store_id is not None:
        return [one for one in guide.departments if book.tree.store_of([one]) is None] or [book.top]
    return []


def _book(people: Iterable[HrPerson]) -> _Book:
    rows = Guide.objects.filter(left_at=None).only(
        "userid",
        "name",
        "position",
        "departments",
        "led_departments",
        "status",
        "store",
        "created_at",
    )
    guides = {guide.userid.lower(): guide for guide in rows}
    tree = Tree.read()
    tops = [wecom_id for wecom_id, parent in tree.parents.items() if parent not in tree.parents]
    return _Book(
        guides=guides,
        owners=owners_of(people, guides.values()),
        tree=tree,
        by_store={store: wecom_id for wecom_id, store in tree.stores.items()},
        top=min(tops, default=1),
    )


def _told() -> dict[int, _Told]:
    """What applied plans did, by person, in three queries."""
    told: defaultdict[int, _Told] = defaultdict(_Told)
    applied = HrChange.objects.filter(plan__state=HrPlan.State.APPLIED)
    changes = list(applied.select_related("person").defer("person__phone").order_by("pk"))
    calls = OutboxCall.objects.filter(kind__in=CALLS.values()).only("state", "sent_at")
    by_id = {call.pk: call for call in calls}
    guides = Guide.objects.order_by("synced_at").values_list("userid", "synced_at", "left_at")
    read_at = {userid.lower(): at for userid, at, _left_at in guides}
    present = {userid.lower() for userid, _at, left_at in guides if left_at is None}
    for change in changes:
        call = by_id.get(change.call_id or 0)
        entry, userid = told[change.person_id], change.person.userid.lower()
        was_done = call is None or call.state == OutboxCall.State.DONE  # an old one was pruned
        if was_done and change.call_id:
            entry.values |= change.after
        is_read = was_done and call is not None and _is_read(read_at.get(userid), call.sent_at)
        waits = was_done and call is not None and not is_read
        entry.is_made = waits and change.kind == Kind.CREATE
        is_owed = change.call_id is None or (call is not None and call.state in _OPEN)
        entry.is_open = is_owed or (waits and not entry.is_made and userid in present)
    return told


def _is_read(read_at: datetime | None, sent_at: datetime | None) -> bool:
    """Has the person been read from WeCom since the call went out?"""
    return bool(read_at and sent_at and read_at >= sent_at)


def _signature(changes: Any) -> set[tuple[Any, ...]]:
    return {
        (change.person_id, str(change.kind), repr(sorted(change.after.items())))
        for change in changes
    }


def _lock() -> None:
    SyncCursor.objects.get_or_create(name=_PLAN)
    SyncCursor.objects.select_for_update().get(name=_PLAN)
