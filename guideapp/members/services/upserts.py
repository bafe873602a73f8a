"""Members as a member system sends them (会员资料): many at once, by the identity rules."""

import re
from collections.abc import Iterable, Set
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from guideapp.core.bulk import insert
from guideapp.core.fields import blind_index
from guideapp.core.results import Result, Status, refused
from guideapp.core.upserts import (
    Brands,
    ReadAgain,
    Refused,
    Row,
    Writing,
    in_one_go,
    need,
    pick,
)
from guideapp.members.errors import PhoneRefused
from guideapp.members.models import (
    Contact,
    Evidence,
    ImportantDate,
    Member,
    MembershipCard,
    Tombstone,
)
from guideapp.members.services.identity import (
    ask_about_phones,
    join_named,
    link_by_unionids,
    queue_candidates,
)
from guideapp.members.services.identity_rules import Facts, Identified, identify_many
from guideapp.members.services.nightly_rules import reconsider_soon
from guideapp.members.services.people import normal_phone
from guideapp.members.services.tombstones import erased_in, erased_names
from guideapp.members.services.upserts_scope import customers_of, within
from guideapp.organisation.services import store_of, stores_coded

_FIELDS = ["number", "name", "gender", "phone", "phone_bidx", "phone_tail_bidx", "phone_verified"]
_FIELDS += ["unionid", "unionid_bidx", "home_store", "source", "as_of"]
_WAVES = 20  # how often one person may stand in a batch
_MAINLAND = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
ERASED = _("这个人的资料已按要求删除，不能再写入")
SHARED = _("和另一位会员像是同一个人，已放进待合并")
PARTED = _("总部把这位会员和这位顾客分开过，没有再关联")
UNKNOWN = _("没有这位会员")
_TAIL = 4  # last digits of a phone number that guides search by


def save_members(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Add members by `number`, or change those that are there.

    A new number whose unionid or verified phone hits a record without a number is that record.
    Evidence that hits somebody else makes a merge candidate and a hint (`maybe_same_person`).
    Who was erased is refused (`erased`). `birthday` is a dict of year (or None), month, day.

    A sender with `brands` of its own writes members with a card or their home store there. Others
    are unknown to it: their number is refused, their phone or unionid makes a record of its own and
    a question for headquarters, of which the sender hears nothing.
    """
    results: dict[int, Result] = {}
    waves, late = _waves(_normalised(rows, results))
    while waves:
        wave = waves.pop(0)
        some = [rows[index] for index in wave]
        for result in _save_wave(some, source=source, brands=brands):
            place = wave[result.index]
            results[place] = replace(result, index=place)
        if waiting := [index for index in wave if index not in results]:
            waves.insert(0, waiting)
    for index in late:
        results[index] = refused(
            index, "repeated", _("同一个人在这一批里出现太多次，请分开发送"), "number"
        )
    return [results[index] for index in range(len(rows))]


def _normalised(rows: list[Row], results: dict[int, Result]) -> dict[int, Row]:
    """Rows with the phone in E.164; one that cannot be called goes to the results."""
    good = {}
    for index, row in enumerate(rows):
        try:
            if row.get("phone"):
                row["phone"] = quick_phone(row["phone"])
            good[index] = row
        except PhoneRefused as error:
            results[index] = refused(index, error.code, error.message, "phone")
    return good


def quick_phone(text: str) -> str:
    """`normal_phone`, without the parser for what is plainly a mobile number of the mainland."""
    plain = _MAINLAND.fullmatch(text)
    return f"+86{plain[1]}" if plain else normal_phone(text)


def _waves(rows: dict[int, Row]) -> tuple[list[list[int]], list[int]]:
    """Rows in groups that name nobody twice, so that each group sees the one before in the tables.

    The second list is what would need too many groups.
    """
    groups: list[list[int]] = []
    turn: dict[tuple[str, str], int] = {}
    late = []
    for index, row in rows.items():
        keys = [(name, row[name]) for name in _BURIED if row.get(name)]
        wave = max(turn.get(key, 0) for key in keys)
        if wave >= _WAVES:
            late.append(index)
            continue
        if wave == len(groups):
            groups.append([])
        groups[wave].append(index)
        turn |= dict.fromkeys(keys, wave + 1)
    return groups, late


@in_one_go
def _save_wave(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    job = _Members(rows, source, brands)
    job.writing.each(job.put)
    job.writing.store(_FIELDS)
    job.keep_birthdays()
    job.keep_candidates()
    job.link_contacts()
    transaction.on_commit(partial(ask_about_phones, job.phones))
    reconsider_soon(member.pk for member, _day in job.birthdays.values())
    return job.writing.answers()


class _Members:
    """One batch of members in which nobody stands twice."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        self.identified = identify_many([_facts(row) for row in rows])
        ids = {one.member_id for one in self.identified if one.member_id}
        held = Member.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
        known: dict[Any, Member] = {member.pk: member for member in held}
        self.writing: Writing[Member] = Writing(rows, known)
        self._recheck()
        self.mine = within(known, brands)
        self.stores = stores_coded(row.get("home_store") or "" for row in rows)
        self.erased = erased_in(rows, _BURIED)
        self.birthdays: dict[int, tuple[Member, Row | None]] = {}  # by the row's index
        self.rivals: list[tuple[Member, Identified]] = []
        self.unionids: set[str] = set()
        self.phones: set[str] = set()  # that a record has now and had not before
        self.named: dict[str, tuple[int, Member]] = {}  # by external_userid
        self.written: set[int] = set()

    def _recheck(self) -> None:
        """Raise ReadAgain when a record became another's while we waited for its lock."""
        claims = [
            index
            for index, found in enumerate(self.identified)
            if found.member_id is not None and not self._has_number(index, found)
        ]
        again = identify_many([_facts(self.writing.rows[index]) for index in claims])
        for index, found in zip(claims, again, strict=True):
            if found.member_id != self.identified[index].member_id:
                raise ReadAgain

    def _has_number(self, index: int, found: Identified) -> bool:
        """True where the record is known by its number, which no other record ever has."""
        member = self.writing.known.get(found.member_id)
        return member is not None and member.number == self.writing.rows[index]["number"]

    def put(self, index: int, row: Row) -> None:
        """Write one member; a second row about the same record waits for the next batch."""
        found = self._found(index)
        if found.member_id in self.written:
            return
        if self._is_erased(row, found):
            raise Refused("erased", ERASED)
        values = self._values(row, takes_unionid=found.takes_unionid)
        if found.member_id is None:
            if self.brands is not None:
                need(row, "home_store")
            made = Member(as_of=self.writing.as_of(row), **values)
            member: Member | None = self.writing.make(index, ("new", index), made)
            self.phones.add(made.phone_bidx)
        else:
            held = self.writing.known[found.member_id]
            if values.get("phone", held.phone) != held.phone:
                values.setdefault("phone_verified", False)
                self.phones.add(values["phone_bidx"])
            member = self.writing.put(index, found.member_id, values, row)
            self.written.add(found.member_id)
        if member is not None:
            self._note(index, row, member, found)

    def _found(self, index: int) -> Identified:
        """Whom the row hits among those whom the sender may write."""
        found = self.identified[index]
        if found.member_id is None or found.member_id in self.mine:
            return found
        if self._has_number(index, found):
            raise Refused("unknown_member", UNKNOWN, "number")
        return found.without_owner()

    def _is_erased(self, row: Row, found: Identified) -> bool:
        """True for who was erased; not for a living member who shares the phone number alone."""
        buried = {name for name in _BURIED if (name, row.get(name)) in self.erased}
        return bool(buried) and not (buried == {"phone"} and found.is_proven)

    def _note(self, index: int, row: Row, member: Member, found: Identified) -> None:
        """Remember what follows from the row once the member has a key."""
        if "birthday" in row:
            self.birthdays[index] = (member, row["birthday"])
        if row.get("external_userid"):
            self.named[row["external_userid"]] = index, member
        if row.get("unionid"):
            self.unionids.add(member.unionid_bidx)
        if found.rivals:
            self.rivals.append((member, found))
            if self.brands is None:
                self.writing.hint(index, "maybe_same_person", SHARED)

    def _values(self, row: Row, *, takes_unionid: bool) -> Row:
        values = pick(row, "number", "name", "gender", "phone_verified") | {"source": self.source}
        if "home_store" in row:
            values["home_store"] = self._home_store(row)
        if "phone" in row:
            phone = row["phone"]
            values |= {"phone": phone, "phone_bidx": blind_index(phone)}
            values["phone_tail_bidx"] = blind_index(phone[-_TAIL:])
        if row.get("unionid") and takes_unionid:
            values |= {"unionid": row["unionid"], "unionid_bidx": blind_index(row["unionid"])}
        return values

    def _home_store(self, row: Row) -> Any:
        return store_of(row, self.stores, self.brands, "home_store") if row["home_store"] else None

    def keep_birthdays(self) -> None:
        """Birthdays as the member system knows them; a guide's own entry gives way to it."""
        members = {member.pk for member, _day in self.birthdays.values()}
        kind = ImportantDate.Kind.BIRTHDAY
        standing = {
            row.member_id: row
            for row in ImportantDate.objects.select_for_update().filter(
                member__in=members, kind=kind, ended_at=None
            )
        }
        new, given_up = [], []
        for index, (member, day) in self.birthdays.items():
            row = standing.get(member.pk)
            if _parts(row) == ((day["year"], day["month"], day["day"]) if day else None):
                continue
            self._changed(index)
            if row is not None:
                given_up.append(row.pk)
            if day:
                told = {"source": self.source, "at": self.writing.at}
                new.append(ImportantDate(member=member, kind=kind, **day, **told))
        ImportantDate.objects.filter(pk__in=given_up).update(ended_at=self.writing.at)
        insert(new)

    def _changed(self, index: int) -> None:
        """A row whose birthday alone is news was changed all the same."""
        result = self.writing.results[index]
        if result.status == Status.UNCHANGED:
            self.writing.results[index] = replace(result, status=Status.UPDATED)

    def keep_candidates(self) -> None:
        """A question for headquarters for each pair that may be one person; asked once."""
        queue_candidates(
            (member.pk, rival.member_id, rival.reason)
            for member, found in self.rivals
            for rival in found.rivals
        )

    def link_contacts(self) -> None:
        """Customers with the same unionid, or whom the sender names, are these members."""
        link_by_unionids(self.unionids)
        contacts = Contact.objects.filter(external_userid__in=self.named, erased_at=None)
        if self.brands is not None:
            contacts = contacts.filter(customers_of(self.brands)).distinct()
        pairs = [(contact, self.named[contact.external_userid][1]) for contact in contacts]
        for contact in join_named(pairs, evidence=Evidence.NUMBER):
            index, _member = self.named[contact.external_userid]
            self.writing.hint(index, "kept_apart", PARTED, "external_userid")


_BURIED = {
    "number": Tombstone.Kind.NUMBER,
    "phone": Tombstone.Kind.PHONE,
    "unionid": Tombstone.Kind.UNIONID,
    "external_userid": Tombstone.Kind.EXTERNAL_USERID,
}
_KINDS = {"member": Tombstone.Kind.NUMBER, "card": Tombstone.Kind.CARD}  # by a record's field


def _facts(row: Row) -> Facts:
    given = pick(row, "number", "unionid", "phone", "phone_verified", "external_userid")
    return Facts(**{name: value for name, value in given.items() if value is not None})


def _parts(date: ImportantDate | None) -> tuple[int | None, int, int | None] | None:
    return (date.year, date.month, date.day) if date else None


class Named(dict[tuple[str, str], Member]):
    """Members by ("member", number) and ("card", number); `erased`: names that nobody has again."""

    erased: Set[tuple[str, str]] = frozenset()


def members_named(rows: Iterable[Row], brands: Brands) -> Named:
    """Members as rows name them; two queries, and one more where a name is not known.

    Those alone whom a sender with `brands` may write (one more).
    """
    rows = list(rows)
    numbers = {row["member"] for row in rows if row.get("member")}
    cards = {row["card"] for row in rows if row.get("card")}
    members = list(Member.objects.filter(number__in=numbers, erased_at=None))
    mine = within((member.pk for member in members), brands)
    found = Named({("member", member.number): member for member in members if member.pk in mine})
    by_card = MembershipCard.objects.filter(number__in=cards, member__erased_at=None)
    if brands is not None:
        by_card = by_card.filter(brand__in=brands)
    for card in by_card.select_related("member"):
        found["card", card.number] = card.member
    named = {("member", number) for number in numbers} | {("card", number) for number in cards}
    found.erased = erased_names(named - found.keys(), _KINDS)
    return found


def member_of(row: Row, known: Named) -> Member | None:
    """The member that a row names by number or card; None where it names nobody."""
    for field in ("member", "card"):
        if row.get(field):
            member = known.get((field, row[field]))
            if member is None and (field, row[field]) in known.erased:
                raise Refused("erased", ERASED, field)
            if member is None:
                raise Refused("unknown_member", UNKNOWN, field)
            return member
    return None
