"""Erase a person: tombstones at once, everything else by a job; who comes back is erased again."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.tasks import task

from guideapp.core import personal
from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.schedule import periodic
from guideapp.core.personal_tables import PersonBusy
from guideapp.members.errors import AlreadyErased
from guideapp.members.models import Contact, Member, MembershipCard, OfficialFollower, Tombstone
from guideapp.members.services import tombstones
from guideapp.members.services.erasure_list import Key, Listed
from guideapp.members.services.subjects import Subject, subject_of

ERASED_WITHIN_DAYS = 15  # what the law leaves us
_RETURNED = timedelta(days=2)  # a writer that was under way has long ended after that
_UNDER_WAY = timedelta(minutes=10)  # the longest that one writes
_BATCH = 500

type _Row = tuple[str, datetime, list[Key]]  # Subject.key, written at, what it goes by


@transaction.atomic
def ask_erasure(subject: Subject, *, by: str, reason: str) -> None:
    """Put up the tombstones, which every sync and import heeds from this commit on, and a job.

    `by` is a userid. Raises AlreadyErased when nothing but a pseudonym is left.
    """
    if subject.is_erased:
        raise AlreadyErased
    _bury(subject, _group_of(subject.key))
    record_audit(actor=by, action="privacy.erase", subject=subject.log_key, reason=reason)
    enqueue_once(erase_subject, subject.key, by, dedupe_key=f"erase:{subject.key}")
    soon = now() + _UNDER_WAY
    enqueue_once(erase_latecomers, dedupe_key="erase:latecomers", run_after=soon)


@task(queue_name="normal")
def erase_subject(key: str, by: str, group: str = "") -> None:
    """Remove a person (`Subject.key`) everywhere. A second run finds a pseudonym and ends.

    Raises core.personal_tables.PersonBusy, after which the ledger runs it again.
    """
    subject = subject_of(key)
    if subject is not None and not subject.is_erased:
        _erase(subject, by, group or _group_of(key))


@periodic("50 3 * * *", name="members.erase_latecomers")
@task(queue_name="bulk")
def erase_latecomers() -> None:
    """Erase whoever was written by a sync that had begun before the tombstone stood."""
    erase_returned()


def erase_returned() -> int:
    """Erase rows that were written since a tombstone of the last two days stands; how many people.

    Older rows of somebody with the same phone number are that other person's.
    """
    rows = Tombstone.objects.filter(at__gte=now() - _RETURNED, lifted_at=None)
    fresh = {(row.kind, row.key): Listed(row.group, row.at) for row in rows}
    if not fresh:
        return 0
    return _erase_named(fresh, since=min(stone.at for stone in fresh.values()) - _UNDER_WAY)


def heed_list() -> int:
    """After a backup was restored: erase anew whom the list beside it names; how many people."""
    return _erase_named(tombstones.restore(), since=None)


def _erase_named(stones: Mapping[Key, Listed], *, since: datetime | None) -> int:
    """Erase whoever goes by one of `stones`. `since`: only rows written after their stone."""
    found: dict[str, str] = {}
    for key, written_at, names in _rows(since) if stones else ():
        for name in names:
            stone = stones.get(name)
            if stone and (since is None or written_at >= stone.at - _UNDER_WAY):
                found[key] = stone.group
    return sum(_erase_or_wait(key, group) for key, group in found.items())


def _erase_or_wait(key: str, group: str) -> bool:
    """Erase now, or by a job while another one is at work on the person; False: it is done."""
    subject = subject_of(key)
    if subject is None or subject.is_erased:
        return False
    try:
        _erase(subject, "", group)
    except PersonBusy:
        enqueue_once(erase_subject, key, "", group, dedupe_key=f"erase:{key}")
    return True


def _rows(since: datetime | None) -> Iterator[_Row]:
    """Everybody who is not erased, by every key of theirs that another system could name."""
    kinds = Tombstone.Kind
    young = {} if since is None else {"created_at__gte": since}
    contacts = Contact.objects.filter(erased_at=None, **young)
    for pk, at, external, unionid in _read(contacts, "external_userid", "unionid_bidx"):
        known_as = (kinds.EXTERNAL_USERID, blind_index(external))
        yield f"c-{pk}", at, [known_as, (kinds.UNIONID, unionid)]
    followers = OfficialFollower.objects.filter(**young)
    for pk, at, openid, unionid in _read(followers, "openid_bidx", "unionid_bidx"):
        yield f"f-{pk}", at, [(kinds.OPENID, openid), (kinds.UNIONID, unionid)]
    cards = MembershipCard.objects.filter(member__erased_at=None, **young)
    for _pk, _at, member, number, at in _read(cards, "member", "number", "member__created_at"):
        yield f"m-{member}", at, [(kinds.CARD, blind_index(number))]
    has_card = Exists(MembershipCard.objects.filter(member=OuterRef("pk")))
    members = Member.objects.filter(erased_at=None, **young).annotate(has_card=has_card)
    fields = ("number", "unionid_bidx", "phone_bidx", "has_card")
    for pk, at, number, unionid, phone, card in _read(members, *fields):
        names: list[Key] = [(kinds.NUMBER, blind_index(number)), (kinds.UNIONID, unionid)]
        if not (number or unionid or card):
            # Two people may share a phone: whoever is known by anything else is not named by it.
            names = [(kinds.PHONE, phone)]
        yield f"m-{pk}", at, names


def _read(rows: Any, *fields: str) -> Iterator[tuple[Any, ...]]:
    """Key, time of writing and `fields`; nothing is decrypted."""
    found = rows.order_by("pk").values_list("pk", "created_at", *fields)
    yield from found.iterator(_BATCH)


@transaction.atomic
def _erase(subject: Subject, by: str, group: str) -> None:
    _lock(subject)
    _bury(subject, group)  # what came to the person since they asked
    done = personal.erase(subject.person)
    record_audit(
        actor=by,
        action="privacy.erased",
        subject=subject.log_key,
        tables=len(done),
        rows=sum(done.values()),
    )


def _lock(subject: Subject) -> None:
    """Whoever writes these rows waits, and then finds a pseudonym."""
    if not connection.in_atomic_block:
        raise RuntimeError("An erasure is one transaction.")
    members = [row.pk for row in subject.members]
    contacts = [row.pk for row in subject.contacts]
    list(Member.objects.select_for_update().filter(pk__in=members).order_by("pk").values("pk"))
    list(Contact.objects.select_for_update().filter(pk__in=contacts).order_by("pk").values("pk"))


def _bury(subject: Subject, group: str) -> None:
    keys = ((kind, blind_index(value)) for kind, value in subject.names())
    tombstones.bury(keys, group=group)


def _group_of(key: str) -> str:
    """What the tombstones of one erasure have in common; keyed, like they are."""
    return blind_index(f"erasure:{key}")
