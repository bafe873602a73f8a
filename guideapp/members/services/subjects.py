"""The person whom an export or an erasure is about: found by what they can prove to be theirs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from guideapp.core.fields import blind_index
from guideapp.core.personal import Person
from guideapp.members.errors import PhoneRefused
from guideapp.members.models import Contact, Member, MembershipCard, OfficialFollower, Tombstone
from guideapp.members.services.identity import person_of
from guideapp.members.services.people import normal_phone

_COUNTRY = "+86"
_HITS = 20  # of one kind; more people do not share a phone number


@dataclass(frozen=True, slots=True)
class Subject:
    """All records of one person: member rows (the root first), contacts, cards, followers."""

    members: tuple[Member, ...]
    contacts: tuple[Contact, ...]
    cards: tuple[MembershipCard, ...]
    followers: tuple[OfficialFollower, ...]

    @property
    def key(self) -> str:
        """What addresses name the person by: `m-12`; `c-7`, `f-3` for somebody who is no member."""
        kind, rows = next((kind, rows) for kind, rows in self._by_kind() if rows)
        return f"{kind[0]}-{rows[0].pk}"

    @property
    def log_key(self) -> str:
        """What the audit and access logs name the person by."""
        return self.log_keys[0]

    @property
    def log_keys(self) -> list[str]:
        """The same by every row of theirs that a log may name."""
        return [f"{kind}:{row.pk}" for kind, rows in self._by_kind() for row in rows]

    def _by_kind(self) -> Iterable[tuple[str, tuple[Member | Contact | OfficialFollower, ...]]]:
        yield from (("member", self.members), ("contact", self.contacts))
        yield "follower", self.followers

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
        moments = [row.erased_at for row in self.members]
        moments += [row.erased_at for row in self.contacts]
        return not self.followers and all(moments)

    @property
    def person(self) -> Person:
        """The same as the rooms' registry wants it."""
        marks = [value.removeprefix(_COUNTRY) for _kind, value in self.names()]
        return Person(
            members=frozenset(row.pk for row in self.members),
            contacts=frozenset(row.pk for row in self.contacts),
            marks=frozenset(marks),
            followers=frozenset(row.pk for row in self.followers),
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


def find_subjects(text: str) -> list[Subject]:
    """Everybody who has exactly this phone number, member or card number, or WeChat id.

    A phone number may be two people's: whoever asks has to choose.
    """
    text = text.strip()
    if not text:
        return []
    hits = (*_by_member(text), *_by_contact(text), *_by_openid(text))
    return list({found.key: found for found in hits}.values())


def subject_of(key: str) -> Subject | None:
    """The person whom a `Subject.key` names; any of their rows will do."""
    kind, _dash, number = key.partition("-")
    if not number.isdecimal() or len(number) > 18:
        return None
    if kind == "m":
        return _of_member(int(number))
    if kind == "c":
        contact = Contact.objects.filter(pk=int(number)).first()
        return subject_of_contact(contact) if contact else None
    follower = OfficialFollower.objects.filter(pk=int(number)).first() if kind == "f" else None
    return subject_of_follower(follower) if follower else None


def subject_of_contact(contact: Contact) -> Subject:
    """Everything about the person behind a contact."""
    found = _of_member(contact.member_id) if contact.member_id else None
    return found or Subject((), (contact,), (), _followers_of((), (contact,)))


def subject_of_follower(follower: OfficialFollower) -> Subject:
    """Everything about whoever follows an official account: the unionid says who else they are."""
    theirs = Q(unionid_bidx=follower.unionid_bidx) if follower.unionid_bidx else Q(pk__in=())
    known = Member.objects.filter(theirs, erased_at=None).values_list("pk", flat=True).first()
    if (member_id := follower.member_id or known) and (found := _of_member(member_id)):
        return found
    if contact := Contact.objects.filter(theirs, erased_at=None).order_by("pk").first():
        return subject_of_contact(contact)
    rows = OfficialFollower.objects.filter(Q(pk=follower.pk) | theirs, member=None)
    return Subject((), (), (), tuple(rows.order_by("pk")))


def _by_member(text: str) -> Iterator[Subject]:
    try:
        phone = normal_phone(text)
    except PhoneRefused:
        phone = ""
    asked = Q(number=text) | Q(cards__number=text) | Q(unionid_bidx=blind_index(text))
    if phone:
        asked |= Q(phone_bidx=blind_index(phone))
    rows = Member.objects.filter(asked, erased_at=None).order_by("pk").distinct()
    for pk in rows.values_list("pk", flat=True)[:_HITS]:
        if found := _of_member(pk):
            yield found


def _by_contact(text: str) -> Iterator[Subject]:
    asked = Q(external_userid=text) | Q(unionid_bidx=blind_index(text))
    rows = Contact.objects.filter(asked, erased_at=None).order_by("pk")
    yield from (subject_of_contact(row) for row in rows[:_HITS])


def _by_openid(text: str) -> Iterator[Subject]:
    hashed = blind_index(text)
    rows = OfficialFollower.objects.filter(Q(openid_bidx=hashed) | Q(unionid_bidx=hashed))
    yield from (subject_of_follower(row) for row in rows.order_by("pk")[:_HITS])


def _of_member(member_id: int) -> Subject | None:
    members = tuple(person_of(member_id))
    if not members:
        return None
    contacts = tuple(Contact.objects.filter(member__in=members).order_by("pk"))
    return Subject(
        members,
        contacts,
        tuple(MembershipCard.objects.filter(member__in=members).select_related("brand")),
        _followers_of(members, contacts),
    )


def _followers_of(
    members: tuple[Member, ...], contacts: tuple[Contact, ...]
) -> tuple[OfficialFollower, ...]:
    """Rows of the members, and those of nobody that carry a unionid of the person."""
    unionids = {row.unionid_bidx for row in members} | {row.unionid_bidx for row in contacts}
    theirs = Q(member__in=members) | Q(member=None, unionid_bidx__in=unionids - {""})
    return tuple(OfficialFollower.objects.filter(theirs).order_by("pk"))
