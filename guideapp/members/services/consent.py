"""Consent by purpose: given with version and channel, withdrawn, and asked for where it is used."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction

from guideapp.core.audit import record_audit
from guideapp.core.clock import now, today
from guideapp.members.errors import NoConsent, PersonErased, TooYoung
from guideapp.members.models import Consent, Contact, ImportantDate, Member, Suggestion
from guideapp.members.services.identity import person_of
from guideapp.organisation.models import Brand

MARKETING_AGE = 14


@transaction.atomic
def record_consent(
    member: Member,
    brand: Brand,
    purposes: Iterable[str],
    *,
    version: str,
    channel: str,
    at: datetime | None = None,
) -> list[Consent]:
    """Keep that the member agreed (Consent.Purpose) to a text (`version`) by Consent.Channel.

    A consent that stands to the same version is kept; one to an older text is closed for the new
    one. Raises PersonErased for a pseudonym.
    """
    moment = at or now()
    locked = Member.objects.select_for_update().get(pk=member.pk)
    if locked.erased_at:
        raise PersonErased
    kept = []
    for purpose in dict.fromkeys(purposes):
        standing = Consent.objects.filter(
            member=locked, brand=brand, purpose=purpose, withdrawn_at=None
        )
        row = standing.first()
        if row is None or row.version != version:
            standing.update(withdrawn_at=moment)
            row = Consent.objects.create(
                member=locked,
                brand=brand,
                purpose=purpose,
                version=version,
                channel=channel,
                given_at=moment,
            )
        kept.append(row)
    return kept


@transaction.atomic
def withdraw_consent(member: Member, brand: Brand, purpose: str, *, by: str) -> int:
    """Close the person's consent to a purpose, on every row of theirs; how many stood.

    It wins over what is queued: without marketing, open suggestions for the person fall away in
    the same transaction, and whatever asks `require_consent` later is refused. `by`: a userid,
    '' for the customer themself.
    """
    moment = now()
    people = person_of(member.pk).order_by()
    rows = Consent.objects.select_for_update().filter(
        member__in=people.values("pk"), brand=brand, purpose=purpose, withdrawn_at=None
    )
    closed = len(rows)
    Consent.objects.filter(pk__in=[row.pk for row in rows]).update(withdrawn_at=moment)
    if closed and purpose == Consent.Purpose.MARKETING:
        _drop_suggestions(member, brand, moment)
    if closed:
        record_audit(
            actor=by,
            action="consent.withdraw",
            subject=f"member:{member.pk}",
            purpose=purpose,
            brand=brand.pk,
        )
    return closed


def require_consent(member: Member, brand: Brand, purpose: str) -> Consent:
    """The consent that stands, locked until the caller's transaction ends.

    Call it inside the transaction that sends or issues: a withdrawal then comes before it and is
    seen, or waits for it. Raises NoConsent; TooYoung for marketing to somebody under 14.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Ask for consent inside the transaction that uses it.")
    people = person_of(member.pk).order_by()
    rows = Consent.objects.select_for_update(of=("self",)).filter(
        member__in=people.values("pk"), brand=brand, purpose=purpose, withdrawn_at=None
    )
    row = rows.order_by("pk").first()
    if row is None:
        raise NoConsent
    if purpose == Consent.Purpose.MARKETING and _is_young(member.pk):
        raise TooYoung
    return row


def refuse_withdrawn(contact: Contact, brand: Brand, purpose: str) -> None:
    """Raise NoConsent when the customer withdrew `purpose`, inside the caller's transaction.

    For what a guide sends by hand to somebody who added them: nobody has to have ticked a box for
    that, but whoever said no is left alone. TooYoung as in `require_consent`.
    """
    if contact.member_id is None:
        return
    people = person_of(contact.member_id).order_by()
    rows = list(
        Consent.objects.select_for_update(of=("self",)).filter(
            member__in=people.values("pk"), brand=brand, purpose=purpose
        )
    )
    if rows and all(row.withdrawn_at for row in rows):
        raise NoConsent
    if purpose == Consent.Purpose.MARKETING and _is_young(contact.member_id):
        raise TooYoung


def consents_of(member_id: int) -> list[Consent]:
    """Every consent of the person, also those that were withdrawn, the newest first."""
    people = person_of(member_id).order_by()
    rows = Consent.objects.filter(member__in=people.values("pk")).select_related("brand")
    return list(rows.order_by("-given_at", "-pk"))


def _is_young(member_id: int) -> bool:
    born = ImportantDate.objects.filter(
        member__in=person_of(member_id).order_by().values("pk"),
        kind=ImportantDate.Kind.BIRTHDAY,
        ended_at=None,
        year__isnull=False,
    ).first()
    return born is not None and _age(born, today()) < MARKETING_AGE


def _age(born: ImportantDate, day: date) -> int:
    """Full years; who is born in an unknown day of a month counts from its end."""
    had_birthday = (day.month, day.day) >= (born.month, born.day or 31)
    return day.year - (born.year or day.year) - (0 if had_birthday else 1)


def _drop_suggestions(member: Member, brand: Brand, at: datetime) -> None:
    Suggestion.objects.filter(
        contact__member__in=person_of(member.pk).order_by().values("pk"),
        guide__store__region__brand=brand,
        state=Suggestion.State.OPEN,
    ).update(state=Suggestion.State.WITHDRAWN, decided_at=at)
