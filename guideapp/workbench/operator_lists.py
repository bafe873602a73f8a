"""The operator's lists: a page of rows after a key, and how many rows there are of each state."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, Q, QuerySet
from django.utils.translation import gettext as _

from guideapp.core.clock import now
from guideapp.core.models import Job
from guideapp.wecom.check import KEPT_AS
from guideapp.wecom.models import ApiCall, CallbackEvent, OutboxCall, SyncCursor
from guideapp.workbench.operator_forms import WINDOWS

PAGE = 50
_OUTBOX_OPEN = ("waiting", "sending", "uncertain", "failed")  # the states of the partial index
_JOBS_OPEN = ("ready", "running", "dead")  # each has a partial index
_OK, _LOST = Q(errcode=0), Q(errcode=None)


@dataclass(frozen=True, slots=True)
class State:
    """A chip over a list; `count` None where the rows are too many to be counted for a page."""

    value: str
    label: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Listing[Row: Model]:
    """One page, newest first; `next_after` None at the end."""

    rows: list[Row]
    next_after: int | None
    states: list[State]


def inbox(chosen: dict[str, Any]) -> Listing[CallbackEvent]:
    """Events that came in the window. Two queries, both by the index on received_at."""
    found = CallbackEvent.objects.filter(received_at__gte=_since(chosen))
    if chosen["kind"]:
        word = chosen["kind"]
        found = found.filter(Q(event__icontains=word) | Q(change_type__icontains=word))
    counts = dict(found.order_by().values_list("state").annotate(Count("pk")))
    return _page(found, chosen, _states(CallbackEvent.State.choices, counts))


def outbox(chosen: dict[str, Any]) -> Listing[OutboxCall]:
    """Calls that were made due in the window. Open ones are counted whatever their age."""
    found = OutboxCall.objects.filter(created_at__gte=_since(chosen))
    still_open = OutboxCall.objects.filter(state__in=_OUTBOX_OPEN)
    if chosen["state"] in _OUTBOX_OPEN:
        found = still_open
    if chosen["kind"]:
        found = found.filter(kind__icontains=chosen["kind"])
    counts = dict(still_open.order_by().values_list("state").annotate(Count("pk")))
    states = _states(OutboxCall.State.choices, counts, countable=_OUTBOX_OPEN)
    return _page(found, chosen, states)


def jobs(chosen: dict[str, Any]) -> Listing[Job]:
    """Jobs that were enqueued in the window. What is not done is counted whatever its age."""
    found = Job.objects.filter(enqueued_at__gte=_since(chosen))
    if chosen["state"] in _JOBS_OPEN:
        found = Job.objects.all()
    if chosen["kind"]:
        found = found.filter(task__icontains=chosen["kind"])
    if chosen["lane"]:
        found = found.filter(lane=chosen["lane"])
    parts = [
        Job.objects.filter(state=state).order_by().values_list("state").annotate(Count("pk"))
        for state in _JOBS_OPEN
    ]
    counts = dict(parts[0].union(*parts[1:]))
    return _page(found, chosen, _states(Job.State.choices, counts, countable=_JOBS_OPEN))


def calls(chosen: dict[str, Any]) -> Listing[ApiCall]:
    """Calls to WeCom in the window, by outcome, path and code."""
    found = ApiCall.objects.filter(at__gte=_since(chosen))
    if chosen["kind"]:
        found = found.filter(path__startswith=chosen["kind"])
    counts = found.aggregate(
        ok=Count("pk", filter=_OK), lost=Count("pk", filter=_LOST), all=Count("pk")
    )
    counts["refused"] = counts["all"] - counts["ok"] - counts["lost"]
    labels = [("ok", _("成功")), ("refused", _("被拒绝")), ("lost", _("没有回应"))]
    if chosen["errcode"] != "":
        found = found.filter(errcode=chosen["errcode"])
    outcome = {"ok": _OK, "lost": _LOST, "refused": ~_OK & ~_LOST}
    if chosen["state"]:
        found = found.filter(outcome[chosen["state"]])
    return _page(found, chosen | {"state": ""}, _states(labels, counts))


def readings() -> list[SyncCursor]:
    """The resumable readings of WeCom, the latest first; each row is its last run."""
    rows = SyncCursor.objects.exclude(name=KEPT_AS).exclude(started_at=None)
    return list(rows.order_by("-started_at")[:PAGE])


def page_of[Row: Model](found: QuerySet[Row], after: int | str) -> tuple[list[Row], int | None]:
    """The newest rows of `found` before row `after`, and the key that the next page begins with."""
    if after:
        found = found.filter(pk__lt=after)
    rows = list(found.order_by("-pk")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def _page[Row: Model](
    found: QuerySet[Row], chosen: dict[str, Any], states: list[State]
) -> Listing[Row]:
    if chosen["state"]:
        found = found.filter(state=chosen["state"])
    rows, next_after = page_of(found, chosen["after"])
    return Listing(rows, next_after, states)


def _since(chosen: dict[str, Any]) -> Any:
    return now() - WINDOWS[chosen["window"]]


def _states(
    choices: Iterable[tuple[Any, Any]],
    counts: dict[str, int],
    countable: tuple[str, ...] | None = None,
) -> list[State]:
    return [
        State(
            value,
            str(label),
            counts.get(value, 0) if countable is None or value in countable else None,
        )
        for value, label in choices
    ]
