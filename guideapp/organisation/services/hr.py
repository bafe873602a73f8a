"""The staff register (花名册) as HR sends it. HR is the truth; WeCom follows by a plan."""

from datetime import date
from typing import Any

from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import today
from guideapp.core.fields import blind_index
from guideapp.core.phones import e164
from guideapp.core.results import Result
from guideapp.core.upserts import Brands, Refused, Row, Writing, in_one_go, need, pick
from guideapp.organisation.models import HrPerson, Store
from guideapp.organisation.services.retail import store_of, stores_coded

_COPIED = ("userid", "name", "gender", "position", "left_on")
_WRITTEN = [*_COPIED, "phone", "phone_bidx", "store", "told_empty", "source", "as_of"]
_MAY_BE_EMPTY = ("store", "position")


@in_one_go
def import_people(rows: list[Row], *, source: str, brands: Brands = None) -> list[Result]:
    """Take over what HR says about ≤ 1,000 people; one Result a row, in their order.

    A row has `staff_no` and any of userid (the staff number when new and left out), name, gender
    (0, 1 male, 2 female), phone, position, store (its code; '' for headquarters), left_on (a date
    or None), as_of (default: now). What is left out stays; an older `as_of` changes nothing.
    `brands`: whose stores' people the sender may write. WeCom is not told before a plan is applied.
    """
    job = _People(rows, source, brands)
    job.writing.each(job.put)
    job.writing.store(_WRITTEN)
    return job.writing.answers()


class _People:
    """One batch of people."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source[:40], brands
        held = HrPerson.objects.select_for_update(of=("self",)).select_related("store__region")
        known = held.filter(staff_no__in={row["staff_no"] for row in rows}).order_by("pk")
        self.writing = Writing(rows, {person.staff_no: person for person in known})
        self.stores = stores_coded(row.get("store") or "" for row in rows)
        wanted = {_userid(row).lower() for row in rows}
        wanted |= {person.userid.lower() for person in self.writing.known.values()}
        taken = HrPerson.objects.annotate(key=Lower("userid")).filter(key__in=wanted)
        taken = taken.exclude(left_on__lte=today())  # who left has given theirs up
        self.owners = dict(taken.values_list("key", "staff_no"))  # lower-cased userid → number

    def put(self, index: int, row: Row) -> None:
        """Write one person."""
        number = row["staff_no"]
        person = self.writing.known.get(number)
        values = pick(row, *_COPIED) | _phone(row) | self._store(row) | {"source": self.source}
        values["told_empty"] = _told_empty(row, person)
        self._refuse_foreign(person, values)
        left_on = values.get("left_on", person.left_on if person else None)
        userid = values.get("userid") or (person.userid if person else number)
        self._keep_userid(number, userid, left_on)
        if person is not None:
            self.writing.put(index, number, values, row)
            return
        need(row, "name")
        as_of = self.writing.as_of(row)
        made = HrPerson(**{"staff_no": number, "userid": number, "as_of": as_of} | values)
        self.writing.make(index, number, made)

    def _store(self, row: Row) -> Row:
        if "store" not in row:
            return {}
        return {"store": store_of(row, self.stores, self.brands) if row["store"] else None}

    def _refuse_foreign(self, person: HrPerson | None, values: Row) -> None:
        """A sender with brands of its own writes nobody of another brand, nor headquarters."""
        if self.brands is None:
            return
        sides: list[Store | None] = [person.store] if person else []
        for store in [*sides, values.get("store", person.store if person else None)]:
            if store is None or store.region.brand_id not in self.brands:
                raise Refused("unknown_store", _("没有这个门店编号"), "store")

    def _keep_userid(self, number: str, userid: str, left_on: date | None) -> None:
        """A userid is one person's at a time; who has left gives it up."""
        key = userid.lower()
        if left_on is not None and left_on <= today():
            if self.owners.get(key) == number:
                del self.owners[key]
        elif self.owners.setdefault(key, number) != number:
            raise Refused("userid_taken", _("这个账号已经是另一个工号的"), "userid")


def is_gone(person: HrPerson, day: date) -> bool:
    """True from the day on that HR names as the last one (`left_on`)."""
    return person.left_on is not None and person.left_on <= day


def _told_empty(row: Row, person: HrPerson | None) -> list[str]:
    """Which fields HR itself said are empty: a move to headquarters, a position taken away."""
    told = set(person.told_empty if person is not None else ())
    given = {name for name in _MAY_BE_EMPTY if name in row}
    return sorted((told - given) | {name for name in given if not row[name]})


def _userid(row: Row) -> str:
    userid: str = row.get("userid") or row["staff_no"]
    return userid


def _phone(row: Row) -> dict[str, Any]:
    if "phone" not in row:
        return {}
    phone = e164(row["phone"])
    if phone is None:
        raise Refused("bad_phone", _("这不是手机号"), "phone")
    return {"phone": phone, "phone_bidx": blind_index(phone)}
