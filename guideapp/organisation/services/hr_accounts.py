"""Whose an account of WeCom is: a userid may have been several people's, one after the other."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Min
from django.db.models.functions import Lower

from guideapp.core.clock import day_of, now
from guideapp.organisation.models import Guide, HrPerson

_FIRST_READING = timedelta(days=1)  # it is through by then


def owners_of(people: Iterable[HrPerson], guides: Iterable[Guide]) -> dict[int, int]:
    """Guide → HrPerson, for present accounts; one that HR knows nobody of is left out.

    An account that came after somebody's last day is not theirs. Among several people who had the
    userid, each account is the first one's who had none yet. How old an account of the first
    reading is nobody knows: it is the last leaver's where nobody else has a claim. One query, and
    one more where a userid was several people's.
    """
    had = defaultdict(list)
    for person in people:
        had[person.userid.lower()].append(person)
    shared = [userid for userid, several in had.items() if len(several) > 1]
    earlier, dated_from = _earlier(shared) if shared else {}, accounts_dated_from()
    owners: dict[int, int] = {}
    for guide in guides:
        userid = guide.userid.lower()
        in_turn = sorted(had.get(userid, ()), key=lambda one: (one.left_on or date.max, one.pk))
        owner = None
        for account in [*earlier.get(userid, ()), guide]:
            owner = next((one for one in in_turn if _may_hold(one, account)), None)
            if owner is None and in_turn and account.created_at < dated_from:
                owner = in_turn[-1]
            if owner is not None and len(in_turn) > 1:
                in_turn.remove(owner)
        if owner is not None:
            owners[guide.pk] = owner.pk
    return owners


def owner_of(guide: Guide) -> int | None:
    """The HrPerson whose present account it is."""
    people = HrPerson.objects.alias(key=Lower("userid")).filter(key=guide.userid.lower())
    return owners_of(people.defer("phone"), [guide]).get(guide.pk)


def accounts_dated_from() -> datetime:
    """Accounts first seen from then on are as new as they look; one query.

    What the first reading of the address book found may have been there for years.
    """
    first: datetime | None = Guide.objects.aggregate(first=Min("created_at"))["first"]
    return (first or now()) + _FIRST_READING


def _may_hold(person: HrPerson, guide: Guide) -> bool:
    return person.left_on is None or day_of(guide.created_at) <= person.left_on


def _earlier(userids: Iterable[str]) -> dict[str, list[Guide]]:
    """Closed accounts of these userids, the oldest first."""
    rows = Guide.objects.alias(key=Lower("userid")).filter(key__in=userids, left_at__isnull=False)
    found = defaultdict(list)
    for guide in rows.order_by("created_at", "pk"):
        found[guide.userid.lower()].append(guide)
    return found
