"""双料会员: one scan and one consent open a card of the brand and one of the mall it stands in.

Each owner has a card and consent of its own. The customer gives a phone number. It counts as
theirs only when a code was sent to it and came back; without a provider of codes
(PHONE_CODE_SENDER) it stays unverified, and an unverified number joins nobody: a card under the
same number elsewhere becomes a question for headquarters. It lifts no tombstone either: whoever was
erased comes back by a verified number, or at the desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string

from guideapp.core.clock import now
from guideapp.members.errors import AskAtDesk, ConsentMissing, PersonErased, PhoneRefused
from guideapp.members.models import Consent, Member, MembershipCard, Tombstone
from guideapp.members.services.consent import record_consent
from guideapp.members.services.nightly_rules import reconsider_soon
from guideapp.members.services.people import normal_phone, save_member
from guideapp.members.services.tombstones import lift
from guideapp.organisation.models import Brand, Store

CONSENT_VERSION = "2026-11"  # of the words on the page; new words, new version
OPTIONAL = (Consent.Purpose.MARKETING, Consent.Purpose.SHARING)
_NUMBER_DIGITS = 10
_signer = Signer(salt="members.join", sep="~")


@dataclass(frozen=True, slots=True)
class Joined:
    """What one consent made: the cards, the new ones among them."""

    member: Member
    cards: list[MembershipCard]
    new: list[MembershipCard]


def join_token(store: Store) -> str:
    """What stands in the QR code of a store; it names the store and cannot be made up."""
    return _signer.sign(str(store.pk))


def store_of_token(token: str) -> Store | None:
    """The open store that a QR code stands for, with its brand and mall."""
    try:
        pk = int(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
    rows = Store.objects.select_related("region__brand", "mall")
    return rows.filter(pk=pk, closed_on=None).first()


def owners_of(store: Store) -> list[Brand]:
    """Whose cards a scan in this store opens: the brand's, and its mall's where it is in one."""
    brands = [store.region.brand]
    if store.mall is not None and store.mall.pk != store.region.brand_id:
        brands.append(store.mall)
    return brands


def join(
    *,
    store: Store,
    phone: str,
    agreed: bool,
    purposes: Sequence[str] = (),
    name: str = "",
    phone_verified: bool = False,
) -> Joined:
    """Open the cards of `owners_of(store)` for whoever holds this phone number.

    A card that is open is left as it is; a second consent to the same purpose stands in the place
    of the first where its text or channel is another. Raises ConsentMissing, PhoneRefused, and
    AskAtDesk for the number of an erased person that was not verified as theirs.
    """
    number = normal_phone(phone)
    if not agreed:
        raise ConsentMissing
    if not number:
        raise PhoneRefused
    with transaction.atomic():
        if phone_verified:
            lift([(Tombstone.Kind.PHONE, number)])  # the person comes back, with all that is theirs
        try:
            member = save_member(
                name=name, phone=number, home_store=store, phone_verified=phone_verified
            )
        except PersonErased:
            raise AskAtDesk from None  # anybody can type it: the page tells nobody who was erased
        wanted = [Consent.Purpose.MEMBERSHIP, *(one for one in OPTIONAL if one in purposes)]
        owners = owners_of(store)
        opened = [_open(member, brand) for brand in owners]
        for brand in owners:
            record_consent(
                member, brand, wanted, version=CONSENT_VERSION, channel=Consent.Channel.PAGE
            )
        reconsider_soon([member.pk])
    cards = [card for card, _is_new in opened]
    return Joined(member, cards, [card for card, is_new in opened if is_new])


def _open(member: Member, brand: Brand) -> tuple[MembershipCard, bool]:
    """The person's card of the brand on whichever record it stands, or a new one here."""
    standing = MembershipCard.objects.filter(
        member__in=Member.objects.same_person(member), brand=brand, closed_at=None
    ).first()
    if standing is not None:
        return standing, False
    for _again in range(3):
        try:
            with transaction.atomic():
                card, is_new = MembershipCard.objects.get_or_create(
                    member=member,
                    brand=brand,
                    defaults={
                        "number": get_random_string(_NUMBER_DIGITS, "0123456789"),
                        "level": settings.JOIN_CARD_LEVEL,
                        "opened_at": now(),
                    },
                )
                return card, is_new or _reopen(card)
        except IntegrityError:  # that number is taken
            continue
    raise IntegrityError("no free card number")


def _reopen(card: MembershipCard) -> bool:
    """Open a closed card again, under its number; False where somebody was faster."""
    card.closed_at, card.opened_at = None, now()
    closed = MembershipCard.objects.filter(pk=card.pk, closed_at__isnull=False)
    return closed.update(closed_at=None, opened_at=card.opened_at, updated_at=now()) == 1
