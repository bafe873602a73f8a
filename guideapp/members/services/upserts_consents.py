"""Consents and their withdrawals, as the systems to which members gave them tell."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.core.results import Result, Status
from guideapp.core.upserts import (
    CLOCKS_DIFFER,
    OLDER,
    Brands,
    Refused,
    Row,
    Writing,
    in_one_go,
    need,
)
from guideapp.members.models import Consent, Member
from guideapp.members.services.consent import undo_use
from guideapp.members.services.nightly_rules import reconsider_soon
from guideapp.members.services.people_facts import records_of
from guideapp.members.services.upserts import member_of, members_named
from guideapp.organisation.models import Brand
from guideapp.organisation.services import brand_of, brands_named

_WITHDRAWN = _("TA 已撤回这项同意，撤回以后再同意的才算")


@in_one_go
def save_consents(rows: list[Row], *, source: str, brands: Brands) -> list[Result]:
    """Keep how consents stand, by `member` (or `card`), `brand` and `purpose`.

    Given since `given_at` to the text `version`, or over since `withdrawn_at`. A later `given_at`
    is a consent of its own beside the one that it closes. What the person withdrew, here or there,
    is given again only by a `given_at` after it.
    """
    job = _Consents(rows, source, brands)
    job.writing.each(job.put)
    job.store()
    reconsider_soon(member_id for member_id, _brand, _purpose in job.ended)
    return job.writing.answers()


@dataclass(frozen=True, slots=True)
class _Said:
    """One record of the sender's, and what we hold of the same consent."""

    index: int
    row: Row
    member: Member
    brand: Brand
    as_of: datetime
    held: list[Consent]

    @property
    def last(self) -> Consent | None:
        """The consent that stands, else the one that ended last."""
        return max(self.held, key=lambda one: (one.withdrawn_at is None, _since(one)), default=None)


class _Consents:
    """One batch of consents."""

    def __init__(self, rows: list[Row], source: str, brands: Brands) -> None:
        self.source, self.brands = source, brands
        self.named = brands_named(row["brand"] for row in rows)
        self.members = members_named(rows, brands)
        self.root_of = records_of({member.root_id for member in self.members.values()})
        held = Consent.objects.select_for_update().filter(
            member__in=self.root_of, brand__in={brand.pk for brand in self.named.values()}
        )
        self.held: dict[tuple[int, int, str], list[Consent]] = defaultdict(list)
        for row in held.order_by("pk"):
            self.held[self.root_of[row.member_id], row.brand_id, row.purpose].append(row)
        self.writing: Writing[Consent] = Writing(rows, {})
        self.touched: dict[int, Consent] = {}
        self.new: list[Consent] = []
        self.ended: list[tuple[int, Brand, str]] = []  # root of the person, brand, purpose

    def put(self, index: int, row: Row) -> None:
        """Write one consent, or its withdrawal."""
        brand = brand_of(row, self.named, self.brands)
        member = member_of(row, self.members)
        if member is None:
            raise Refused("required", _("要写明是谁：member 或 card"), "member")
        _check_moments(row)
        held = self.held[member.root_id, brand.pk, row["purpose"]]
        said = _Said(index, row, member, brand, self.writing.as_of(row), held)
        last = said.last
        if last is None:
            self._make(said, Status.CREATED)
        elif said.as_of < max(filter(None, (last.as_of, _since(last)))):
            self._leave(said, "older")
        elif row.get("withdrawn_at"):
            self._end(said, last)
        else:
            self._give(said, last)

    def _end(self, said: _Said, last: Consent) -> None:
        ended_at = said.row["withdrawn_at"]
        self._touch(last, said)
        if last.withdrawn_at or ended_at < last.given_at:  # given anew since then
            self._leave(said, "" if last.withdrawn_at else "older")
            return
        self._close(said, ended_at)
        self._note_end(said)
        self.writing.results[said.index] = Result(said.index, Status.UPDATED)

    def _give(self, said: _Said, last: Consent) -> None:
        given_at = said.row.get("given_at")
        if given_at and given_at > _since(last):
            need(said.row, "version")  # before anything is closed
            self._close(said, given_at)
            self._make(said, Status.UPDATED)
            return
        self._touch(last, said)
        if last.withdrawn_at:
            result = Result(said.index, Status.UNCHANGED, "withdrawn", _WITHDRAWN)
            self.writing.results[said.index] = result
        else:
            self._leave(said)

    def _leave(self, said: _Said, code: str = "") -> None:
        message = OLDER if code else ""
        self.writing.results[said.index] = Result(said.index, Status.UNCHANGED, code, message)

    def _make(self, said: _Said, status: Status) -> None:
        row = said.row
        need(row, "version", "given_at")
        made = Consent(
            member=said.member,
            brand=said.brand,
            purpose=row["purpose"],
            version=row["version"],
            channel=row.get("channel", Consent.Channel.IMPORT),
            given_at=row["given_at"],
            withdrawn_at=row.get("withdrawn_at"),
            source=self.source,
            as_of=said.as_of,
        )
        said.held.append(made)
        self.new.append(made)
        if made.withdrawn_at:
            self._note_end(said)
        self.writing.results[said.index] = Result(said.index, status)

    def _note_end(self, said: _Said) -> None:
        self.ended.append((said.member.root_id, said.brand, said.row["purpose"]))

    def _close(self, said: _Said, at: datetime) -> None:
        for row in said.held:
            if row.withdrawn_at is None:
                row.withdrawn_at, row.updated_at = at, self.writing.at
                self._touch(row, said)

    def _touch(self, row: Consent, said: _Said) -> None:
        row.as_of = said.as_of
        if row.pk:
            self.touched[row.pk] = row

    def store(self) -> None:
        """What ends comes first: one consent to a purpose stands."""
        fields = ["withdrawn_at", "as_of", "updated_at"]
        Consent.objects.bulk_update(self.touched.values(), fields, batch_size=500)
        Consent.objects.bulk_create(self.new, batch_size=500)
        people: dict[tuple[Brand, str], set[int]] = defaultdict(set)
        for root, brand, purpose in self.ended:
            people[brand, purpose].add(root)
        for (brand, purpose), roots in people.items():
            members = [pk for pk, root in self.root_of.items() if root in roots]
            undo_use(members, brand, purpose, at=self.writing.at)


def _check_moments(row: Row) -> None:
    given_at, ended_at = row.get("given_at"), row.get("withdrawn_at")
    for name in ("given_at", "withdrawn_at"):
        if row.get(name) and row[name] > now() + CLOCKS_DIFFER:
            raise Refused("future_date", _("时间在将来，检查对方系统的时钟"), name)
    if given_at and ended_at and ended_at < given_at:
        raise Refused("withdrawn_first", _("撤回的时间早于同意"), "withdrawn_at")


def _since(row: Consent) -> datetime:
    """Since when it stands as it does."""
    return row.withdrawn_at or row.given_at
