"""How much work waits, how long, and who works: for /metrics."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min, Q
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from guideapp.core.clock import now
from guideapp.core.jobs.lanes import LANES
from guideapp.core.jobs.models import Job, WorkerHeartbeat
from guideapp.core.metrics import figures

_ALIVE = timedelta(seconds=60)


@figures("jobs")
def jobs_and_workers() -> Iterator[Metric]:
    """Four reads: waiting, running and dead rows by their partial indexes, and the few workers."""
    yield from _waiting()
    yield _not_waiting()
    yield from _workers()


def _waiting() -> Iterator[Metric]:
    at = now()
    due = GaugeMetricFamily("guide_jobs_due", "Jobs that could run now.", labels=["lane"])
    later = GaugeMetricFamily("guide_jobs_later", "Jobs for a later time.", labels=["lane"])
    age = GaugeMetricFamily(
        "guide_jobs_oldest_due_seconds", "How long the oldest due job waits.", labels=["lane"]
    )
    rows = (
        Job.objects.filter(state=Job.State.READY)
        .values("lane")
        .annotate(
            due=Count("run_at", filter=Q(run_at__lte=at)), all=Count("*"), first=Min("run_at")
        )
        .order_by()
    )
    found = {row["lane"]: row for row in rows}
    for lane in LANES:
        row = found.get(lane)
        due.add_metric([lane], row["due"] if row else 0)
        later.add_metric([lane], row["all"] - row["due"] if row else 0)
        age.add_metric([lane], max(0.0, (at - row["first"]).total_seconds()) if row else 0)
    yield from (due, later, age)


def _not_waiting() -> Metric:
    held = GaugeMetricFamily("guide_jobs", "Jobs by state and lane.", labels=["state", "lane"])
    for state in (Job.State.RUNNING, Job.State.DEAD):
        rows = Job.objects.filter(state=state).values("lane").annotate(rows=Count("*")).order_by()
        found = {row["lane"]: row["rows"] for row in rows}
        for lane in LANES:
            held.add_metric([state, lane], found.get(lane, 0))
    return held


def _workers() -> Iterator[Metric]:
    """By lane: how many workers ever beat in the last day, and how old the newest beat is."""
    at = now()
    count = GaugeMetricFamily("guide_workers", "Workers that signed on.", labels=["lane"])
    age = GaugeMetricFamily(
        "guide_worker_beat_age_seconds", "Age of the newest heartbeat.", labels=["lane"]
    )
    beats = list(WorkerHeartbeat.objects.values_list("lanes", "beat_at", "seconds_ahead"))
    for lane in LANES:
        ours = [beat_at for lanes, beat_at, _off in beats if lane in lanes.split(",")]
        count.add_metric([lane], len(ours))
        if ours:
            age.add_metric([lane], (at - max(ours)).total_seconds())
    yield from (count, age)
    yield GaugeMetricFamily(
        "guide_clock_off_seconds",
        "How far a worker's clock is from the database's, at most.",
        value=max((abs(off) for _, beat_at, off in beats if at - beat_at < _ALIVE), default=0),
    )
