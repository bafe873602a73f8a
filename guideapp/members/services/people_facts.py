"""What is known about many customers at once, for the rules: eight queries for a thousand."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from guideapp.core.clock import now, today
from guideapp.members.models import (
    Consent,
    FollowRelation,
    ImportantDate,
    Member,
    MemberAsset,
    MembershipCard,
    MemberValue,
    TimelineEvent,
)
from guideapp.members.services.refusals import is_child, refusals

_WECHAT = 1  # Contact.type
_NEAR = timedelta(days=3)
_WRITTEN_TO = timedelta(days=7)
type _Sorting = tuple[date | None, datetime | None, int | None]


@dataclass(frozen=True, slots=True)
class Relation:
    """A guide and a customer; `root` stands for the person, `brand_id` is the guide's."""

    pk: int
    contact_id: int
    guide_id: int
    brand_id: int | None
    root: int | None
    is_shopper: bool  # a person of WeChat, not a colleague of another company
    followed_at: datetime
    active_at: datetime | None
    sorting: _Sorting


@dataclass(frozen=True, slots=True)
class Sign:
    """The last thing that we know the customer did: viewed, bought or added."""

    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon in hand that ends within three days."""

    title: str
    expires_at: datetime


type _Owner = tuple[int, int]  # person, brand


@dataclass(slots=True)
class People:
    """What the rules ask about the people of some relations."""

    birthdays: dict[int, tuple[int, int]] = field(default_factory=dict)  # person → month, day
    # contact and the brand whose guide was told → …
    told_birthdays: dict[tuple[int, int | None], tuple[int, int]] = field(default_factory=dict)
    bought_at: dict[_Owner, datetime] = field(default_factory=dict)
    year_fen: dict[_Owner, int] = field(default_factory=dict)
    cards: set[_Owner] = field(default_factory=set)
    coupons: dict[_Owner, list[Coupon]] = field(default_factory=lambda: defaultdict(list))
    refused: set[_Owner] = field(default_factory=set)
    young: set[int] = field(default_factory=set)
    written_to: set[tuple[int, int]] = field(default_factory=set)  # contact, guide

    @classmethod
    def of(cls, relations: Sequence[Relation]) -> Self:
        """Read everything about these."""
        people = cls()
        roots = {row.root for row in relations if row.root}
        root_of = records_of(roots)
        people._read_values(root_of)
        people._read_cards(root_of)
        people._read_coupons(root_of)
        people._read_consents(root_of)
        people._read_birthdays(root_of, {row.contact_id for row in relations})
        people._read_written({row.contact_id for row in relations})
        return people

    def birthday_of(self, row: Relation) -> date | None:
        """The next birthday, today included: as the member system tells it to whom it concerns (by
        a card or an order), else as a guide of the brand noted it.
        """
        is_theirs = self.has_card(row) or _owner(row) in self.year_fen
        known = self.birthdays.get(row.root or 0) if is_theirs else None
        found = known or self.told_birthdays.get((row.contact_id, row.brand_id))
        return next_day(*found) if found else None

    def last_sign_of(self, row: Relation) -> Sign:
        """By what we can see: views of our pages, orders, the adding."""
        signs = [Sign(row.followed_at, "added")]
        if row.active_at:
            signs.append(Sign(row.active_at, "viewed"))
        if bought_at := self.bought_at.get(_owner(row)):
            signs.append(Sign(bought_at, "bought"))
        return max(signs, key=lambda sign: sign.at)

    def year_fen_of(self, row: Relation) -> int | None:
        """What the person spent at the guide's brand in 12 months; None for nothing."""
        return self.year_fen.get(_owner(row)) or None

    def has_card(self, row: Relation) -> bool:
        """True for a card of the guide's brand."""
        return _owner(row) in self.cards

    def coupons_of(self, row: Relation) -> list[Coupon]:
        """Coupons of the guide's brand that end soon."""
        return self.coupons.get(_owner(row), [])

    def refused_marketing(self, row: Relation) -> bool:
        """True for somebody who took the consent to marketing back, or is under 14."""
        return _owner(row) in self.refused or row.root in self.young

    def was_written_to(self, row: Relation) -> bool:
        """True when this guide sent something within a week."""
        return (row.contact_id, row.guide_id) in self.written_to

    def _read_values(self, root_of: dict[int, int]) -> None:
        rows = MemberValue.objects.filter(member__in=root_of).values_list(
            "member", "brand", "year_spend_fen", "last_purchase_at"
        )
        for member, brand, spend_fen, bought_at in rows:
            owner = root_of[member], brand
            self.year_fen[owner] = self.year_fen.get(owner, 0) + spend_fen
            if bought_at:
                self.bought_at[owner] = max(bought_at, self.bought_at.get(owner, bought_at))

    def _read_cards(self, root_of: dict[int, int]) -> None:
        rows = MembershipCard.objects.filter(member__in=root_of, closed_at=None)
        self.cards = {(root_of[m], brand) for m, brand in rows.values_list("member", "brand")}

    def _read_coupons(self, root_of: dict[int, int]) -> None:
        at = now()
        rows = MemberAsset.objects.filter(
            Q(valid_from=None) | Q(valid_from__lte=at),
            member__in=root_of,
            kind=MemberAsset.Kind.COUPON,
            used_at=None,
            voided_at=None,
            expires_at__gt=at,
            expires_at__lte=at + _NEAR,
        )
        for member, brand, title, ends in rows.values_list(
            "member", "brand", "title", "expires_at"
        ):
            if ends:
                self.coupons[root_of[member], brand].append(Coupon(title, ends))

    def _read_consents(self, root_of: dict[int, int]) -> None:
        self.refused = refusals(root_of, Consent.Purpose.MARKETING)

    def _read_birthdays(self, root_of: dict[int, int], contacts: Collection[int]) -> None:
        rows = ImportantDate.objects.filter(
            Q(member__in=root_of) | Q(contact__in=contacts),
            kind=ImportantDate.Kind.BIRTHDAY,
            ended_at=None,
        ).order_by("-at", "-pk")
        for member, contact, brand, year, month, day in rows.values_list(
            "member", "contact", "owner", "year", "month", "day"
        ):
            if member in root_of and is_child(year, month, day):
                self.young.add(root_of[member])
            if day is None:
                continue
            if member in root_of:
                self.birthdays.setdefault(root_of[member], (month, day))
            elif contact:
                self.told_birthdays.setdefault((contact, brand), (month, day))

    def _read_written(self, contacts: Collection[int]) -> None:
        rows = TimelineEvent.objects.filter(
            contact__in=contacts, kind="material_sent", at__gt=now() - _WRITTEN_TO
        )
        self.written_to = {
            (contact, guide)
            for contact, guide in rows.values_list("contact", "guide")
            if contact and guide
        }


def relations_of(contact_ids: Collection[int]) -> list[Relation]:
    """The open relations of these customers."""
    rows = FollowRelation.objects.active().filter(
        contact__in=contact_ids, contact__erased_at=None, guide__left_at=None
    )
    found = rows.annotate(
        brand=F("guide__store__region__brand"),
        root=Coalesce("contact__member__same_as", "contact__member"),
    ).values_list(
        "pk",
        "contact",
        "guide",
        "brand",
        "root",
        "contact__type",
        "followed_at",
        "contact__active_at",
        "birthday_on",
        "last_sign_at",
        "year_fen",
    )
    return [
        Relation(pk, contact, guide, brand, root, kind == _WECHAT, since, active, (on, sign, fen))
        for pk, contact, guide, brand, root, kind, since, active, on, sign, fen in found
    ]


def next_day(month: int, day: int) -> date:
    """The next such day of the year, today included; 29 February is the 28th in most years."""
    year = today().year
    on = _day_of_year(year, month, day)
    return on if on >= today() else _day_of_year(year + 1, month, day)


def _day_of_year(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def _owner(row: Relation) -> _Owner:
    return row.root or 0, row.brand_id or 0


def records_of(roots: Collection[int]) -> dict[int, int]:
    """Every record of these people, with the one that stands for the person."""
    rows = Member.objects.filter(Q(pk__in=roots) | Q(same_as__in=roots))
    return dict(rows.values_list("pk", Coalesce("same_as", "pk")))
