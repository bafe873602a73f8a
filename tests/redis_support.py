"""The machine's Redis for tests, in databases and under names of their own."""

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.core.cache import caches

from guideapp.core import shared_cache

ADDRESS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379").rstrip("/")


def redis_answers() -> bool:
    """True where tests may use a Redis."""
    try:
        return bool(redis.Redis.from_url(ADDRESS, socket_connect_timeout=1).ping())
    except redis.RedisError:
        return False


@pytest.fixture
def redis_url() -> str:
    """A database of the local Redis; without one the test is skipped, and fails in CI."""
    if not redis_answers():
        words = f"No Redis answers at {ADDRESS} (TEST_REDIS_URL): this was not tested."
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return f"{ADDRESS}/11"


@pytest.fixture
def shared_redis(redis_url: str, settings: Any) -> Iterator[Any]:
    """REDIS_URL is set, as with several processes; the cache, under names of this test's own."""
    settings.REDIS_URL = redis_url
    settings.CACHES = cache_at(redis_url)
    shared_cache.forget_rest()
    yield caches["default"]
    client = redis.Redis.from_url(redis_url)
    for key in client.scan_iter(match=f"{settings.CACHES['default']['KEY_PREFIX']}:*"):
        client.delete(key)
    client.close()
    caches["default"]._cache._pools.clear()


@pytest.fixture
def redis_gone(settings: Any) -> Iterator[None]:
    """REDIS_URL is set, and nobody answers there."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = cache_at(settings.REDIS_URL)
    shared_cache.forget_rest()
    yield
    shared_cache.forget_rest()


def cache_at(url: str) -> dict[str, Any]:
    """CACHES as the settings make it from REDIS_URL."""
    name = f"test-{uuid.uuid4().hex}"
    backend = "guideapp.core.shared_cache.SharedCache"
    return {"default": {"BACKEND": backend, "LOCATION": url, "KEY_PREFIX": name}}
