"""Automatic tags (自动标签): rules of headquarters that put tags on and take them off again.

A tag stands while its facts do, counted over the last days; `evidence` of the mark says which.
Fresh facts are looked at every two minutes, everybody once a night.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.tasks import task
from django.utils.translation import gettext as _

from guideapp.core.clock import SHANGHAI, now
from guideapp.core.jobs.schedule import periodic
from guideapp.members.errors import RuleRefused, TagRefused
from guideapp.members.models import (
    Consent,
    Contact,
    FollowRelation,
    Member,
    MemberValue,
    Tag,
    TagGroup,
    TagMark,
    TagRule,
    TimelineEvent,
)
from guideapp.members.services.purchases import PURCHASE
from guideapp.members.services.refusals import refusals
from guideapp.members.services.topics import require_allowed
from guideapp.members.timeline import behaviours

Trigger = TagRule.Trigger
NAME_MAX = 12
DAYS_AT_MOST = 365
_FRESH = timedelta(minutes=5)  # looked at every two: a job that is late loses nothing
_BATCH = 500
_PART = 5_000  # customers of one nightly job


@dataclass(frozen=True, slots=True)
class _Fact:
    """One thing a customer did: when, and the words it is known by."""

    at: datetime
    brand: int | None  # where it was bought; None: it was not
    words: str


@dataclass(slots=True)
class _Person:
    """What the rules look at, of one contact."""

    facts: list[_Fact]
    year_fen: dict[int, int]  # by brand


@transaction.atomic
def save_rule(*, name: str, trigger: str, params: dict[str, Any]) -> TagRule:
    """The automatic tag `name` with its rule; changed facts raise the version.

    `params`: word and times (viewed, bought), hour 0–23 and times (hour), amount_fen (spent); days
    for all but spent. Raises RuleRefused, TagRefused, TopicRefused.
    """
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX:
        raise TagRefused(_("写 1 到 %(most)s 个字") % {"most": NAME_MAX})
    require_allowed(name)
    kept = _checked(trigger, params)
    group = TagGroup.objects.filter(kind=TagGroup.Kind.AUTOMATIC).order_by("pk").first()
    group = group or TagGroup.objects.create(
        kind=TagGroup.Kind.AUTOMATIC, name="自动标签", set_by=TagGroup.Setter.NOBODY
    )
    tag, _created = Tag.objects.get_or_create(group=group, name=name, gone_at=None)
    rule = TagRule.objects.select_for_update().filter(tag=tag).first()
    if rule is None:
        return TagRule.objects.create(tag=tag, trigger=trigger, params=kept)
    if (rule.trigger, rule.params) != (trigger, kept):
        rule.trigger, rule.params, rule.version = trigger, kept, rule.version + 1
    rule.is_active = True
    rule.save()
    return rule


@transaction.atomic
def switch_rule(rule: TagRule, *, on: bool) -> None:
    """Start or stop a rule; what a stopped one has set comes off."""
    rule.is_active = on
    rule.save(update_fields=["is_active", "updated_at"])
    if not on:
        TagMark.objects.filter(tag=rule.tag_id, removed_at=None).update(removed_at=now())


@periodic("*/2 * * * *", name="members.tag_rules_fresh")
@task(queue_name="bulk")
def apply_rules_to_fresh_facts() -> None:
    """Look at whoever did or bought something in the last minutes."""
    if not TagRule.objects.filter(is_active=True).exists():
        return
    recent = TimelineEvent.objects.filter(at__gt=now() - _FRESH)
    acted = recent.filter(kind__in=behaviours(), contact__isnull=False)
    people = set(acted.values_list("contact", flat=True))
    bought = recent.filter(kind=PURCHASE).values_list("member", "member__same_as")
    members = {pk for row in bought for pk in row if pk}
    people |= set(Contact.objects.filter(member__in=members).values_list("pk", flat=True))
    apply_rules(sorted(people))


@periodic("40 2 * * *", name="members.tag_rules", catch_up=True)
@task(queue_name="bulk")
def apply_rules_to_everybody(after: int = 0) -> None:
    """Every customer, a part of them a job: tags whose facts have grown old come off."""
    if not TagRule.objects.filter(is_active=True).exists():
        return
    rows = Contact.objects.filter(pk__gt=after).order_by("pk")
    some = list(rows.values_list("pk", flat=True)[:_PART])
    apply_rules(some)
    if len(some) == _PART:
        apply_rules_to_everybody.enqueue(some[-1])


def apply_rules(contact_ids: Sequence[int]) -> int:
    """Make the automatic tags of these customers what the rules say; how many marks changed."""
    rules = list(TagRule.objects.filter(is_active=True).select_related("tag"))
    changed = 0
    for first in range(0, len(contact_ids) if rules else 0, _BATCH):
        changed += _apply(rules, contact_ids[first : first + _BATCH])
    return changed


@transaction.atomic
def _apply(rules: Sequence[TagRule], contact_ids: Sequence[int]) -> int:
    people = _people(contact_ids, max(int(rule.params.get("days", 0)) for rule in rules))
    follows = list(
        FollowRelation.objects.active()
        .filter(contact__in=contact_ids)
        .values_list("pk", "contact", "guide__store__region__brand")
    )
    due: dict[tuple[int, int], dict[str, Any]] = {}
    refused = _refused_profiling(contact_ids)
    for follow, contact, brand in follows:
        for rule in () if (contact, brand) in refused else rules:
            evidence = _evidence(rule, people[contact], brand)
            if evidence:
                due[follow, rule.tag_id] = evidence | {"rule_version": rule.version}
    return _mark(due, [follow for follow, _contact, _brand in follows], rules)


def _mark(
    due: dict[tuple[int, int], dict[str, Any]], follows: Sequence[int], rules: Sequence[TagRule]
) -> int:
    """Put on what is due and take off what no longer is."""
    at = now()
    tags = [rule.tag_id for rule in rules]
    held = list(
        TagMark.objects.select_for_update()
        .filter(follow__in=follows, tag__in=tags, removed_at=None)
        .order_by("pk")
    )
    over = [mark.pk for mark in held if (mark.follow_id, mark.tag_id) not in due]
    grown = []
    for mark in held:
        evidence = due.pop((mark.follow_id, mark.tag_id), None)
        if evidence and evidence != mark.evidence:
            mark.evidence, mark.confirmed_at = evidence, at
            grown.append(mark)
    new = [
        TagMark(follow_id=follow, tag_id=tag, marked_at=at, evidence=evidence)
        for (follow, tag), evidence in due.items()
    ]
    TagMark.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    TagMark.objects.bulk_update(grown, ["evidence", "confirmed_at"], batch_size=500)
    return len(new) + TagMark.objects.filter(pk__in=over).update(removed_at=at)


def _people(contact_ids: Sequence[int], days: int) -> dict[int, _Person]:
    """Behaviours of the contacts, purchases and sums of everybody who is the same person."""
    people = {pk: _Person([], defaultdict(int)) for pk in contact_ids}
    since = now() - timedelta(days=days)
    acted = TimelineEvent.objects.filter(
        contact__in=contact_ids, kind__in=behaviours(), at__gt=since
    )
    for contact, at, params in acted.values_list("contact", "at", "params"):
        people[contact].facts.append(_Fact(at, brand=None, words=_words(params)))
    contacts_of = _contacts_of_members(contact_ids)
    orders = TimelineEvent.objects.filter(member__in=contacts_of, kind=PURCHASE, at__gt=since)
    for member, at, params in orders.values_list("member", "at", "params"):
        for contact in contacts_of[member]:
            people[contact].facts.append(
                _Fact(at, brand=params.get("brand_id", 0), words=_words(params))
            )
    values = MemberValue.objects.filter(member__in=contacts_of)
    for member, brand, year_fen in values.values_list("member", "brand", "year_spend_fen"):
        for contact in contacts_of[member]:
            people[contact].year_fen[brand] += year_fen
    return people


def _refused_profiling(contact_ids: Sequence[int]) -> set[tuple[int, int]]:
    """(contact, brand) of people who want no tags made of what they do."""
    contacts_of = _contacts_of_members(contact_ids)
    first_of = {member: contacts[0] for member, contacts in contacts_of.items()}  # of a person
    people = {contacts[0]: contacts for contacts in contacts_of.values()}
    refused = refusals(first_of, Consent.Purpose.PROFILING)
    return {(contact, brand) for first, brand in refused for contact in people[first]}


def _contacts_of_members(contact_ids: Sequence[int]) -> dict[int, list[int]]:
    """Contacts by every member row of their person."""
    by_root: dict[int, list[int]] = defaultdict(list)
    rows = Contact.objects.filter(pk__in=contact_ids, member__isnull=False)
    for contact, member, same_as in rows.values_list("pk", "member", "member__same_as"):
        by_root[same_as or member].append(contact)
    found = {root: list(contacts) for root, contacts in by_root.items()}
    others = Member.objects.filter(same_as__in=by_root).values_list("pk", "same_as")
    return found | {pk: by_root[root] for pk, root in others if root}


def _words(params: dict[str, Any]) -> str:
    """What a fact is known by: the title seen, the category, the goods bought."""
    lines: Iterable[dict[str, Any]] = params.get("lines", ())
    parts = [params.get("title", ""), params.get("category", "")]
    parts += [part for line in lines for part in (line.get("title"), line.get("category"))]
    return " ".join(str(part) for part in parts if part)


def _evidence(rule: TagRule, person: _Person, brand: int | None) -> dict[str, Any] | None:
    """What the rule found, or None. A customer of nobody's store has no brand to spend at."""
    if rule.trigger == Trigger.SPENT:
        year_fen = person.year_fen.get(brand or 0, 0)
        enough = year_fen >= int(rule.params["amount_fen"])
        return {"year_spend_fen": year_fen} if enough else None
    since = now() - timedelta(days=int(rule.params["days"]))
    facts = (fact for fact in person.facts if fact.at > since and _fits(rule, fact, brand))
    times = sorted(fact.at for fact in facts)
    if len(times) < int(rule.params["times"]):
        return None
    return {"times": len(times), "last_at": times[-1].isoformat()}


def _fits(rule: TagRule, fact: _Fact, brand: int | None) -> bool:
    """What another brand or a mall sold is theirs alone to know."""
    if rule.trigger == Trigger.ACTIVE_HOUR:
        return fact.brand is None and fact.at.astimezone(SHANGHAI).hour == rule.params["hour"]
    if rule.trigger == Trigger.BOUGHT_CATEGORY:
        right = brand is not None and fact.brand == brand
    else:
        right = fact.brand is None
    return right and str(rule.params["word"]) in fact.words


def _checked(trigger: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that the trigger needs, and no others."""
    if trigger == Trigger.SPENT:
        amount = int(params.get("amount_fen") or 0)
        if amount <= 0:
            raise RuleRefused(_("写一个大于 0 的金额"))
        return {"amount_fen": amount}
    times, days = int(params.get("times") or 0), int(params.get("days") or 0)
    if not 1 <= times <= 99 or not 1 <= days <= DAYS_AT_MOST:
        raise RuleRefused(_("次数写 1 到 99，天数写 1 到 %(most)s") % {"most": DAYS_AT_MOST})
    if trigger == Trigger.ACTIVE_HOUR:
        hour = int(params.get("hour", -1))
        if not 0 <= hour <= 23:
            raise RuleRefused(_("时段写 0 到 23 点"))
        return {"hour": hour, "times": times, "days": days}
    word = str(params.get("word") or "").strip()[:20]
    if trigger not in Trigger.values or not word:
        raise RuleRefused(_("写上要看的词，比如“大衣”"))
    return {"word": word, "times": times, "days": days}
