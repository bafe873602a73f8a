"""Consent by purpose: given with version and channel, withdrawn, and asked for where it is used."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.members.errors import NoConsent, PersonErased, TooYoung
from guideapp.members.models import Consent, Contact, Member, Suggestion, TagGroup, TagMark
from guideapp.members.services.identity import person_of
from guideapp.members.services.nightly_rules import reconsider_soon
from guideapp.members.services.refusals import has_refused, is_young
from guideapp.organisation.models import Brand


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

    A consent that stands to the same version through the same channel is kept; any other is closed
    for the new one. Raises PersonErased for a pseudonym.
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
        if row is None or (row.version, row.channel) != (version, channel):
            standing.update(withdrawn_at=moment, updated_at=now())
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
    the same transaction, without profiling the tags that rules have set, and whatever asks
    `require_consent` later is refused. `by`: a userid, '' for the customer themself.
    """
    moment = now()
    people = person_of(member.pk).order_by()
    rows = Consent.objects.select_for_update().filter(
        member__in=people.values("pk"), brand=brand, purpose=purpose, withdrawn_at=None
    )
    closed = len(rows)
    Consent.objects.filter(pk__in=[row.pk for row in rows]).update(
        withdrawn_at=moment, updated_at=moment
    )
    if closed:
        undo_use(people, brand, purpose, at=moment)
        reconsider_soon([member.pk])
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
    if purpose == Consent.Purpose.MARKETING and is_young(member.pk):
        raise TooYoung
    return row


def refuse_withdrawn(contact: Contact, brand: Brand, purpose: str) -> None:
    """Raise NoConsent when the customer withdrew `purpose`, inside the caller's transaction.

    For what a guide sends by hand to somebody who added them: nobody has to have ticked a box for
    that, but whoever said no is left alone. TooYoung as in `require_consent`.
    """
    if contact.member_id is None:
        return
    if has_refused(contact.member_id, brand.pk, purpose):
        raise NoConsent
    if purpose == Consent.Purpose.MARKETING and is_young(contact.member_id):
        raise TooYoung


def consents_of(member_id: int) -> list[Consent]:
    """Every consent of the person, also those that were withdrawn, the newest first."""
    people = person_of(member_id).order_by()
    rows = Consent.objects.filter(member__in=people.values("pk")).select_related("brand")
    return list(rows.order_by("-given_at", "-pk"))


def undo_use(members: Iterable[Member | int], brand: Brand, purpose: str, *, at: datetime) -> None:
    """What a withdrawal takes with it, of people by every record of theirs.

    Without marketing no guide of the brand is told what to do next; without profiling no tag stands
    that a rule has set.
    """
    if purpose == Consent.Purpose.MARKETING:
        Suggestion.objects.filter(
            contact__member__in=members,
            guide__store__region__brand=brand,
            state=Suggestion.State.OPEN,
        ).update(state=Suggestion.State.WITHDRAWN, decided_at=at)
    if purpose == Consent.Purpose.PROFILING:
        TagMark.objects.filter(
            follow__contact__member__in=members,
            follow__guide__store__region__brand=brand,
            tag__group__kind=TagGroup.Kind.AUTOMATIC,
            removed_at=None,
        ).update(removed_at=at)
