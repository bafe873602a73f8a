"""Whose an account of WeCom is: a userid may have been several people's, one after the other."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models.functions import Lower

from guideapp.core.clock import day_of
from guideapp.organisation.models import Guide, HrPerson


def owners_of(people: Iterable[HrPerson], guides: Iterable[Guide]) -> dict[int, int]:
    """Guide → HrPerson, for present accounts; one that HR knows nobody of is left out.

    An account that came after somebody's last day is not theirs. Among several people who had the
    userid, each account is the first one's who had none yet. One query where there are such.
    """
    had = defaultdict(list)
    for person in people:
        had[person.userid.lower()].append(person)
    shared = [userid for userid, several in had.items() if len(several) > 1]
    earlier = _earlier(shared) if shared else {}
    owners: dict[int, int] = {}
    for guide in guides:
        userid = guide.userid.lower()
        in_turn = sorted(had.get(userid, ()), key=lambda one: (one.left_on or date.max, one.pk))
        owner = None
        for account in [*earlier.get(userid, ()), guide]:
            owner = next((one for one in in_turn if _may_hold(one, account)), None)
            if owner is not None and len(in_turn) > 1:
                in_turn.remove(owner)
        if owner is not None:
            owners[guide.pk] = owner.pk
    return owners


def owner_of(guide: Guide) -> int | None:
    """The HrPerson whose present account it is."""
    people = HrPerson.objects.alias(key=Lower("userid")).filter(key=guide.userid.lower())
    return owners_of(people.defer("phone"), [guide]).get(guide.pk)


def _may_hold(person: HrPerson, guide: Guide) -> bool:
    return person.left_on is None or day_of(guide.created_at) <= person.left_on


def _earlier(userids: Iterable[str]) -> dict[str, list[Guide]]:
    """Closed accounts of these userids, the oldest first."""
    rows = Guide.objects.alias(key=Lower("userid")).filter(key__in=userids, left_at__isnull=False)
    found = defaultdict(list)
    for guide in rows.order_by("created_at", "pk"):
        found[guide.userid.lower()].append(guide)
    return found
