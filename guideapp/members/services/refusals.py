"""Who said no: consents that were withdrawn, by person and brand; and who is too young to be asked.

Nobody has to have ticked a box for what a guide does by hand, but whoever said no is left alone.
"""

from collections.abc import Mapping

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from guideapp.core.clock import today
from guideapp.members.models import Consent, ImportantDate, Member

MARKETING_AGE = 14


def refusals(root_of: Mapping[int, int], purpose: str) -> set[tuple[int, int]]:
    """(person, brand) of those who withdrew `purpose`; `root_of`: every record of theirs."""
    rows = Consent.objects.filter(member__in=root_of, purpose=purpose)
    asked: set[tuple[int, int]] = set()
    given: set[tuple[int, int]] = set()
    for member, brand, withdrawn_at in rows.values_list("member", "brand", "withdrawn_at"):
        (asked if withdrawn_at else given).add((root_of[member], brand))
    return asked - given


def has_refused(member_id: int | None, brand_id: int, purpose: str) -> bool:
    """True for a person who withdrew `purpose`, on whichever record.

    A withdrawal that is under way is waited for: call it in the transaction that relies on it.
    """
    if member_id is None:
        return False
    rows = Consent.objects.select_for_update(of=("self",)).filter(
        member__in=_records_of(member_id), brand=brand_id, purpose=purpose
    )
    told = [row.withdrawn_at for row in rows]
    return bool(told) and all(told)


def is_young(member_id: int | None) -> bool:
    """True for a person who is under 14 by any of their records, as `people_facts` has it."""
    born = ImportantDate.objects.filter(
        member__in=_records_of(member_id or 0),
        kind=ImportantDate.Kind.BIRTHDAY,
        ended_at=None,
        year__isnull=False,
    )
    return any(is_child(*parts) for parts in born.values_list("year", "month", "day"))


def is_child(year: int | None, month: int, day: int | None) -> bool:
    """Under 14 if born then; an unknown day counts as the last of its month."""
    if year is None:
        return False
    on = today()
    had_birthday = (on.month, on.day) >= (month, day or 31)
    return on.year - year - (0 if had_birthday else 1) < MARKETING_AGE


def _records_of(member_id: int) -> QuerySet[Member]:
    """Every record of the person (`identity.person_of`, which stands above this module)."""
    root = Member.objects.filter(pk=member_id).values(root=Coalesce("same_as", "pk"))
    return Member.objects.filter(Q(pk__in=root) | Q(same_as__in=root))
