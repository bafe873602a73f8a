"""Join records of one person, take a joining back, and read whose records belong together.

A merge sets `Member.same_as` and rewrites nothing else: contacts, cards, purchases and points stay
on the record they came with, so an undo gives both sides back exactly what was theirs. The links
that stand are the truth; `same_as` is their shortcut.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.members.errors import AlreadyDecided, PersonErased
from guideapp.members.models import (
    Contact,
    Evidence,
    IdentityLink,
    Member,
    MergeCandidate,
    OfficialFollower,
)
from guideapp.members.services.identity_rules import (
    VERSION,
    Facts,
    Identified,
    identify,
    reason_of_phone,
    records_by_unionid,
    same_phones,
)
from guideapp.members.services.nightly_rules import reconsider_soon

_BATCH = 500


def person_ids(member_id: int) -> list[int]:
    """Every record of the person whose record `member_id` is, the root first. One query.

    [] for a record that is not there.
    """
    return list(person_of(member_id).values_list("pk", flat=True))


def person_of(member_id: int) -> QuerySet[Member]:
    """The records of one person, the root first; may stand in a query as a subquery of keys."""
    root = Member.objects.filter(pk=member_id).values(root=Coalesce("same_as", "pk"))
    rows = Member.objects.filter(Q(pk__in=root) | Q(same_as__in=root))
    return rows.order_by(Case(When(same_as=None, then=0), default=1), "pk")


def join_contact(contact: Contact, member: Member, *, evidence: str, by: str = "") -> IdentityLink:
    """Point the contact at this record of a member, with what proves it.

    Raises AlreadyDecided when the contact stands for another record: that is a merge. A second
    call answers the link of the first. Raises PersonErased for a pseudonym.
    """
    if member.erased_at or contact.erased_at:
        raise PersonErased
    with transaction.atomic():
        locked = Contact.objects.select_for_update().only("pk", "member").get(pk=contact.pk)
        standing = IdentityLink.objects.filter(contact=contact, undone_at=None).first()
        if locked.member_id not in (None, member.pk):
            raise AlreadyDecided
        Contact.objects.filter(pk=contact.pk).update(member=member, updated_at=now())
        contact.member = member
        if standing is not None and standing.member_id == member.pk:
            return standing
        return IdentityLink.objects.create(**_link(member.pk, evidence, by), contact=contact)


def join_named(named: Iterable[tuple[Contact, Member]], *, evidence: str) -> list[Contact]:
    """Join contacts whom a system itself names; those whom a person took apart from that record.

    One who stands for somebody else is a question for headquarters.
    """
    pairs = list(named)
    undone = _undone_pairs([contact for contact, _member in pairs if contact.member_id is None])
    parted = []
    for contact, member in pairs:
        if (contact.pk, member.pk) in undone:
            parted.append(contact)
        elif contact.member_id is None:
            join_contact(contact, member, evidence=evidence)
        elif contact.member_id != member.pk:
            pair = (contact.member_id, member.pk, "external_and_contact")
            queue_candidates([pair], contact=contact)
    return parted


def identify_contact(contact: Contact, *, phone: str = "") -> Identified:
    """Apply the rules to a contact with a phone number (E.164) that was verified as theirs.

    One person hit joins, different persons become candidates with the contact, nobody leaves a
    prospect. What came of it is the answer.
    """
    facts = Facts(unionid=contact.unionid, phone=phone, phone_verified=bool(phone))
    found = identify(facts)
    is_loose = contact.member_id is None and not _was_undone(contact, found.member_id)
    if found.member_id is not None and found.is_clear and is_loose:
        member = Member.objects.get(pk=found.member_id)
        join_contact(contact, member, evidence=found.evidence)
    elif found.rivals or contact.member_id is not None:
        _queue_conflict(contact, found)
    return found


def link_contacts(contacts: Iterable[Contact]) -> int:
    """Join contacts without a member to the record with their unionid; how many were joined.

    Where a contact stands for another person than their unionid says, that is a candidate. The
    rows are changed in memory too. What a person took back is not joined again.
    """
    known = [contact for contact in contacts if contact.unionid_bidx and not contact.erased_at]
    if not known:
        return 0
    hits = records_by_unionid({contact.unionid_bidx for contact in known})
    loose = [row for row in known if row.member_id is None and row.unionid_bidx in hits]
    undone = _undone_pairs(loose)
    joined = [row for row in loose if (row.pk, hits[row.unionid_bidx][0]) not in undone]
    for contact in joined:
        contact.member_id = hits[contact.unionid_bidx][0]
    _store_joined(joined)
    fixed = [row for row in known if row.unionid_bidx in hits and row not in loose]
    _queue_by_unionid([row for row in fixed if row.member_id != hits[row.unionid_bidx][0]], hits)
    return len(joined)


def link_by_unionids(hashes: Iterable[str]) -> int:
    """Join the contacts and followers with these blind indexes of a unionid; how many were new.

    What whoever writes members calls after them: contacts and fans may have come first.
    """
    wanted = sorted({one for one in hashes if one})
    joined = 0
    for start in range(0, len(wanted), _BATCH):
        some = wanted[start : start + _BATCH]
        loose = Contact.objects.select_for_update().filter(unionid_bidx__in=some, member=None)
        with transaction.atomic():
            joined += link_contacts(loose.order_by("pk"))
        link_followers(OfficialFollower.objects.filter(unionid_bidx__in=some, member=None))
    return joined


def link_followers(followers: Iterable[OfficialFollower]) -> int:
    """Point followers of official accounts at the record with their unionid; how many were."""
    loose = [row for row in followers if row.member_id is None and row.unionid_bidx]
    hits = records_by_unionid({row.unionid_bidx for row in loose})
    found = [row for row in loose if row.unionid_bidx in hits]
    for row in found:
        row.member_id = hits[row.unionid_bidx][0]
    OfficialFollower.objects.bulk_update(found, ["member"], batch_size=_BATCH)
    return len(found)


def ask_about_phones(hashes: Iterable[str]) -> None:
    """Ask headquarters about different records with one of these phone numbers (blind indexes).

    What whoever wrote members calls once that is committed: two who wrote the same number at the
    same time did not see each other.
    """
    wanted = sorted({one for one in hashes if one})
    for start in range(0, len(wanted), _BATCH):
        pairs = []
        for _phone, rows in same_phones(wanted[start : start + _BATCH]).items():
            pairs += [(rows[0].pk, row.pk, reason_of_phone(rows[0], row)) for row in rows[1:]]
        queue_candidates(pairs)


def queue_candidates(
    pairs: Iterable[tuple[int, int, str]], *, contact: Contact | None = None
) -> int:
    """Ask headquarters whether two records are one person: (record, record, reason) each.

    Records of one person are no question, and a pair that was asked before stays as it stands.
    Answers how many pairs were given; two queries.
    """
    wanted = {(min(a, b), max(a, b)): reason for a, b, reason in pairs if a != b}
    if not wanted:
        return 0
    roots = _roots({pk for pair in wanted for pk in pair})
    MergeCandidate.objects.bulk_create(
        (
            MergeCandidate(
                one_id=one, other_id=other, reason=reason, contact=contact, rule_version=VERSION
            )
            for (one, other), reason in sorted(wanted.items())
            if roots.get(one) != roots.get(other)
        ),
        ignore_conflicts=True,
        batch_size=_BATCH,
    )
    return len(wanted)


def merge(one: Member, other: Member, *, evidence: str, by: str = "") -> IdentityLink | None:
    """Make two records (with all that are joined to either) one person; the older root is kept.

    None when they are one person already. Raises PersonErased for a pseudonym.
    """
    with transaction.atomic():
        kept, joined = _lock_roots(one, other)
        if kept.pk == joined.pk:
            return None
        if kept.erased_at or joined.erased_at:
            raise PersonErased
        moved = list(
            Member.objects.filter(same_as=joined).order_by("pk").values_list("pk", flat=True)
        )
        Member.objects.filter(Q(pk=joined.pk) | Q(pk__in=moved)).update(
            same_as=kept, updated_at=now()
        )
        _settle(kept, joined, by)
        reconsider_soon([kept.pk])
        return IdentityLink.objects.create(
            **_link(kept.pk, evidence, by), joined=joined, moved=moved
        )


def undo(link: IdentityLink, *, by: str, reason: str = "") -> None:
    """Take a joining back: either side has again exactly what was its own.

    A pair that a person took apart is not joined by a rule again. Raises AlreadyDecided when
    somebody was faster.
    """
    with transaction.atomic():
        at = now()
        group = _lock_group(link.member_id)
        reconsider_soon(
            [pk for pk in (link.member_id, link.joined_id) if pk],
            [link.contact_id] if link.contact_id else [],
        )
        rows = IdentityLink.objects.filter(pk=link.pk, undone_at=None)
        if not rows.update(undone_at=at, undone_by=by):
            raise AlreadyDecided
        if link.contact_id is not None:
            Contact.objects.filter(pk=link.contact_id).update(member=None, updated_at=at)
        else:
            _recompute(group)
            MergeCandidate.objects.filter(
                one__in=group, other__in=group, state=MergeCandidate.State.MERGED
            ).exclude(_same_person_q()).update(
                state=MergeCandidate.State.APART, decided_at=at, decided_by=by
            )
        record_audit(
            actor=by, action="identity.undo", subject=f"member:{link.member_id}", reason=reason
        )


def keep_apart(candidate: MergeCandidate, *, by: str, reason: str = "") -> None:
    """不是同一人: the pair is not asked about again. Raises AlreadyDecided."""
    with transaction.atomic():
        _decide(candidate, MergeCandidate.State.APART, by)
        record_audit(
            actor=by, action="identity.apart", subject=f"candidate:{candidate.pk}", reason=reason
        )


def merge_candidate(candidate: MergeCandidate, *, by: str, reason: str = "") -> None:
    """合并: headquarters says that the two are one person. Raises AlreadyDecided, PersonErased."""
    with transaction.atomic():
        _decide(candidate, MergeCandidate.State.MERGED, by)
        merge(candidate.one, candidate.other, evidence=Evidence.HEADQUARTERS, by=by)
        record_audit(
            actor=by, action="identity.merge", subject=f"candidate:{candidate.pk}", reason=reason
        )


def _link(member_id: int, evidence: str, by: str) -> dict[str, object]:
    return {
        "member_id": member_id,
        "evidence": evidence,
        "rule_version": VERSION,
        "at": now(),
        "by": by,
    }


def _store_joined(joined: Sequence[Contact]) -> None:
    """The members of contacts and the links that say why; by upsert as every reading writes."""
    if not joined:
        return
    Contact.objects.bulk_create(
        joined,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["member", "updated_at"],
        batch_size=_BATCH,
    )
    links = [
        IdentityLink(**_link(row.member_id or 0, Evidence.UNIONID, ""), contact=row)
        for row in joined
    ]
    IdentityLink.objects.bulk_create(links, batch_size=_BATCH)


def _undone_pairs(contacts: Sequence[Contact]) -> set[tuple[int, int]]:
    """(contact, record) pairs that a person took apart."""
    undone = IdentityLink.objects.filter(contact__in=contacts, undone_at__isnull=False)
    return set(undone.values_list("contact", "member")) if contacts else set()


def _was_undone(contact: Contact, member_id: int | None) -> bool:
    return (contact.pk, member_id) in _undone_pairs([contact])


def _queue_by_unionid(contacts: Sequence[Contact], hits: dict[str, tuple[int, int]]) -> None:
    for contact in contacts:  # rare: their card was found by something else before
        if contact.member_id is not None:
            pair = (contact.member_id, hits[contact.unionid_bidx][0], "unionid_and_contact")
            queue_candidates([pair], contact=contact)


def _queue_conflict(contact: Contact, found: Identified) -> None:
    base = contact.member_id or found.member_id
    if base is None and found.rivals:
        base = found.rivals[0].member_id
    pairs = [(rival.member_id, rival.reason) for rival in found.rivals]
    if found.member_id is not None:
        pairs.append((found.member_id, f"{found.evidence}_and_contact"))
    queue_candidates([(base or pk, pk, reason) for pk, reason in pairs], contact=contact)


def _roots(pks: Iterable[int]) -> dict[int, int]:
    rows = Member.objects.filter(pk__in=set(pks)).values_list("pk", Coalesce("same_as", "pk"))
    return dict(rows)


def _lock_roots(one: Member, other: Member) -> tuple[Member, Member]:
    """The two roots, locked, the older first. Read again until nobody has moved them meanwhile."""
    while True:
        roots = _roots({one.pk, other.pk})
        wanted = sorted(set(roots.values()))
        rows = Member.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        locked = list(rows)
        if all(row.same_as_id is None for row in locked):
            return locked[0], locked[-1]


def _lock_group(member_id: int) -> list[int]:
    """Keys of the whole person, locked through their root."""
    while True:
        root = _roots([member_id])[member_id]
        row = Member.objects.select_for_update().get(pk=root)
        if row.same_as_id is None:
            rows = Member.objects.select_for_update().same_person(row).order_by("pk")
            return list(rows.values_list("pk", flat=True))


def _recompute(group: Sequence[int]) -> None:
    """`same_as` of every record of a group anew, from the links that stand."""
    above = dict(
        IdentityLink.objects.filter(joined__in=group, undone_at=None).values_list(
            "joined", "member"
        )
    )
    for pk in group:
        root = pk
        while root in above:
            root = above[root]
        Member.objects.filter(pk=pk).update(same_as=None if root == pk else root, updated_at=now())


def _decide(candidate: MergeCandidate, state: str, by: str) -> None:
    rows = MergeCandidate.objects.filter(pk=candidate.pk, state=MergeCandidate.State.OPEN)
    if not rows.update(state=state, decided_at=now(), decided_by=by, updated_at=now()):
        raise AlreadyDecided


def _same_person_q() -> Q:
    """Candidates whose two records are one person."""
    return (
        Q(one__same_as=F("other"))
        | Q(other__same_as=F("one"))
        | Q(one__same_as__isnull=False, one__same_as=F("other__same_as"))
    )


def _settle(kept: Member, joined: Member, by: str) -> None:
    """Questions about two records that are one person now are answered."""
    group = Member.objects.same_person(kept).values("pk")
    MergeCandidate.objects.filter(
        one__in=group, other__in=group, state=MergeCandidate.State.OPEN
    ).update(state=MergeCandidate.State.MERGED, decided_at=now(), decided_by=by)
