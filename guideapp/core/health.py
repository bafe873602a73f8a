"""`/healthz` (the process answers) and `/readyz` (database, cache and worker are there)."""

from datetime import timedelta

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from guideapp.core.access import public
from guideapp.core.clock import now
from guideapp.core.models import WorkerHeartbeat

WORKER_SILENT_AFTER = timedelta(seconds=60)


@public("says only that the process runs")
def alive(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok", content_type="text/plain")


@public("says only which part is missing")
def ready(request: HttpRequest) -> JsonResponse:
    """200 when every part works, 503 with the missing one named otherwise."""
    parts = {"database": _database_works(), "cache": _cache_works()}
    parts["worker"] = parts["database"] and _worker_works()
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _database_works() -> bool:
    try:
        WorkerHeartbeat.objects.exists()
    except DatabaseError:
        return False
    return True


def _cache_works() -> bool:
    try:
        cache.set("readyz", "1", 10)
        return bool(cache.get("readyz") == "1")
    except (DatabaseError, OSError, ImproperlyConfigured):
        return False


def _worker_works() -> bool:
    return WorkerHeartbeat.objects.filter(beat_at__gt=now() - WORKER_SILENT_AFTER).exists()
