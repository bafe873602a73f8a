"""Members and their cards."""

from datetime import datetime
from typing import Any

import phonenumbers
from django.db import IntegrityError, transaction

from guideapp.core.fields import blind_index
from guideapp.members.errors import PhoneRefused
from guideapp.members.models import Contact, Member, MembershipCard
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
    *, name: str = "", phone: str = "", unionid: str = "", home_store: Store | None = None
) -> Member:
    """The member with this unionid or phone, made if there is none; '' and None change nothing.

    The unionid decides where both are known. Contacts with the unionid and no member are linked.
    Raises PhoneRefused.
    """
    given = {"name": name[:64], "phone": normal_phone(phone), "unionid": unionid}
    try:
        return _save(given, home_store)
    except IntegrityError:  # somebody else has just made this member
        return _save(given, home_store)


@transaction.atomic
def _save(given: dict[str, Any], home_store: Store | None) -> Member:
    unionid, phone = given["unionid"], given["phone"]
    member = _found(unionid_bidx=blind_index(unionid)) or _found(phone_bidx=blind_index(phone))
    member = member or Member()
    for field, value in (given | {"home_store": home_store}).items():
        if value:
            setattr(member, field, value)
    member.phone_bidx = blind_index(member.phone)
    member.unionid_bidx = blind_index(member.unionid)
    member.save()
    if member.unionid_bidx:
        loose = Contact.objects.filter(unionid_bidx=member.unionid_bidx, member=None)
        loose.update(member=member)
    return member


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


def _found(**lookup: str) -> Member | None:
    """The oldest member with a blind index; an empty index finds nobody."""
    if not all(lookup.values()):
        return None
    return Member.objects.select_for_update().filter(**lookup).order_by("pk").first()
