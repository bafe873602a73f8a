"""Customers of a guide or a store, by segments in an order of their own; found by words or digits.

Every segment reads one index that begins with the guide (members.FollowRelation), so a page costs
the same for 40 customers and for 40,000. Words are looked for with LIKE inside the guide's own
rows; 看过 follows the customer and is sorted for each page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now, today
from guideapp.core.fields import blind_index
from guideapp.core.search import matching
from guideapp.members.models import FollowRelation, Member
from guideapp.members.services import held_cards, owner_of
from guideapp.organisation.models import Guide, Store

PAGE = 30
BIRTHDAY_WITHIN = timedelta(days=14)
NEW = VIEWED = timedelta(days=7)
SILENT = timedelta(days=30)
_DIGITS = 4
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some of the customers, sorted by `field`; `newest` says that the largest comes first."""

    name: str
    label: str | Promise
    field: str
    rows: Callable[[], Q]
    newest: bool = True

    def key_of(self, row: FollowRelation) -> str:
        """Where the next page begins: the sorting value and the id of the last row."""
        value: Any = row
        for part in self.field.split("__"):
            value = getattr(value, part)
        return f"{_number(value)}-{row.pk}"

    def after(self, key: str) -> Q:
        """The rows behind a key of `key_of`; anything else is the first page."""
        number, _dash, pk = key.partition("-")
        if not (number.isdecimal() and pk.isdecimal() and len(number) < 18 and len(pk) < 18):
            return Q()
        value, side = self._value(int(number)), "lt" if self.newest else "gt"
        further = Q(**{f"{self.field}__{side}": value})
        behind = further | Q(**{self.field: value, f"pk__{side}": int(pk)})
        return Q(**{f"{self.field}__{side}e": value}) & behind  # the part that an index can do

    def _value(self, number: int) -> date | datetime | int:
        if self.field.endswith("_on"):
            return date.fromordinal(min(max(number, 1), date.max.toordinal()))
        if self.field.endswith("_at"):
            return _EPOCH + timedelta(microseconds=number)
        return number


_SEGMENTS = (
    Segment("all", _("全部"), "followed_at", Q),
    Segment(
        "birthday",
        _("快生日"),
        "birthday_on",
        lambda: Q(birthday_on__gte=today(), birthday_on__lte=today() + BIRTHDAY_WITHIN),
        newest=False,
    ),
    Segment(
        "silent",
        _("30 天没动静"),
        "last_sign_at",
        # The night's figure, set against what was seen since.
        lambda: (
            Q(last_sign_at__lt=now() - SILENT)
            & (Q(contact__active_at=None) | Q(contact__active_at__lt=now() - SILENT))
        ),
    ),
    Segment("new", _("新加"), "followed_at", lambda: Q(followed_at__gt=now() - NEW)),
    Segment(
        "value",
        _("高价值"),
        "year_fen",
        lambda: Q(year_fen__gte=settings.HIGH_VALUE_YEAR_YUAN * 100),
    ),
    Segment(
        "viewed",
        _("看过"),
        "contact__active_at",
        lambda: Q(contact__active_at__gt=now() - VIEWED),
    ),
)
SEGMENTS = {segment.name: segment for segment in _SEGMENTS}


@dataclass(frozen=True, slots=True)
class Book:
    """Whose customers a list is of. `owner`: the brand or mall whose cards count."""

    follows: Q
    owner: int | None


def book_of_guide(guide: Guide) -> Book:
    """The guide's own customers."""
    return Book(Q(guide=guide), owner_of(guide))


def book_of_store(store: Store) -> Book:
    """The customers of everybody who works in the store."""
    guides = Guide.objects.filter(store=store, left_at=None)
    return Book(Q(guide__in=list(guides.values_list("pk", flat=True))), store.region.brand_id)


def page_of(book: Book, segment: Segment, *, q: str, after: str) -> list[Any]:
    """One row more than a page, behind the key `after`: no OFFSET, however far down.

    Each has the `card` of the person here: its id, or None.
    """
    rows = (
        FollowRelation.objects.active()
        .filter(book.follows, segment.rows(), segment.after(after), _found_by(q, book))
        .annotate(card=_card(book))
        .select_related("contact", "guide")
        .defer("contact__unionid")
    )
    field = F(segment.field)
    order = (field.desc(), "-pk") if segment.newest else (field.asc(), "pk")
    return list(rows.order_by(*order)[: PAGE + 1])


def _found_by(q: str, book: Book) -> Q:
    """By remark, nickname, pinyin and initials; four digits also end a phone number."""
    words = matching("search_terms", q)
    digits = q.strip()
    if not (len(digits) == _DIGITS and digits.isascii() and digits.isdecimal()):
        return words
    return words | Q(pk__in=_with_phone(digits, book))


def _with_phone(tail: str, book: Book) -> list[int]:
    """The book's customers with a card here, one of whose records has such a phone number."""
    hit = Member.objects.filter(phone_tail_bidx=blind_index(tail))
    roots = hit.values_list(Coalesce("same_as", "pk"))
    records = roots.union(Member.objects.filter(same_as__in=roots).values_list("pk"))
    own = FollowRelation.objects.active().filter(book.follows, contact__member__in=records)
    known = own.alias(card=_card(book)).filter(card__isnull=False)
    return list(known.values_list("pk", flat=True))


def _card(book: Book) -> Subquery:
    return Subquery(held_cards(book.owner).values("pk")[:1])


def _number(value: Any) -> int:
    if isinstance(value, datetime):
        return round((value - _EPOCH) / timedelta(microseconds=1))
    if isinstance(value, date):
        return value.toordinal()
    return int(value or 0)
