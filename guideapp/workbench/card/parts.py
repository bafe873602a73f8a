"""What a customer card is made of."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.translation import gettext as _

from guideapp.members.models import FollowRelation, Suggestion, TimelineEvent
from guideapp.members.services import Explained

_WIDE_FEN = 1_000_000_00


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One thing the customer did, with the template of its kind."""

    event: TimelineEvent
    template: str
    is_hot: bool


@dataclass(frozen=True, slots=True)
class Bought:
    """One order: its first piece, how many more there are, what was paid for all."""

    title: str
    more: int
    drawing: str
    picture: str
    amount_fen: int
    at: datetime
    store: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What a colleague noted last."""

    text: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TagShown:
    """A tag, a size or a liking as the card shows it.

    `by` is '' for WeCom and for a rule. `preference` is the row's id for a size or a liking, and
    `tag` the tag's for anything else. A stale one carries the `question` that asks for it again,
    unless it is not the reader's to answer.
    """

    text: str
    by: str
    at: datetime
    is_automatic: bool = False
    is_stale: bool = False
    question: str = ""
    is_size: bool = False  # there is one at a time: it changes rather than ends
    preference: int | None = None
    tag: int | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day that matters: what, when it is next, how it reads, and how many days are left."""

    what: str
    on: date
    when: str
    days: int
    is_birthday: bool

    @property
    def is_near(self) -> bool:
        """True in the last fortnight."""
        return self.days <= 14


@dataclass(frozen=True, slots=True)
class ContactedBy:
    """Somebody who contacted the customer this week; `name` is '' for a campaign."""

    name: str
    at: datetime
    is_own: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """What a person is worth so far to this brand; in fen, None where there is no order.

    Points and balance are the card's: None where there is none.
    """

    spend_fen: int
    year_orders: int
    average_fen: int | None
    last_purchase: str
    points: int | None
    coupons: int
    coupons_due: int  # expire within a week
    balance_fen: int | None

    @property
    def is_wide(self) -> bool:
        """True for amounts that four columns of a narrow page cannot hold."""
        return max(self.spend_fen, self.average_fen or 0) >= _WIDE_FEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """All records of one person in one: what this brand knows, and how we know it is one.

    Nothing at all for somebody who has neither a card here nor ever bought.
    """

    has_card: bool = False
    level: str = ""  # as the retailer calls it; '' where it does not say
    number: str = ""
    phone: str = ""
    home_store: str = ""
    is_dual: bool = False
    sums: Sums | None = None
    bought: list[Bought] = field(default_factory=list)
    pieces: int = 0
    occasions: list[Occasion] = field(default_factory=list)
    consents: list[str] = field(default_factory=list)
    recognised: str = ""
    fan_since: datetime | None = None
    as_of: datetime | None = None  # of the source, where it is no longer fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One customer as one person may see them."""

    follow: FollowRelation
    name: str
    sub: str
    person: Person
    suggestion: Suggestion | None
    words: Explained | None
    more: list[Explained]  # what could be done as well
    behaviours: list[Behaviour]
    tags: list[TagShown]
    occasions: list[Occasion]
    contacted: list[ContactedBy]
    note: Note | None
    source: str
    welcome: str  # welcome_sent, welcome_missed or ''
    fan_since: datetime | None  # follows an official account of the retailer's
    is_own: bool
    can_edit: bool

    @property
    def suggestions(self) -> list[Suggestion]:
        """Everything that this card proposes."""
        return [step.suggestion for step in (self.words, *self.more) if step]

    @property
    def level(self) -> str:
        """'' for somebody without a card of this brand."""
        return self.person.level or (_("会员") if self.is_member else "")

    @property
    def is_member(self) -> bool:
        """True for somebody with a card of this brand."""
        return self.person.has_card

    @property
    def badge(self) -> str:
        """What stands beside the name of somebody without a card."""
        return "" if self.is_member else _("未开卡")

    @property
    def dual(self) -> str:
        """The badge of somebody who holds cards of a mall and of a brand."""
        return _("双料会员") if self.is_member and self.person.is_dual else ""

    @property
    def is_hot(self) -> bool:
        """True while the customer looked at something within 30 minutes."""
        return any(item.is_hot for item in self.behaviours)

    @property
    def stale(self) -> TagShown | None:
        """The one that is asked for again: the oldest."""
        asked = [tag for tag in self.tags if tag.question]
        return min(asked, key=lambda tag: tag.at, default=None) if self.can_edit else None

    @property
    def noted(self) -> list[TagShown]:
        """What somebody of ours noted, for the list of authors and dates."""
        return [tag for tag in self.tags if not tag.is_automatic]

    @property
    def others_today(self) -> list[str]:
        """Names of colleagues who contacted the customer today, each once."""
        names = [one.name for one in self.contacted if one.is_today and not one.is_own]
        return list(dict.fromkeys(name or _("总部活动") for name in names))
