"""Redis as the cache: shared while it is there, missed quietly when it is not."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from guideapp.core.clock import now
from guideapp.core.errors import CacheAway
from guideapp.core.models import WorkerHeartbeat


def test_what_one_process_keeps_another_reads(shared_redis: Any) -> None:
    cache.set("a", {"b": 1}, 60)
    assert cache.get("a") == {"b": 1}
    assert cache.add("a", 2, 60) is False
    assert cache.set_many({"c": 1, "d": 2}) == []
    assert cache.get_many(["c", "d", "e"]) == {"c": 1, "d": 2}
    assert cache.incr("c", 4) == 5
    assert cache.delete("a") is True
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")


@pytest.mark.usefixtures("redis_gone")
def test_without_redis_nothing_is_cached_and_nothing_fails() -> None:
    cache.set("a", 1)
    assert cache.get("a", "default") == "default"
    assert cache.get_many(["a"]) == {}
    assert cache.add("a", 1) is False
    assert cache.set_many({"a": 1}) == ["a"]
    assert cache.delete("a") is False
    with pytest.raises(CacheAway):
        cache.incr("a")


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_gone")
def test_ready_says_that_the_cache_is_missing(client: Client) -> None:
    WorkerHeartbeat.objects.create(worker="w", lanes="normal", beat_at=now())
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": True, "cache": False, "worker": True}
