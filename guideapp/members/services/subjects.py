"""The person whom an export or an erasure is about: found by what they can prove to be theirs."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from guideapp.core.fields import blind_index
from guideapp.core.personal import Person
from guideapp.members.errors import PhoneRefused
from guideapp.members.models import Contact, Member, MembershipCard, OfficialFollower, Tombstone
from guideapp.members.services.identity import person_of
from guideapp.members.services.people import normal_phone

_COUNTRY = "+86"


@dataclass(frozen=True, slots=True)
class Subject:
    """All records of one person: member rows (the root first), contacts, cards, followers."""

    members: tuple[Member, ...]
    contacts: tuple[Contact, ...]
    cards: tuple[MembershipCard, ...]
    followers: tuple[OfficialFollower, ...]

    @property
    def key(self) -> str:
        """What addresses name the person by: `m-12`, or `c-7` for somebody who is no member."""
        return f"m-{self.members[0].pk}" if self.members else f"c-{self.contacts[0].pk}"

    @property
    def log_key(self) -> str:
        """What the audit and access logs name the person by."""
        return self.key.replace("m-", "member:").replace("c-", "contact:")

    @property
    def name(self) -> str:
        """The member's name, else the WeChat nickname."""
        names = [row.name for row in self.members] + [row.name for row in self.contacts]
        return next((name for name in names if name), "")

    @property
    def phone(self) -> str:
        """The phone number in E.164, or ''."""
        return next((row.phone for row in self.members if row.phone), "")

    @property
    def is_erased(self) -> bool:
        """True when nothing but pseudonyms is left."""
        members = all(row.erased_at for row in self.members)
        return members and all(row.erased_at for row in self.contacts)

    @property
    def person(self) -> Person:
        """The same as the rooms' registry wants it."""
        marks = [value.removeprefix(_COUNTRY) for _kind, value in self.names()]
        return Person(
            members=frozenset(row.pk for row in self.members),
            contacts=frozenset(row.pk for row in self.contacts),
            marks=frozenset(marks),
        )

    def names(self) -> set[tuple[str, str]]:
        """(Tombstone.Kind, value) of everything by which another system could name the person."""
        return {(kind, value) for kind, value in self._names() if value}

    def _names(self) -> Iterable[tuple[str, str]]:
        kinds = Tombstone.Kind
        for member in self.members:
            yield kinds.PHONE, member.phone
            yield kinds.UNIONID, member.unionid
            yield kinds.NUMBER, member.number
        for contact in self.contacts:
            if not contact.erased_at:
                yield kinds.EXTERNAL_USERID, contact.external_userid
            yield kinds.UNIONID, contact.unionid
        yield from ((kinds.CARD, card.number) for card in self.cards)
        for follower in self.followers:
            yield kinds.OPENID, follower.openid
            yield kinds.UNIONID, follower.unionid


def find_subject(text: str) -> Subject | None:
    """Who has exactly this phone number, member or card number, external_userid or unionid."""
    text = text.strip()
    if not text:
        return None
    return _by_member(text) or _by_contact(text)


def subject_of(key: str) -> Subject | None:
    """The person whom a `Subject.key` names; any of their rows will do."""
    kind, _dash, number = key.partition("-")
    if not number.isdecimal() or len(number) > 18:
        return None
    if kind == "m":
        return _of_member(int(number))
    contact = Contact.objects.filter(pk=int(number)).first() if kind == "c" else None
    return _of_contact(contact) if contact else None


def subject_of_contact(contact: Contact) -> Subject:
    """Everything about the person behind a contact."""
    return _of_contact(contact)


def _by_member(text: str) -> Subject | None:
    try:
        phone = normal_phone(text)
    except PhoneRefused:
        phone = ""
    asked = Q(number=text) | Q(cards__number=text) | Q(unionid_bidx=blind_index(text))
    if phone:
        asked |= Q(phone_bidx=blind_index(phone))
    member = Member.objects.filter(asked, erased_at=None).order_by("pk").first()
    return _of_member(member.pk) if member else None


def _by_contact(text: str) -> Subject | None:
    asked = Q(external_userid=text) | Q(unionid_bidx=blind_index(text))
    contact = Contact.objects.filter(asked, erased_at=None).order_by("pk").first()
    return _of_contact(contact) if contact else None


def _of_contact(contact: Contact) -> Subject:
    found = _of_member(contact.member_id) if contact.member_id else None
    return found or Subject((), (contact,), (), ())


def _of_member(member_id: int) -> Subject | None:
    members = tuple(person_of(member_id))
    if not members:
        return None
    return Subject(
        members,
        tuple(Contact.objects.filter(member__in=members).order_by("pk")),
        tuple(MembershipCard.objects.filter(member__in=members).select_related("brand")),
        tuple(OfficialFollower.objects.filter(member__in=members)),
    )
