"""Next best actions (下一步): proposed by rooms, shown on the card, told to the guide from here."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime

from guideapp.core.clock import SHANGHAI, now, today
from guideapp.members.models import Consent, Contact, Member, Suggestion
from guideapp.members.services.prompts import PER_CUSTOMER, tell
from guideapp.members.services.refusals import has_refused, is_young
from guideapp.members.suggestions import DONE_BY_SEND, FACTS, RULES, WORDS, Rule, worded
from guideapp.organisation.models import Guide

_AWAKE = timedelta(days=1)  # what was put off is shown for at least so long
_MORNING = time(9)
ORDER_WITHIN = timedelta(days=7)  # an order so soon after a suggestion was shown followed it
_OLD_ORDER = timedelta(days=60)  # history that is imported follows nothing


@dataclass(frozen=True, slots=True)
class Ordered:
    """Somebody ordered something at a brand; the member is any record of the person."""

    member_id: int
    brand_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One line behind 为什么: a text, or a moment that the page words."""

    label: str
    text: str
    moment: datetime | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A suggestion in words: what to do, how, on which button, and why."""

    suggestion: Suggestion
    what: str
    how: str
    action: str
    trigger: str
    facts: tuple[Fact, ...]
    done_by_send: bool  # else the guide says when it is done


@transaction.atomic(savepoint=False)
def propose(
    *,
    rule: str,
    contact: Contact,
    guide: Guide,
    evidence: dict[str, Any],
    action_url: str,
    until: datetime,
    earn_fen: int | None = None,
    at: datetime | None = None,
) -> Suggestion | None:
    """Suggest to `guide` what the rule says about `contact`, valid before `until`.

    `at` is the time of the fact (default now). A fact that is not newer than the last suggestion
    of the rule changes nothing, so events may repeat. A newer one brings an open suggestion up to
    date, which stays asleep if it is; after 没用 the rule rests. `earn_fen` only where
    headquarters typed an amount. Whether the guide gets a message is decided in `prompts`.
    None for somebody whom the guide's brand may not write to: they said no to marketing, or are
    under 14. Raises KeyError for a rule that the table does not have.
    """
    known = RULES[rule]
    at = at or now()
    Guide.objects.select_for_update(no_key=True).get(pk=guide.pk)  # one proposal at a time
    if _is_off_limits(contact, guide):
        return None
    last = (  # locked: what the guide decides meanwhile must not be overwritten
        Suggestion.objects.select_for_update()
        .filter(rule=rule, contact=contact, guide=guide)
        .order_by("-proposed_at", "-pk")
        .first()
    )
    if last is not None and (last.proposed_at >= at or rests(last, known, at)):
        return last
    if last is not None and last.state == Suggestion.State.OPEN and not _may_tell_again(last):
        suggestion = last
    else:
        suggestion = Suggestion(rule=rule, contact=contact, guide=guide)
        if last is not None and last.state == Suggestion.State.OPEN:
            suggestion.snoozed_until = last.snoozed_until
            _close(last, Suggestion.State.WITHDRAWN)
    suggestion.rule_version, suggestion.priority = known.version, known.priority
    suggestion.evidence, suggestion.earn_fen = evidence, earn_fen
    suggestion.action_url, suggestion.proposed_at = action_url, at
    asleep_until = suggestion.snoozed_until
    suggestion.until = max(until, asleep_until + _AWAKE) if asleep_until else until
    suggestion.save()
    for replaced in known.replaces:
        withdraw(rule=replaced, contact=contact, guide=guide)
    tell(suggestion, known)
    return suggestion


def _is_off_limits(contact: Contact, guide: Guide) -> bool:
    """True where sending would be refused: no guide is told to do what they then cannot."""
    if contact.member_id is None or guide.store is None:
        return False
    brand = guide.store.region.brand_id
    refused = has_refused(contact.member_id, brand, Consent.Purpose.MARKETING)
    return refused or is_young(contact.member_id)


def withdraw(*, rule: str, contact: Contact, guide: Guide | None = None) -> int:
    """Take open suggestions of the rule back: its reason is gone. How many there were."""
    rows = Suggestion.objects.filter(rule=rule, contact=contact, state=Suggestion.State.OPEN)
    if guide is not None:
        rows = rows.filter(guide=guide)
    return rows.update(state=Suggestion.State.WITHDRAWN, decided_at=now())


def decide(suggestion: Suggestion, decision: str, until: datetime | None = None) -> Suggestion:
    """The guide's answer: `done`, `dismissed` (没用) or `snoozed` (明天再说, or until `until`).

    A suggestion that is no longer open stays as it is.
    """
    with transaction.atomic():
        locked = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
        if locked.state != Suggestion.State.OPEN:
            return locked
        if decision == "snoozed":
            locked.snoozed_until = until or _tomorrow_morning()
            locked.until = max(locked.until, locked.snoozed_until + _AWAKE)
            locked.save()
        else:
            _close(locked, Suggestion.State(decision))
    return locked


def follow_up(*, contact: Contact, guide: Guide) -> int:
    """The guide sent something: what asked for that is done. How many suggestions there were."""
    rows = Suggestion.objects.filter(
        rule__in=DONE_BY_SEND, contact=contact, guide=guide, state=Suggestion.State.OPEN
    )
    return rows.update(state=Suggestion.State.DONE, decided_at=now())


def mark_shown(suggestions: Sequence[Suggestion]) -> None:
    """Remember that the guide saw these, the first time only; no query otherwise."""
    unseen = [row.pk for row in suggestions if row.first_shown_at is None]
    if unseen:
        Suggestion.objects.filter(pk__in=unseen, first_shown_at=None).update(first_shown_at=now())


def mark_ordered(orders: Iterable[Ordered]) -> int:
    """Remember which suggestions were followed by an order; how many.

    It is the first order of the person, at the guide's brand, within 7 days after the suggestion
    was first shown. Orders may come late and in any sequence: the earliest stands.
    """
    since = now() - _OLD_ORDER
    recent = [order for order in orders if order.at > since]
    if not recent:
        return 0
    root_of = _roots({order.member_id for order in recent})
    times: dict[tuple[int | None, int], list[datetime]] = defaultdict(list)
    for order in recent:
        times[root_of.get(order.member_id), order.brand_id].append(order.at)
    changed = []
    for row in _shown_around(recent, set(root_of.values())):
        last = row.first_shown_at + ORDER_WITHIN
        after = [at for at in times[row.root, row.brand] if row.first_shown_at <= at <= last]
        first = min(after, default=None)
        if first is not None and (row.ordered_at is None or first < row.ordered_at):
            row.ordered_at = first
            changed.append(row)
    return Suggestion.objects.bulk_update(changed, ["ordered_at"], batch_size=500)


def _roots(member_ids: set[int]) -> dict[int, int]:
    rows = Member.objects.filter(pk__in=member_ids)
    return dict(rows.values_list("pk", Coalesce("same_as", "pk")))


def _shown_around(orders: Sequence[Ordered], roots: set[int]) -> Iterable[Any]:
    """Suggestions that one of the orders may have followed, with `root` and `brand`."""
    first = min(order.at for order in orders) - ORDER_WITHIN
    last = max(order.at for order in orders)
    of_people = Q(contact__member__in=roots) | Q(contact__member__same_as__in=roots)
    return Suggestion.objects.filter(
        of_people, first_shown_at__gte=first, first_shown_at__lte=last
    ).annotate(
        root=Coalesce("contact__member__same_as", "contact__member"),
        brand=F("guide__store__region__brand"),
    )


def explain(suggestion: Suggestion, *, name: str) -> Explained:
    """The suggestion in the words of its rule; `name` is the customer's as the guide knows it."""
    rule = RULES[suggestion.rule]
    words = worded(suggestion.evidence, name)
    return Explained(
        suggestion=suggestion,
        what=str(rule.what) % words,
        how=str(rule.how) % words,
        action=str(rule.action),
        trigger=str(rule.trigger),
        facts=tuple(
            _fact(key, str(label), text)
            for key, label in FACTS.items()
            if (text := _text_of(key, suggestion.evidence.get(key)))
        ),
        done_by_send=rule.done_by_send,
    )


def rests(last: Suggestion, rule: Rule, at: datetime) -> bool:
    """True while the guide's 没用 keeps the rule silent about this customer."""
    return (
        last.state == Suggestion.State.DISMISSED
        and last.decided_at is not None
        and at < last.decided_at + timedelta(days=rule.rest_days)
    )


def _may_tell_again(last: Suggestion) -> bool:
    """True when the guide was told so long ago that news is a message, and a row, of its own."""
    return last.messaged_at is not None and last.messaged_at <= now() - PER_CUSTOMER


def _close(suggestion: Suggestion, state: Suggestion.State) -> None:
    suggestion.state, suggestion.decided_at = state, now()
    suggestion.save()


def _text_of(key: str, value: Any) -> str:
    """A value of the evidence in the reader's language; '' where nothing is known."""
    if value is None:
        return ""
    return WORDS.get(key, str)(value)


def _fact(key: str, label: str, text: str) -> Fact:
    moment = parse_datetime(text) if key.endswith("_at") else None
    return Fact(label=label, text=text, moment=moment)


def _tomorrow_morning() -> datetime:
    return datetime.combine(today() + timedelta(days=1), _MORNING, SHANGHAI)
