"""Erase a person: tombstones at once, everything else by a job; who comes back is erased again."""

from datetime import timedelta
from itertools import batched

from django.db import connection, transaction
from django.tasks import task

from guideapp.core import personal
from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.schedule import periodic
from guideapp.members.errors import AlreadyErased
from guideapp.members.models import Contact, Member, Tombstone
from guideapp.members.services.subjects import Subject, subject_of, subject_of_contact
from guideapp.members.services.tombstones import bury

ERASED_WITHIN_DAYS = 15  # what the law leaves us
_RETURNED = timedelta(days=2)  # a writer that was under way has long ended after that
_LATECOMERS = timedelta(minutes=10)
_BATCH = 500


@transaction.atomic
def ask_erasure(subject: Subject, *, by: str, reason: str) -> None:
    """Put up the tombstones, which every sync and import heeds from this commit on, and a job.

    `by` is a userid. Raises AlreadyErased when nothing but a pseudonym is left.
    """
    if subject.is_erased:
        raise AlreadyErased
    _bury(subject)
    record_audit(actor=by, action="privacy.erase", subject=subject.log_key, reason=reason)
    enqueue_once(erase_subject, subject.key, by, dedupe_key=f"erase:{subject.key}")
    soon = now() + _LATECOMERS
    enqueue_once(erase_latecomers, dedupe_key="erase:latecomers", run_after=soon)


@task(queue_name="normal")
def erase_subject(key: str, by: str) -> None:
    """Remove a person (`Subject.key`) everywhere. A second run finds a pseudonym and ends.

    Raises core.personal_tables.PersonBusy, after which the ledger runs it again.
    """
    subject = subject_of(key)
    if subject is not None and not subject.is_erased:
        _erase(subject, by)


@periodic("50 3 * * *", name="members.erase_latecomers")
@task(queue_name="bulk")
def erase_latecomers() -> None:
    """Erase whoever was written by a sync that had begun before the tombstone stood."""
    erase_returned()


def erase_returned() -> int:
    """Erase those of the last two days' new rows that stand under a tombstone; how many."""
    since = now() - _RETURNED
    if not Tombstone.objects.filter(at__gte=since, lifted_at=None).exists():
        return 0
    returned = 0
    rows = Contact.objects.filter(created_at__gte=since, erased_at=None).order_by("pk")
    for batch in batched(rows.iterator(_BATCH), _BATCH, strict=False):
        by_hash = {blind_index(row.external_userid): row for row in batch}
        by_hash |= {row.unionid_bidx: row for row in batch if row.unionid_bidx}
        returned += _erase_again(by_hash)
    members = Member.objects.filter(created_at__gte=since, erased_at=None).order_by("pk")
    for some in batched(members.iterator(_BATCH), _BATCH, strict=False):
        hashes = {row.phone_bidx: row for row in some} | {row.unionid_bidx: row for row in some}
        hashes |= {blind_index(row.number): row for row in some}
        returned += _erase_again({key: row for key, row in hashes.items() if key})
    return returned


def _erase_again(by_hash: dict[str, Contact] | dict[str, Member]) -> int:
    standing = Tombstone.objects.filter(key__in=by_hash, lifted_at=None)
    rows = {by_hash[key].pk: by_hash[key] for key in standing.values_list("key", flat=True)}
    for row in rows.values():
        found = subject_of_contact(row) if isinstance(row, Contact) else subject_of(f"m-{row.pk}")
        if found is not None:
            _erase(found, by="")
    return len(rows)


@transaction.atomic
def _erase(subject: Subject, by: str) -> None:
    _lock(subject)
    _bury(subject)  # what came to the person since they asked
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


def _bury(subject: Subject) -> None:
    bury((kind, blind_index(value)) for kind, value in subject.names())
