"""The operator's lists: a page of rows after a key, and how many rows there are of each state.

The tables grow for years and a page has five seconds. So a list is read by its key from the newest
row down, what no index finds is looked for in `SPAN` rows at a time, and no count goes beyond
`COUNTED`. Rows that somebody still has to see to are few, are found by their partial index, and
are listed whatever their age.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Model, Q, QuerySet
from django.utils.translation import gettext as _

from guideapp.core.clock import now
from guideapp.core.models import Job
from guideapp.wecom.models import ApiCall, CallbackEvent, OutboxCall, SyncRun
from guideapp.workbench.operator_forms import WINDOWS

PAGE = 50
SPAN = 100_000
COUNTED = 10_000  # more are "10,000+"
_INBOX_OPEN = ("pending", "dead")  # each has a partial index
_OUTBOX_OPEN = ("waiting", "sending", "uncertain", "failed")  # the states of the partial index
_JOBS_OPEN = ("ready", "running", "dead")  # each has a partial index
_OK, _LOST = Q(errcode=0), Q(errcode=None)


@dataclass(frozen=True, slots=True)
class State:
    """A chip over a list; `count` None where the rows are too many to be counted for a page."""

    value: str
    label: str
    count: int | None
    is_more: bool = False  # there are more than `count`


@dataclass(frozen=True, slots=True)
class Listing[Row: Model]:
    """One page, newest first; `next_after` None at the end. A short one may go on."""

    rows: list[Row]
    next_after: int | None
    states: list[State]


def inbox(chosen: dict[str, Any]) -> Listing[CallbackEvent]:
    """Events that came in the window; those to see to whatever their age."""
    found = CallbackEvent.objects.all()
    if chosen["kind"]:
        word = chosen["kind"]
        found = found.filter(Q(event__icontains=word) | Q(change_type__icontains=word))
    states = _states(CallbackEvent.State.choices, _counts(CallbackEvent, _INBOX_OPEN))
    return _page(found, chosen, states, since="received_at", still_open=_INBOX_OPEN)


def outbox(chosen: dict[str, Any]) -> Listing[OutboxCall]:
    """Calls that were made due in the window; open ones whatever their age."""
    found = OutboxCall.objects.all()
    if chosen["kind"]:
        found = found.filter(kind__icontains=chosen["kind"])
    states = _states(OutboxCall.State.choices, _counts(OutboxCall, _OUTBOX_OPEN))
    return _page(found, chosen, states, since="created_at", still_open=_OUTBOX_OPEN)


def jobs(chosen: dict[str, Any]) -> Listing[Job]:
    """Jobs that were enqueued in the window; what is not done whatever its age."""
    found = Job.objects.all()
    if chosen["kind"]:
        found = found.filter(task__icontains=chosen["kind"])
    if chosen["lane"]:
        found = found.filter(lane=chosen["lane"])
    states = _states(Job.State.choices, _counts(Job, _JOBS_OPEN))
    return _page(found, chosen, states, since="enqueued_at", still_open=_JOBS_OPEN)


def calls(chosen: dict[str, Any]) -> Listing[ApiCall]:
    """Calls to WeCom in the window, by outcome, path and code; the newest ones are counted."""
    found = ApiCall.objects.all()
    if chosen["kind"]:
        found = found.filter(path__startswith=chosen["kind"])
    newest, since = _newest(ApiCall), _since(chosen)
    counts = _outcomes(found.filter(at__gte=since, pk__gt=newest - SPAN))
    older = ApiCall.objects.filter(at__gte=since, pk__lte=newest - SPAN)
    is_more = sum(counts.values()) > COUNTED or (newest > SPAN and older.exists())
    labels = [("ok", _("成功")), ("refused", _("被拒绝")), ("lost", _("没有回应"))]
    if chosen["errcode"] != "":
        found = found.filter(errcode=chosen["errcode"])
    outcome = {"ok": _OK, "lost": _LOST, "refused": ~_OK & ~_LOST}
    if chosen["state"]:
        found = found.filter(outcome[chosen["state"]])
    states = _states(labels, counts, is_more=is_more)
    chosen = chosen | {"state": "", "after": chosen["after"] or newest + 1}
    return _page(found, chosen, states, since="at")


def readings(chosen: dict[str, Any]) -> Listing[SyncRun]:
    """Readings of WeCom that began in the window. The table holds a month of them."""
    found = SyncRun.objects.all()
    if chosen["kind"]:
        parts = Q(reading__startswith=f"{chosen['kind']}.")
        found = found.filter(parts | Q(reading=chosen["kind"]))
    counts = _counts(SyncRun, tuple(SyncRun.State.values))
    return _page(found, chosen, _states(SyncRun.State.choices, counts), since="started_at")


def page_of[Row: Model](found: QuerySet[Row], after: int | str) -> tuple[list[Row], int | None]:
    """The newest rows of `found` before row `after`, and the key that the next page begins with."""
    if after:
        found = found.filter(pk__lt=after)
    rows = list(found.order_by("-pk")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def page_in_span[Row: Model](
    found: QuerySet[Row], after: int | str, within: Q
) -> tuple[list[Row], int | None]:
    """Like `page_of` for rows `within` a window, looking through no more than SPAN rows.

    A page that found too little there says where to look on, as long as the window goes on.
    """
    every = found.model._default_manager.order_by("-pk")
    top = int(after) if after else _newest(found.model) + 1
    floor = top - SPAN
    rows, next_after = page_of(found.filter(within, pk__gte=floor), top)
    if next_after is None and floor > 1:
        older = every.filter(pk__lt=floor).values_list("pk", flat=True)[:1]
        next_after = floor if every.filter(within, pk__in=list(older)).exists() else None
    return rows, next_after


def _page[Row: Model](
    found: QuerySet[Row],
    chosen: dict[str, Any],
    states: list[State],
    *,
    since: str,
    still_open: tuple[str, ...] = (),
) -> Listing[Row]:
    if chosen["state"]:
        found = found.filter(state=chosen["state"])
    if chosen["state"] in still_open:
        rows, next_after = page_of(found, chosen["after"])
    else:
        within = Q(**{f"{since}__gte": _since(chosen)})
        rows, next_after = page_in_span(found, chosen["after"], within)
    return Listing(rows, next_after, states)


def _since(chosen: dict[str, Any]) -> Any:
    return now() - WINDOWS[chosen["window"]]


def _newest(model: type[Model]) -> int:
    return model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0


def _counts(model: type[Model], states: tuple[str, ...]) -> dict[str, int]:
    """How many rows each state has, counted to the first beyond COUNTED. One query."""
    table = model._meta.db_table
    one = f"SELECT 1 FROM {table} WHERE state = %s LIMIT {COUNTED + 1}"  # noqa: S608 -- no input
    parts = ", ".join([f"(SELECT COUNT(*) FROM ({one}) AS found)"] * len(states))  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}", states)
        return dict(zip(states, cursor.fetchone(), strict=True))


def _outcomes(found: QuerySet[ApiCall]) -> dict[str, int]:
    """How the newest calls of `found` went, counted to the first beyond COUNTED."""
    counts = found.order_by("-pk")[: COUNTED + 1].aggregate(
        ok=Count("pk", filter=_OK), lost=Count("pk", filter=_LOST), all=Count("pk")
    )
    refused = counts["all"] - counts["ok"] - counts["lost"]
    return {"ok": counts["ok"], "refused": refused, "lost": counts["lost"]}


def _states(
    choices: Iterable[tuple[Any, Any]], counts: dict[str, int], *, is_more: bool = False
) -> list[State]:
    return [_state(value, str(label), counts.get(value), is_more) for value, label in choices]


def _state(value: str, label: str, count: int | None, is_more: bool) -> State:
    if count is None or count <= COUNTED:
        return State(value, label, count, bool(count) and is_more)
    return State(value, label, COUNTED, True)
