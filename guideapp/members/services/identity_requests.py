"""请 TA 确认: a guide proposes a member's card, and only the customer's own word joins the two.

The guide finds a card by the whole phone number that the customer told, and sees its last four
digits. The customer opens the link of the chat and types the number; ASK_DAYS and TRIES bound it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.members.errors import AlreadyDecided, PhoneDiffers, QuestionOver
from guideapp.members.models import (
    Contact,
    Evidence,
    IdentityRequest,
    Member,
    MembershipCard,
)
from guideapp.members.services.identity import join_contact, merge, person_ids, queue_candidates
from guideapp.members.services.identity_rules import records_by_unionid
from guideapp.members.services.people import normal_phone, save_member
from guideapp.organisation.models import Brand, Guide

ASK_DAYS = 3
TRIES = 5
_TWO_UNIONIDS = "customer_two_unionids"  # of a MergeCandidate
_TOKEN_LENGTH = 22


@dataclass(frozen=True, slots=True)
class PossibleCard:
    """A member's card of the guide's brand that may be the customer's; `tail`: four digits."""

    member_id: int
    tail: str
    level: str


def find_cards(phone: str, *, brand: Brand) -> list[PossibleCard]:
    """Open cards of this brand under exactly this phone number, one a record. Two queries.

    Raises PhoneRefused. The caller counts look-ups (CARD_LOOKUPS_PER_HOUR).
    """
    wanted = normal_phone(phone)
    if not wanted:
        return []
    cards = (
        MembershipCard.objects.filter(
            member__phone_bidx=blind_index(wanted),
            member__erased_at=None,
            brand=brand,
            closed_at=None,
        )
        .order_by("member")
        .values_list("member", "level")
    )
    return [PossibleCard(pk, wanted[-4:], level) for pk, level in cards]


def ask_customer(*, contact: Contact, member: Member, guide: Guide) -> IdentityRequest:
    """The open question to a customer about this member, asked anew if there is none.

    Asking again about the same member is the same question with its days counted anew; a question
    about another member takes its place. Raises PersonErased through the answer, never here.
    """
    for _again in range(2):
        try:
            return _ask(contact, member, guide)
        except IntegrityError:  # two taps at once: the other one's question stands
            continue
    raise AlreadyDecided


@transaction.atomic
def _ask(contact: Contact, member: Member, guide: Guide) -> IdentityRequest:
    at = now()
    waiting = IdentityRequest.objects.select_for_update().filter(
        contact=contact, state=IdentityRequest.State.WAITING
    )
    standing = waiting.first()
    if standing is not None and standing.member_id == member.pk and standing.expires_at > at:
        standing.expires_at = at + timedelta(days=ASK_DAYS)
        standing.save(update_fields=["expires_at", "updated_at"])
        return standing
    waiting.update(state=IdentityRequest.State.EXPIRED, decided_at=at, updated_at=at)
    asked = IdentityRequest.objects.create(
        token=get_random_string(_TOKEN_LENGTH),
        contact=contact,
        member=member,
        guide=guide,
        expires_at=at + timedelta(days=ASK_DAYS),
    )
    record_audit(
        actor=guide.userid,
        action="identity.ask",
        subject=f"contact:{contact.pk}",
        member=member.pk,
    )
    return asked


def question_payload(*, link: str, picture: str) -> dict[str, Any]:
    """What `ww.sendChatMessage` takes to send the question; it names no person and no number.

    `link` and `picture` are absolute addresses.
    """
    news = {
        "link": link,
        "title": _("请确认你的会员卡"),
        "desc": _("核对手机号，积分和优惠就能接着用"),
        "imgUrl": picture,
    }
    return {"enterChat": True, "msgtype": "news", "news": news}


def open_question(token: str) -> IdentityRequest | None:
    """The question behind a link, with its guide and store; its first opening is kept."""
    rows = IdentityRequest.objects.select_related("guide__store__region__brand")
    asked = rows.filter(token=token).first()
    if asked is not None and asked.opened_at is None:
        IdentityRequest.objects.filter(pk=asked.pk, opened_at=None).update(opened_at=now())
    return asked


def is_open(asked: IdentityRequest) -> bool:
    """True while the customer may still answer."""
    return asked.state == IdentityRequest.State.WAITING and asked.expires_at > now()


def confirm(token: str, phone: str) -> IdentityRequest:
    """The customer's answer: the phone number of the card. Right: the two are joined.

    Two known unionids that differ are joined by no answer (a phone number is no secret): that is a
    merge candidate, and `is_with_headquarters` says so.
    Raises QuestionOver (answered, too late, too many tries), PhoneDiffers with the tries that are
    left, PhoneRefused, PersonErased. A number that is none costs no try.
    """
    given = blind_index(normal_phone(phone))
    asked = _take_try(token)
    if not given or given != asked.member.phone_bidx:
        _lock_after(asked)
        raise PhoneDiffers(left=max(0, TRIES - asked.tries))
    with transaction.atomic():
        _close(asked, IdentityRequest.State.CONFIRMED)
        contact = (
            Contact.objects.select_for_update(of=("self",))
            .select_related("member")
            .get(pk=asked.contact_id)
        )
        if _two_unionids(contact, asked.member):
            own = contact.member or _record_of(contact)
            queue_candidates([(own.pk, asked.member_id, _TWO_UNIONIDS)], contact=contact)
        elif contact.member is None:
            join_contact(contact, asked.member, evidence=Evidence.CUSTOMER)
        else:
            merge(contact.member, asked.member, evidence=Evidence.CUSTOMER)
    return asked


def is_with_headquarters(asked: IdentityRequest) -> bool:
    """True for a confirmed question whose two sides are not (or no longer) one person."""
    if asked.state != IdentityRequest.State.CONFIRMED:
        return False
    own = Contact.objects.values_list("member", flat=True).get(pk=asked.contact_id)
    return own not in person_ids(asked.member_id)


def refuse(token: str) -> IdentityRequest:
    """不是我的卡: nothing is joined, and the guide sees it. Raises QuestionOver."""
    asked = open_question(token)
    if asked is None or not is_open(asked):
        raise QuestionOver
    _close(asked, IdentityRequest.State.REFUSED)
    return asked


def questions_of(contact_ids: Sequence[int]) -> dict[int, IdentityRequest]:
    """The newest question of each contact. One query."""
    rows = IdentityRequest.objects.filter(contact__in=contact_ids).order_by("pk")
    return {row.contact_id: row for row in rows}


def _two_unionids(contact: Contact, member: Member) -> bool:
    """True when both persons have a unionid (on any of their records) and none in common."""
    own = {contact.unionid_bidx}
    if contact.member is not None:
        own |= _unionids(contact.member)
    theirs = _unionids(member)
    own.discard("")
    return bool(own and theirs and own.isdisjoint(theirs))


def _unionids(member: Member) -> set[str]:
    rows = Member.objects.same_person(member).exclude(unionid_bidx="")
    return set(rows.values_list("unionid_bidx", flat=True))


def _record_of(contact: Contact) -> Member:
    """The record with the contact's own unionid, made if there is none: a candidate needs two."""
    found = records_by_unionid([contact.unionid_bidx]).get(contact.unionid_bidx)
    if found is not None:
        return Member.objects.get(pk=found[0])
    return save_member(name=contact.name, unionid=contact.unionid)


def _take_try(token: str) -> IdentityRequest:
    """Count one try, in one statement, so that no two tries are one."""
    rows = IdentityRequest.objects.filter(token=token)
    counted = rows.filter(
        state=IdentityRequest.State.WAITING, expires_at__gt=now(), tries__lt=TRIES
    ).update(tries=F("tries") + 1)
    if not counted:
        raise QuestionOver
    return rows.select_related("member").get()


def _lock_after(asked: IdentityRequest) -> None:
    if asked.tries >= TRIES:
        IdentityRequest.objects.filter(pk=asked.pk, state=IdentityRequest.State.WAITING).update(
            state=IdentityRequest.State.EXPIRED, decided_at=now(), updated_at=now()
        )


def _close(asked: IdentityRequest, state: str) -> None:
    at = now()
    rows = IdentityRequest.objects.filter(pk=asked.pk, state=IdentityRequest.State.WAITING)
    if not rows.update(state=state, decided_at=at, updated_at=at):
        raise QuestionOver
    asked.state, asked.decided_at = state, at
