"""Count calls and refuse too many, before they cost anything.

With Redis (`REDIS_URL`) all processes count together; without it each process counts for itself,
which is right for the one process of a small installation.
"""

import hashlib
import math
import threading
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest

from guideapp.core.clock import now
from guideapp.core.errors import CacheAway, OverLimit

_FULL = 10_000  # each time so many windows have gathered, the closed ones are forgotten

_lock = threading.Lock()
_windows: dict[str, tuple[float, int]] = {}  # key → end of the window (epoch), hits in it


def hit(name: str, key: str, *, limit: int, seconds: int) -> None:
    """Count one `name` by `key`; a window of `seconds` begins with its first hit.

    Raises OverLimit, with the seconds until the window ends, for every hit after `limit`.
    """
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()
    counted = _hit_shared if settings.REDIS_URL else _hit_local
    count, end = counted(f"limit:{name}:{digest}", seconds)
    if count > limit:
        raise OverLimit(retry_after=max(1, math.ceil(end - now().timestamp())))


def address_of(request: HttpRequest) -> str:
    """The caller's address; behind our proxy the last one that the proxy itself has added."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def reset() -> None:
    """Forget what this process counted (for tests)."""
    with _lock:
        _windows.clear()


def _hit_local(key: str, seconds: int) -> tuple[int, float]:
    at = now().timestamp()
    with _lock:
        end, count = _windows.get(key, (0.0, 0))
        if end <= at:
            end, count = at + seconds, 0
        if key not in _windows and len(_windows) % _FULL == _FULL - 1:
            _forget(at)
        _windows[key] = (end, count + 1)
        return count + 1, end


def _forget(at: float) -> None:
    for key in [key for key, (end, _count) in _windows.items() if end <= at]:
        del _windows[key]


def _hit_shared(key: str, seconds: int) -> tuple[int, float]:
    """In one round trip to Redis; while it is away each process counts for itself."""
    shared: Any = caches["default"]
    try:
        found: tuple[int, float] = shared.count(key, seconds)
    except CacheAway:
        return _hit_local(key, seconds)
    return found
