"""What the set-up check looks at on our side: address, database, cache, worker, SDK file."""

import hashlib
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host

from guideapp.core.clock import now
from guideapp.core.health import WORKER_SILENT_AFTER
from guideapp.core.jobs.lanes import LANES
from guideapp.core.models import WorkerHeartbeat
from guideapp.wecom.check import Finding, Verdict, probe
from guideapp.wecom.check_wire import Wire
from guideapp.wecom.jssdk import SDK_FILE, SDK_SHA256


@probe("address")
def address(wire: Wire) -> Iterable[Finding]:
    """SITE_URL is https and a host that we answer for."""
    parts = urlsplit(settings.SITE_URL)
    host = parts.hostname or ""
    if parts.scheme != "https" and not settings.LOCAL:
        yield Finding("address", Verdict.BAD, "not_https", {"url": settings.SITE_URL})
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        yield Finding("address", Verdict.BAD, "not_allowed", {"host": host})
    else:
        yield Finding("address", facts={"url": settings.SITE_URL})


@probe("migrations")
def migrations(wire: Wire) -> Iterable[Finding]:
    """The database answers and has every table."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        yield Finding("migrations", Verdict.BAD, "no_database")
        return
    if missing:
        yield Finding("migrations", Verdict.BAD, "missing", {"count": len(missing)})
    else:
        yield Finding("migrations")


@probe("cache")
def cache_works(wire: Wire) -> Iterable[Finding]:
    """The cache keeps what it is given."""
    try:
        cache.set("wecom_check", "1", 10)
        works = cache.get("wecom_check") == "1"
    except (DatabaseError, OSError, ImproperlyConfigured):
        works = False
    yield Finding("cache") if works else Finding("cache", Verdict.BAD, "broken")


@probe("worker")
def worker(wire: Wire) -> Iterable[Finding]:
    """Somebody works every lane off."""
    alive = WorkerHeartbeat.objects.filter(beat_at__gt=now() - WORKER_SILENT_AFTER)
    lanes = {lane for beat in alive for lane in beat.lanes.split(",")}
    missing = [name for name in LANES if name not in lanes]
    if len(missing) == len(LANES):
        yield Finding("worker", Verdict.BAD, "none")
    elif missing:
        yield Finding("worker", Verdict.BAD, "lanes", {"lanes": ", ".join(missing)})
    else:
        yield Finding("worker")


@probe("sdk")
def sdk_file(wire: Wire) -> Iterable[Finding]:
    """The official SDK lies where our pages load it from."""
    if settings.WECOM_SDK_URL:
        yield Finding("sdk", facts={"url": settings.WECOM_SDK_URL})
        return
    try:
        digest = hashlib.sha256((settings.BASE_DIR / SDK_FILE).read_bytes()).hexdigest()
    except OSError:
        yield Finding("sdk", Verdict.BAD, "absent", {"file": str(SDK_FILE)})
        return
    if digest != SDK_SHA256:
        yield Finding("sdk", Verdict.BAD, "another", {"file": str(SDK_FILE)})
    else:
        yield Finding("sdk")
