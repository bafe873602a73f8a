"""Who was erased: keyed hashes by which no sync, no import and no system brings them back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.models import Tombstone


def is_erased(kind: Tombstone.Kind, value: str) -> bool:
    """True while somebody with this key stands erased. A phone is E.164; '' is nobody."""
    return bool(erased_keys(kind, [value]))


def erased_keys(kind: Tombstone.Kind, values: Iterable[str]) -> set[str]:
    """Those of `values` (as given: phones in E.164) whose holder stands erased; one query."""
    by_key = {blind_index(value): value for value in values if value}
    if not by_key:
        return set()
    standing = Tombstone.objects.filter(kind=kind, key__in=by_key, lifted_at=None)
    return {by_key[key] for key in standing.values_list("key", flat=True)}


def erased_contacts(unionids: Mapping[str, str]) -> set[str]:
    """Those external_userids (→ unionid, may be '') whose holder stands erased; one query."""
    kinds = Tombstone.Kind
    by_key: dict[tuple[str, str], list[str]] = defaultdict(list)
    for external_userid, unionid in unionids.items():
        by_key[kinds.EXTERNAL_USERID, blind_index(external_userid)].append(external_userid)
        if unionid:
            by_key[kinds.UNIONID, blind_index(unionid)].append(external_userid)
    standing = Tombstone.objects.filter(key__in={key for _, key in by_key}, lifted_at=None)
    found = standing.values_list("kind", "key")
    return {one for pair in found for one in by_key.get(pair, ())}


def bury(keys: Iterable[tuple[str, str]], *, at: datetime | None = None) -> int:
    """Put up a tombstone for each (kind, blind index); one that stands is kept. How many asked."""
    rows = [Tombstone(kind=kind, key=key, at=at or now()) for kind, key in set(keys) if key]
    Tombstone.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def lift(keys: Iterable[tuple[Tombstone.Kind, str]]) -> int:
    """Take tombstones away for (kind, value): the person themself consented anew. How many stood.

    Nobody but the customer may do that; a guide, a sync or an import never calls it.
    """
    lifted = 0
    for kind, value in keys:
        standing = Tombstone.objects.filter(kind=kind, key=blind_index(value), lifted_at=None)
        lifted += standing.update(lifted_at=now()) if value else 0
    return lifted
