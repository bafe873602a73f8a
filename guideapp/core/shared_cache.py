"""Redis as the cache of all processes (`REDIS_URL`). It may go away, and pages go on without it.

Only imported where REDIS_URL is set: the `redis` package comes with requirements-prod.txt.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from guideapp.core.clock import now
from guideapp.core.errors import CacheAway

logger = logging.getLogger(__name__)

_REST_SECONDS = 2  # after a failure nobody waits for Redis again
_PATIENCE = {"socket_connect_timeout": 0.3, "socket_timeout": 0.5}

_rests_until = 0.0  # of this process, monotonic


class RedisAway(CacheAway, RedisError):
    """The same for those who know that the cache is Redis."""


class _KeptClient(RedisCacheClient):
    """Django's, but making a client of the library's for each call costs more than the call."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept: dict[bool, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client to read or to write with; safe for threads."""
        if write not in self._kept:
            self._kept[write] = super().get_client(key, write=write)
        return self._kept[write]


class SharedCache(RedisCache):
    """While Redis is away a read misses, a write is lost, and only a counter says so."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        # The client's own retries wait for seconds, and a page would wait with them.
        patience = {**_PATIENCE, "retry": Retry(NoBackoff(), 1)}
        super().__init__(server, {**params, "OPTIONS": patience | params.get("OPTIONS", {})})
        self._class = _KeptClient

    def count(self, key: str, seconds: int) -> tuple[int, float]:
        """Count one more under `key`; (count, when the window ends as epoch seconds).

        The first hit opens a window of `seconds`. One round trip. Raises CacheAway.
        """
        name = self.make_and_validate_key(key)

        def ask() -> tuple[int, float]:
            client = self._cache.get_client(name, write=True)
            with client.pipeline(transaction=True) as pipe:
                pipe.set(name, 0, ex=max(1, seconds), nx=True)
                pipe.incr(name)
                pipe.pttl(name)
                _opened, count, left_ms = pipe.execute()
            return count, now().timestamp() + left_ms / 1000

        return self._needed(ask)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The value, or `default`."""
        return self._tried(lambda: super(SharedCache, self).get(key, default, version), default)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        """Those that are there."""
        return self._tried(lambda: super(SharedCache, self).get_many(keys, version), {})

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep the value, if Redis is there."""
        self._tried(lambda: super(SharedCache, self).set(key, value, timeout, version), None)

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        """Keep the values; the keys that were not kept."""
        kept, lost = dict(data), list(data)
        return self._tried(lambda: super(SharedCache, self).set_many(kept, timeout, version), lost)

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep the value unless there is one; False also while Redis is away."""
        return self._tried(
            lambda: super(SharedCache, self).add(key, value, timeout, version), False
        )

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget the value."""
        return self._tried(lambda: super(SharedCache, self).delete(key, version), False)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number. Raises ValueError where there is none, CacheAway without Redis."""
        return self._needed(lambda: super(SharedCache, self).incr(key, delta, version))

    def _tried[Answer](self, ask: Callable[[], Answer], otherwise: Answer) -> Answer:
        try:
            return self._needed(ask)
        except CacheAway:
            return otherwise

    def _needed[Answer](self, ask: Callable[[], Answer]) -> Answer:
        global _rests_until
        if time.monotonic() < _rests_until:
            raise RedisAway
        try:
            return ask()
        except (RedisError, OSError) as error:
            _rests_until = time.monotonic() + _REST_SECONDS
            logger.warning("Redis does not answer.", extra={"error": type(error).__name__})
            raise RedisAway from None


def forget_rest() -> None:
    """Ask Redis again at once (for tests)."""
    global _rests_until
    _rests_until = 0.0
