"""Who was erased: keyed hashes by which no sync, no import and no system brings them back."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.members.errors import ListAway
from guideapp.members.models import Tombstone
from guideapp.members.services import erasure_list

logger = logging.getLogger(__name__)

_BATCH = 500


def is_erased(kind: Tombstone.Kind, value: str) -> bool:
    """True while somebody with this key stands erased. A phone is E.164; '' is nobody."""
    return bool(erased_keys(kind, [value]))


def erased_keys(kind: Tombstone.Kind, values: Iterable[str]) -> set[str]:
    """Those of `values` (as given: phones in E.164) whose holder stands erased; one query."""
    names = (("value", value) for value in values if value)
    return {value for _field, value in erased_names(names, {"value": kind})}


def erased_in(
    rows: Iterable[Mapping[str, Any]], kinds: Mapping[str, Tombstone.Kind]
) -> set[tuple[str, str]]:
    """(field, value) of `rows` whose holder stands erased, for the fields of `kinds`; one query."""
    names = ((field, row[field]) for row in rows for field in kinds if row.get(field))
    return erased_names(names, kinds)


def erased_names(
    names: Iterable[tuple[str, str]], kinds: Mapping[str, Tombstone.Kind]
) -> set[tuple[str, str]]:
    """Those (field, value) whose holder stands erased, each field being of a kind; one query."""
    by_key = {(str(kinds[field]), blind_index(value)): (field, value) for field, value in names}
    if not by_key:
        return set()
    keys = {key for _kind, key in by_key}
    standing = Tombstone.objects.filter(kind__in=kinds.values(), key__in=keys, lifted_at=None)
    return {by_key[one] for one in standing.values_list("kind", "key") if one in by_key}


def erased_contacts(unionids: Mapping[str, str]) -> set[str]:
    """Those external_userids (→ unionid, may be '') whose holder stands erased; two queries.

    The first one alone where nobody was ever erased: a reading asks this of everybody.
    """
    kinds = Tombstone.Kind
    if not Tombstone.objects.filter(lifted_at=None).exists():
        return set()
    by_key: dict[tuple[str, str], list[str]] = defaultdict(list)
    for external_userid, unionid in unionids.items():
        by_key[kinds.EXTERNAL_USERID, blind_index(external_userid)].append(external_userid)
        if unionid:
            by_key[kinds.UNIONID, blind_index(unionid)].append(external_userid)
    asked = {key for _kind, key in by_key}
    ids = (kinds.EXTERNAL_USERID, kinds.UNIONID)
    standing = Tombstone.objects.filter(kind__in=ids, key__in=asked, lifted_at=None)
    found = standing.values_list("kind", "key")
    return {one for pair in found for one in by_key.get(pair, ())}


def bury_contacts(unionids: Mapping[str, str]) -> int:
    """Erased people whom WeCom names by an external_userid (→ unionid) go by it, too; how many.

    Its lists hold nothing but that id: without this, nobody could tell there that they were erased.
    While the list beside the database is away, the next sync does it: this one has others to write.
    """
    hashes = {blind_index(unionid): external for external, unionid in unionids.items() if unionid}
    known = _standing({(str(Tombstone.Kind.UNIONID), key) for key in hashes})
    if not known:
        return 0
    try:
        with transaction.atomic():
            return sum(
                bury(
                    [(Tombstone.Kind.EXTERNAL_USERID, blind_index(hashes[row.key]))],
                    group=row.group,
                )
                for row in known.values()
            )
    except ListAway:
        logger.warning("Erased people stay without a tombstone by WeCom's id until the next sync.")
        return 0


def bury(keys: Iterable[tuple[str, str]], *, group: str = "", at: datetime | None = None) -> int:
    """Put up a tombstone for each (kind, blind index); one that stands is kept. How many are new.

    They stand in the list beside the database before this returns. `group`: of one erasure. A
    phone number that another erasure buried is of no group from then on: it was two people's.
    """
    wanted = {(str(kind), key) for kind, key in keys if key}
    known = _standing(wanted)
    new = sorted(wanted - known.keys())
    rows = [Tombstone(kind=kind, key=key, group=group, at=at or now()) for kind, key in new]
    Tombstone.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_BATCH)
    shared = {
        key: row.pk
        for key, row in known.items()
        if row.kind == Tombstone.Kind.PHONE and row.group not in {"", group}
    }
    Tombstone.objects.filter(pk__in=shared.values()).update(group="")
    if new or shared:
        erasure_list.add(erased=[*new, *shared], group=group)
    return len(new)


def lift(keys: Iterable[tuple[Tombstone.Kind, str]]) -> int:
    """Take tombstones away for (kind, value), with all that the same erasures put up; how many.

    The person themself consented anew, and is known again by everything that is theirs. Nobody but
    the customer may do that; a guide, a sync or an import never calls it. The list beside the
    database hears of it by a job of this transaction: it must not say so if we roll back.
    """
    asked = _standing({(str(kind), blind_index(value)) for kind, value in keys if value})
    groups = {row.group for row in asked.values()} - {""}
    rows = Tombstone.objects.filter(
        Q(pk__in=[row.pk for row in asked.values()]) | Q(group__in=groups), lifted_at=None
    )
    lifted = sorted(rows.values_list("kind", "key"))
    if lifted:
        at = now()
        rows.update(lifted_at=at)
        about = blind_index(f"lifted:{lifted}:{at}")
        enqueue_once(list_lifted, lifted, at.isoformat(), dedupe_key=f"erasures:{about}")
    return len(lifted)


@task(queue_name="normal")
def list_lifted(keys: list[erasure_list.Key], at: str) -> None:
    """Write down that tombstones were taken away at `at`, which an erasure since then outlives.

    Raises ListAway, after which the ledger runs it again.
    """
    erasure_list.add(lifted=keys, at=datetime.fromisoformat(at))


def restore() -> dict[tuple[str, str], erasure_list.Listed]:
    """Make the table what the list beside the database says; the tombstones of the list."""
    listed, lifted = erasure_list.read()
    rows = [
        Tombstone(kind=kind, key=key, group=one.group, at=one.at)
        for (kind, key), one in listed.items()
    ]
    Tombstone.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_BATCH)
    gone = [row.pk for row in _standing(lifted).values()]
    Tombstone.objects.filter(pk__in=gone).update(lifted_at=now())
    return listed


def _standing(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Tombstone]:
    """Those of (kind, blind index) that stand."""
    found: dict[tuple[str, str], Tombstone] = {}
    for some in batched(sorted(keys), _BATCH, strict=False):
        kinds, hashes = {kind for kind, _key in some}, {key for _kind, key in some}
        rows = Tombstone.objects.filter(kind__in=kinds, key__in=hashes, lifted_at=None)
        found |= {(row.kind, row.key): row for row in rows if (row.kind, row.key) in keys}
    return found
