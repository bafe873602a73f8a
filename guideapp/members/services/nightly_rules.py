"""The rules of 下一步 that need nothing but this room: birthday, coupon, card, silence.

They are looked at each night for everybody, and at once for people of whom something was changed
(`reconsider_soon`). What is found is proposed, what no longer holds is withdrawn: the end state,
however often it runs. The same look keeps what the list of customers is sorted by.

The guide gets no message of these: the card and 今日 show them (see `prompts`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.tasks import task
from django.urls import reverse

from guideapp.core.clock import day_of, day_range, now, today
from guideapp.core.jobs.schedule import periodic
from guideapp.members.models import Contact, FollowRelation, Member, Suggestion
from guideapp.members.services.people_facts import People, Relation, relations_of
from guideapp.members.services.suggestions import rests
from guideapp.members.suggestions import RULES

NEAR = timedelta(days=3)  # birthday, coupon
SILENT = timedelta(days=30)
LOST = timedelta(days=180)  # after so long nobody is asked again
SETTLED = timedelta(days=1)  # a new customer is not asked for a card at once
CARD_WITHIN = timedelta(days=30)
_SOME = 5000  # contacts a job
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule says of a relation: since when, until when, and why."""

    at: datetime
    until: datetime
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """How a rule looks at a relation; `holds` whether one that is open may stay."""

    find: Callable[[Relation, People], Found | None]
    holds: Callable[[Relation, People], bool]


@periodic("20 3 * * *", name="members.suggestions")
@task(queue_name="bulk")
def look_at_everybody() -> None:
    """Share all customers out to jobs."""
    last = Contact.objects.aggregate(last=Max("pk"))["last"] or 0
    for first in range(1, last + 1, _SOME):
        look_at_contacts.enqueue(first, first + _SOME - 1)


@task(queue_name="bulk")
def look_at_contacts(first: int, last: int) -> None:
    """Look at the customers with these numbers, both included."""
    rows = Contact.objects.filter(pk__gte=first, pk__lte=last).order_by("pk")
    _look_at(list(rows.values_list("pk", flat=True)))


@task(queue_name="normal")
def look_again(member_ids: list[int], contact_ids: list[int]) -> None:
    """See `reconsider`."""
    reconsider(member_ids, contact_ids)


def reconsider(member_ids: Iterable[int] = (), contact_ids: Iterable[int] = ()) -> None:
    """Look again at customers, and at the people of member records: something was changed."""
    contacts = set(contact_ids)
    for some in batched(sorted(set(member_ids)), _BATCH, strict=False):
        records = Member.objects.filter(pk__in=some)
        roots = set(records.values_list(Coalesce("same_as", "pk"), flat=True))
        rows = Contact.objects.filter(Q(member__in=roots) | Q(member__same_as__in=roots))
        contacts.update(rows.values_list("pk", flat=True))
    _look_at(sorted(contacts))


def reconsider_soon(member_ids: Iterable[int] = (), contact_ids: Iterable[int] = ()) -> None:
    """`reconsider` by jobs, once this transaction is committed."""
    for some in batched(sorted(set(member_ids)), _BATCH, strict=False):
        transaction.on_commit(partial(look_again.enqueue, list(some), []))
    for some in batched(sorted(set(contact_ids)), _BATCH, strict=False):
        transaction.on_commit(partial(look_again.enqueue, [], list(some)))


def _look_at(contact_ids: Sequence[int]) -> None:
    for some in batched(contact_ids, _BATCH, strict=False):
        relations = relations_of(some)
        people = People.of(relations)
        _keep_sorting(relations, people)
        _settle(relations, people, some)


def _keep_sorting(relations: Sequence[Relation], people: People) -> None:
    """Write birthday, last sign and value beside the relations where they changed."""
    changed = []
    for row in relations:
        wanted = people.birthday_of(row), people.last_sign_of(row).at, people.year_fen_of(row)
        if wanted != row.sorting:
            birthday_on, last_sign_at, year_fen = wanted
            changed.append(
                FollowRelation(
                    pk=row.pk,
                    birthday_on=birthday_on,
                    last_sign_at=last_sign_at,
                    year_fen=year_fen,
                )
            )
    fields = ["birthday_on", "last_sign_at", "year_fen"]
    FollowRelation.objects.bulk_update(changed, fields, batch_size=500)


@transaction.atomic
def _settle(relations: Sequence[Relation], people: People, contact_ids: Sequence[int]) -> None:
    """Withdraw what no longer holds or is past, and propose what was found."""
    at = now()
    of_contacts = Suggestion.objects.filter(contact__in=contact_ids)
    past = of_contacts.filter(state=Suggestion.State.OPEN, until__lte=at)
    past.update(state=Suggestion.State.WITHDRAWN, decided_at=at)
    rows = of_contacts.filter(rule__in=CHECKS).order_by("proposed_at", "pk")
    last = {(row.rule, row.contact_id, row.guide_id): row for row in rows}
    gone: list[int] = []
    new: list[Suggestion] = []
    for row in relations:
        for rule, check in CHECKS.items():
            known = last.get((rule, row.contact_id, row.guide_id))
            is_open = known is not None and known.state == Suggestion.State.OPEN
            found = check.find(row, people)
            if found is not None and _is_news(found, known):
                new.append(_suggestion(rule, row, found, known if is_open else None))
                gone += [known.pk] if known is not None and is_open else []
            elif known is not None and is_open and not check.holds(row, people):
                gone.append(known.pk)
    for some in batched(gone, _BATCH, strict=False):
        open_ones = Suggestion.objects.filter(pk__in=some, state=Suggestion.State.OPEN)
        open_ones.update(state=Suggestion.State.WITHDRAWN, decided_at=at)
    # The constraint keeps one open row of a rule: a proposal of this moment is not doubled.
    Suggestion.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)


def _is_news(found: Found, known: Suggestion | None) -> bool:
    if known is None:
        return found.until > now()
    stale = known.proposed_at >= found.at or rests(known, RULES[known.rule], now())
    return not stale and found.until > now()


def _suggestion(rule: str, row: Relation, found: Found, before: Suggestion | None) -> Suggestion:
    known = RULES[rule]
    return Suggestion(
        rule=rule,
        rule_version=known.version,
        priority=known.priority,
        contact_id=row.contact_id,
        guide_id=row.guide_id,
        evidence=found.evidence,
        action_url=reverse("workbench:customer", args=[row.pk]),
        proposed_at=found.at,
        until=found.until,
        snoozed_until=before.snoozed_until if before else None,
    )


def _birthday(row: Relation, people: People) -> Found | None:
    on = people.birthday_of(row)
    if on is None or on - today() > NEAR or people.refused_marketing(row):
        return None
    since, until = day_range(on - NEAR)[0], day_range(on)[1]
    return Found(since, until, {"birthday_on": on.isoformat()})


def _coupon(row: Relation, people: People) -> Found | None:
    if people.refused_marketing(row):
        return None
    due = [asset for asset in people.coupons_of(row) if asset.expires_at - now() <= NEAR]
    if not due:
        return None
    first = min(due, key=lambda asset: asset.expires_at)
    on = day_of(first.expires_at)
    evidence = {"coupon": first.title, "expires_on": on.isoformat(), "coupons": len(due)}
    return Found(first.expires_at - NEAR, first.expires_at, evidence)


def _card(row: Relation, people: People) -> Found | None:
    if people.has_card(row) or people.refused_marketing(row) or not row.is_shopper:
        return None
    age = now() - row.followed_at
    if not SETTLED <= age < CARD_WITHIN:
        return None
    since, until = row.followed_at + SETTLED, row.followed_at + CARD_WITHIN
    return Found(since, until, {"added_at": row.followed_at.isoformat()})


def _may_be_invited(row: Relation, people: People) -> bool:
    """A till may propose it, too: it stands until there is a card, or a no."""
    return not people.has_card(row) and not people.refused_marketing(row)


def _silent(row: Relation, people: People) -> Found | None:
    sign = people.last_sign_of(row)
    months = (now() - sign.at) // SILENT
    if not 1 <= months < LOST // SILENT:
        return None
    if people.refused_marketing(row) or people.was_written_to(row):
        return None
    since = sign.at + months * SILENT
    evidence = {
        "last_sign_at": sign.at.isoformat(),
        "sign": sign.code,
        "days": (months * SILENT).days,
    }
    return Found(since, since + SILENT, evidence)


def _still[**P](find: Callable[P, Found | None]) -> Callable[P, bool]:
    """An open suggestion stays while the rule would find it again."""

    def holds(*args: P.args, **kwargs: P.kwargs) -> bool:
        return find(*args, **kwargs) is not None

    return holds


CHECKS: dict[str, Check] = {
    "birthday": Check(_birthday, _still(_birthday)),
    "coupon_expiring": Check(_coupon, _still(_coupon)),
    "invite_to_card": Check(_card, _may_be_invited),
    "silent": Check(_silent, _still(_silent)),
}
