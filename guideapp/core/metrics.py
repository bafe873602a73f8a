"""What Prometheus reads at /metrics: requests here, and figures that rooms read from the database.

Labels name routes, lanes, states, API paths and codes: never a person, an address or an id.
With PROMETHEUS_MULTIPROC_DIR (`manage.py serve` makes one) all web processes of a machine add up.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, connections
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from guideapp.core.access import public

logger = logging.getLogger(__name__)

type Source = Callable[[], Iterable[Metric]]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_POOL_SECONDS = 1  # the pool is looked at no more often than this

REQUESTS = Counter(
    "guide_requests", "Answered requests by route, method and class.", ["route", "method", "status"]
)
LATENCY = Histogram(
    "guide_request_seconds",
    "Time to the answer by route and method.",
    ["route", "method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
_POOL = Gauge(
    "guide_db_pool",
    "Database connections of the web processes: open, idle, and requests that wait for one.",
    ["state"],
    multiprocess_mode="livesum",
)

_sources: dict[str, Source] = {}


def figures(name: str) -> Callable[[Source], Source]:
    """Register a reader of figures; each is asked at every scrape, so it reads small indexes only.

    `name` says in `guide_figures_up` whether the reader could read.
    """

    def register(source: Source) -> Source:
        _sources[name] = source
        return source

    return register


class MetricsMiddleware:
    """Count every answer and its time under the name of its route."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._pool_read_at = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve, then count."""
        began = time.perf_counter()
        response = self.get_response(request)
        ended = time.perf_counter()
        match = request.resolver_match
        route = (match.view_name if match else "") or "unknown"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(route, method, f"{response.status_code // 100}xx").inc()
        LATENCY.labels(route, method).observe(ended - began)
        if ended - self._pool_read_at > _POOL_SECONDS:
            self._pool_read_at = ended
            _read_pool()
        return response


@public("asks for the bearer token METRICS_TOKEN; without that setting there is no page")
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything that is counted, in Prometheus' text format."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").encode(errors="replace")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    response = HttpResponse(_counted() + _read_figures(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


class _Figures(Collector):
    """Asks every source once; one that cannot read says so and spoils no other."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "guide_figures_up", "1 where the figures could be read.", labels=["source"]
        )
        for name, source in sorted(_sources.items()):
            try:
                found = list(source())
            except (DatabaseError, InterfaceError):
                logger.warning("Figures could not be read.", extra={"source": name})
                found = []
                up.add_metric([name], 0)
            else:
                up.add_metric([name], 1)
            yield from found
        yield up


def _counted() -> bytes:
    """Of this process, or of all processes that share the folder."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return generate_latest(REGISTRY)
    for process in _dead_processes(Path(folder)):
        mark_process_dead(process, folder)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _dead_processes(folder: Path) -> set[int]:
    """Processes whose gauges still lie in the folder; their counters must stay."""
    named = {int(file.stem.rsplit("_", 1)[-1]) for file in folder.glob("gauge_live*_*.db")}
    return {process for process in named if not Path(f"/proc/{process}").exists()}


def _read_figures() -> bytes:
    registry = CollectorRegistry()
    registry.register(_Figures())
    return generate_latest(registry)


def _read_pool() -> None:
    """Size of the connection pool of this process; SQLite and a pool not yet open have none."""
    pools: dict[str, object] = getattr(connections["default"], "_connection_pools", {})
    pool = pools.get("default")
    if pool is None:
        return
    stats: dict[str, int] = connection.pool.get_stats()  # type: ignore[attr-defined]
    _POOL.labels("open").set(stats.get("pool_size", 0))
    _POOL.labels("idle").set(stats.get("pool_available", 0))
    _POOL.labels("waiting").set(stats.get("requests_waiting", 0))
