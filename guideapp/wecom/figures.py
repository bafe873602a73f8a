"""What WeCom told us and has not been handled, what we owe it, how its calls went: for /metrics."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Avg, Count, Min
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from guideapp.core.clock import now
from guideapp.core.metrics import figures
from guideapp.wecom.models import ApiCall, CallbackEvent, OutboxCall

_CALLS_OF = timedelta(minutes=1)
# Finished rows are a hundred times as many and not in the index.
_OPEN = (
    OutboxCall.State.WAITING,
    OutboxCall.State.SENDING,
    OutboxCall.State.UNCERTAIN,
    OutboxCall.State.FAILED,
)


@figures("wecom")
def inbox_outbox_and_calls() -> Iterator[Metric]:
    """Four reads: three partial indexes and the last minute of the call ledger."""
    at = now()
    yield from _inbox(at)
    yield from _outbox(at)
    yield from _calls(at)


def _inbox(at: datetime) -> Iterator[Metric]:
    waiting = CallbackEvent.objects.filter(state=CallbackEvent.State.PENDING)
    found = waiting.aggregate(rows=Count("*"), first=Min("received_at"))
    yield GaugeMetricFamily("guide_inbox_pending", "Callbacks not handled.", value=found["rows"])
    yield GaugeMetricFamily(
        "guide_inbox_oldest_seconds",
        "Age of the oldest callback that is not handled.",
        value=_age(found["first"], at),
    )
    dead = CallbackEvent.objects.filter(state=CallbackEvent.State.DEAD).count()
    yield GaugeMetricFamily("guide_inbox_dead", "Callbacks that were given up.", value=dead)


def _outbox(at: datetime) -> Iterator[Metric]:
    count = GaugeMetricFamily("guide_outbox", "Calls that are not done.", labels=["state"])
    age = GaugeMetricFamily(
        "guide_outbox_oldest_seconds", "Age of the oldest call of a state.", labels=["state"]
    )
    rows = OutboxCall.objects.filter(state__in=_OPEN).values("state")
    found = {row["state"]: row for row in rows.annotate(rows=Count("*"), first=Min("created_at"))}
    for state in _OPEN:
        row = found.get(state)
        count.add_metric([state], row["rows"] if row else 0)
        age.add_metric([state], _age(row["first"], at) if row else 0)
    yield from (count, age)


def _calls(at: datetime) -> Iterator[Metric]:
    """Of all processes on all machines, because the ledger is one."""
    labels = ["path", "errcode"]
    count = GaugeMetricFamily("guide_wecom_calls", "Calls in the last minute.", labels=labels)
    took = GaugeMetricFamily("guide_wecom_call_seconds", "Their mean time.", labels=labels)
    rows = (
        ApiCall.objects.filter(at__gt=at - _CALLS_OF)
        .values("path", "errcode", "failure")
        .annotate(rows=Count("*"), took=Avg("duration_ms"))
        .order_by()
    )
    for row in rows:
        code = row["failure"] if row["errcode"] is None else str(row["errcode"])
        count.add_metric([row["path"], code], row["rows"])
        took.add_metric([row["path"], code], row["took"] / 1000)
    yield from (count, took)


def _age(first: datetime | None, at: datetime) -> float:
    return max(0.0, (at - first).total_seconds()) if first else 0.0
