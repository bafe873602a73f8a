"""What the pages of the privacy officer show, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.functional import Promise

from guideapp.core import retention
from guideapp.core.clock import now
from guideapp.core.models import AccessLog, AuditEntry
from guideapp.members.models import FollowRelation, Tombstone
from guideapp.members.services import ERASED_WITHIN_DAYS, Subject
from guideapp.organisation.auth import Actor
from guideapp.organisation.models import Guide
from guideapp.workbench.operator_audit import SCREENS, subject_words
from guideapp.workbench.operator_lists import page_of

_ERASURES = 20
_OWN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure that was asked for. `done_at` None: the job is under way."""

    subject: str
    asked_at: datetime
    by: str
    reason: str
    due_at: datetime
    done_at: datetime | None
    rows: int


@dataclass(frozen=True, slots=True)
class Period:
    """How long something is kept, and when that was last seen to."""

    label: str | Promise
    days: int
    ran: retention.LastRun | None


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody opened the person's profile."""

    at: datetime
    who: str
    screen: str | Promise


def erasures() -> list[Erasure]:
    """The latest, the newest first. Two queries."""
    asked = list(AuditEntry.objects.filter(action="privacy.erase").order_by("-pk")[:_ERASURES])
    ended = AuditEntry.objects.filter(
        action="privacy.erased", subject__in={row.subject for row in asked}
    )
    done = {row.subject: row for row in ended.order_by("pk")}
    return [_erasure(row, done.get(row.subject)) for row in asked]


def tombstones() -> list[tuple[str, int, int]]:
    """(kind, how many stand, how many a new consent has lifted)."""
    rows = Tombstone.objects.values("kind").annotate(
        standing=Count("pk", filter=Q(lifted_at=None)), lifted=Count("lifted_at")
    )
    found = {row["kind"]: row for row in rows}
    return [
        (str(kind.label), found[kind]["standing"], found[kind]["lifted"])
        for kind in Tombstone.Kind
        if kind in found
    ]


def periods() -> list[Period]:
    """Everything that has a period."""
    ran = retention.last_runs()
    return [Period(rule.label, rule.days, ran.get(rule.name)) for rule in retention.rules()]


def looks_at(subject: Subject, *, limit: int) -> list[Look]:
    """Who opened the person's profile, the latest first. Two queries."""
    found = AccessLog.objects.filter(subject__in=subject.log_keys)
    rows = list(found.order_by("-at")[:limit])
    people = Guide.objects.in_bulk({row.actor_id for row in rows})
    return [
        Look(
            row.at,
            people[row.actor_id].name if row.actor_id in people else "—",
            SCREENS.get(row.screen, row.screen),
        )
        for row in rows
    ]


def _erasure(row: AuditEntry, end: AuditEntry | None) -> Erasure:
    is_done = end is not None and end.at >= row.at
    return Erasure(
        subject=subject_words(row.subject),
        asked_at=row.at,
        by=row.actor,
        reason=row.reason,
        due_at=row.at + timedelta(days=ERASED_WITHIN_DAYS),
        done_at=end.at if end and is_done else None,
        rows=int(end.detail.get("rows", 0)) if end and is_done else 0,
    )


@dataclass(frozen=True, slots=True)
class OwnLook:
    """A profile that the person opened. `name` is '' for a customer who is not theirs any more."""

    at: datetime
    name: str
    screen: str | Promise


def own_looks(actor: Actor, *, after: int) -> tuple[list[OwnLook], int | None]:
    """Whom the person looked at in the last 30 days, and where the next page begins. Two queries.

    `after` is the key of the last row of the page before, 0 for the first page.
    """
    found = AccessLog.objects.filter(actor_id=actor.guide.pk, at__gte=now() - _OWN)
    rows, next_after = page_of(found, after)
    contacts = {row.subject.removeprefix("contact:") for row in rows}
    follows = FollowRelation.objects.active().visible_to(actor).select_related("contact")
    names = {
        f"contact:{follow.contact_id}": follow.shown_name
        for follow in follows.filter(contact__in=[pk for pk in contacts if pk.isdecimal()])
    }
    looks = [
        OwnLook(row.at, names.get(row.subject, ""), SCREENS.get(row.screen, row.screen))
        for row in rows
    ]
    return looks, next_after
