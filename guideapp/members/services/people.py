"""Members and their cards."""

from datetime import datetime
from functools import partial
from typing import Any

import phonenumbers
from django.db import IntegrityError, transaction

from guideapp.core.fields import blind_index
from guideapp.members.errors import PersonErased, PhoneRefused
from guideapp.members.models import Contact, Evidence, Member, MembershipCard, Tombstone
from guideapp.members.services.identity import (
    ask_about_phones,
    join_named,
    link_by_unionids,
    queue_candidates,
)
from guideapp.members.services.identity_rules import Facts, Identified, identify
from guideapp.members.services.tombstones import is_erased
from guideapp.organisation.models import Brand, Store


def normal_phone(text: str) -> str:
    """A phone number as people write it, in E.164 (`138 0000 2046` → `+8613800002046`).

    Without a country code it is read as a mainland number; '' stays ''. Raises PhoneRefused.
    """
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        raise PhoneRefused from None
    if not phonenumbers.is_possible_number(number):
        raise PhoneRefused
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def save_member(
    *,
    name: str = "",
    phone: str = "",
    unionid: str = "",
    home_store: Store | None = None,
    number: str = "",
    external_userid: str = "",
    phone_verified: bool = True,
) -> Member:
    """The record that these facts are about, made if there is none; '' and None change nothing.

    Whose record it is, and what else they hit, is decided by `identity_rules`; other persons who
    were hit become merge candidates. Contacts and followers with the unionid, and the contact that
    is named, are joined. `phone_verified`: the member system or a code says that it is theirs.
    Raises PhoneRefused, or PersonErased for somebody who was erased.
    """
    facts = Facts(
        number=number[:40],
        unionid=unionid,
        phone=normal_phone(phone),
        phone_verified=phone_verified,
        external_userid=external_userid,
    )
    given = {"name": name[:64], "number": facts.number, "home_store": home_store}
    try:
        return _save(facts, given)
    except IntegrityError:  # somebody else has just made this member
        return _save(facts, given)


def _refuse_erased(facts: Facts, found: Identified) -> None:
    """A living member who shares the phone number alone of somebody erased is not refused."""
    kinds = Tombstone.Kind
    keys = (
        (kinds.NUMBER, facts.number),
        (kinds.UNIONID, facts.unionid),
        (kinds.EXTERNAL_USERID, facts.external_userid),
    )
    if any(value and is_erased(kind, value) for kind, value in keys):
        raise PersonErased
    if is_erased(kinds.PHONE, facts.phone) and not found.is_proven:
        raise PersonErased


def _identify_locked(facts: Facts) -> tuple[Identified, Member]:
    """Whose record the facts are, locked; read again until nobody took it while we waited."""
    while True:
        found = identify(facts)
        if found.member_id is None:
            return found, Member()
        rows = Member.objects.select_for_update().filter(pk=found.member_id, erased_at=None)
        member = rows.first()
        if member is not None and identify(facts).member_id == member.pk:
            return found, member


@transaction.atomic
def _save(facts: Facts, given: dict[str, Any]) -> Member:
    found, member = _identify_locked(facts)
    _refuse_erased(facts, found)
    had = member.phone_bidx
    for field, value in given.items():
        if value:
            setattr(member, field, value)
    if facts.unionid and found.takes_unionid:
        member.unionid, member.unionid_bidx = facts.unionid, blind_index(facts.unionid)
    if facts.phone:
        set_phone(member, facts.phone, verified=facts.phone_verified)
    member.save()
    queue_candidates((member.pk, rival.member_id, rival.reason) for rival in found.rivals)
    if member.phone_bidx != had:
        transaction.on_commit(partial(ask_about_phones, [member.phone_bidx]))
    link_by_unionids([member.unionid_bidx])
    _join_named(member, facts, found.evidence)
    return member


def set_phone(member: Member, phone: str, *, verified: bool) -> None:
    """Give a record (not saved here) a phone number in E.164, with what it is looked up by."""
    is_same = member.phone == phone
    member.phone, member.phone_bidx = phone, blind_index(phone)
    member.phone_tail_bidx = blind_index(phone[-4:])
    member.phone_verified = verified or (is_same and member.phone_verified)


def _join_named(member: Member, facts: Facts, evidence: str) -> None:
    """The contact that the member system itself names."""
    if not facts.external_userid:
        return
    contact = Contact.objects.filter(external_userid=facts.external_userid, erased_at=None).first()
    if contact is not None:
        join_named([(contact, member)], evidence=evidence or Evidence.NUMBER)


def open_card(
    *, member: Member, brand: Brand, number: str, level: str, points: int = 0, opened_at: datetime
) -> MembershipCard:
    """The member's card of the brand; one that exists takes the level and points given."""
    card, _is_new = MembershipCard.objects.update_or_create(
        member=member,
        brand=brand,
        defaults={"level": level, "points": points},
        create_defaults={
            "number": number,
            "level": level,
            "points": points,
            "opened_at": opened_at,
        },
    )
    return card
