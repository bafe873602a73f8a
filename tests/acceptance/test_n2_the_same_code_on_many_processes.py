"""By environment alone the same code runs on PostgreSQL and Redis, with many processes.

The other half of N2, one process on an embedded database, is test_n2_one_command.py.
"""

import os
import shutil
from collections.abc import Iterator

import psycopg
import pytest
import redis
from playwright.sync_api import Browser

from tests.screens import shoot
from tools.prod_local import POSTGRES, scratch_database
from tools.prod_local_smoke import Window, guide_sends_a_material
from tools.prod_local_stack import LANES, Stack

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def database(worker_id: str) -> Iterator[str]:
    """An empty PostgreSQL database; without a server the test is skipped, and fails in CI."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.OperationalError:
        words = f"No PostgreSQL answers at {POSTGRES} (TEST_DATABASE_URL): this was not tested."
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    with scratch_database(f"guide_n2_{worker_id}_{os.getpid()}") as url:
        yield url


@pytest.fixture
def counters(redis_url: str) -> Iterator[str]:
    """An empty database of the local Redis that no other test uses."""
    url = f"{redis_url.rpartition('/')[0]}/12"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def installation(database: str, counters: str) -> Iterator[Stack]:
    """Production settings, two web processes, a worker for each lane."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: nobody can make a certificate.")
    with Stack(database, redis_url=counters) as stack:
        stack.start_wecom()
        stack.prepare()
        stack.start_web(2)
        stack.start_workers()
        yield stack


def test_a_guide_sends_where_postgresql_redis_and_five_processes_serve(
    installation: Stack, database: str, counters: str, browser: Browser
):
    guide = Window(browser, installation)
    guide_sends_a_material(guide)
    shoot(guide.page, "n2-many-processes", whole=False)
    assert guide.troubles == []
    assert installation.ready() == {"database": True, "cache": True, "worker": True}
    with psycopg.connect(database) as asked:
        assert asked.execute("SELECT state FROM materials_share").fetchall() == [("sent",)]
        beats = asked.execute("SELECT lanes FROM core_workerheartbeat ORDER BY 1").fetchall()
    assert [lanes for (lanes,) in beats] == sorted(LANES)
    with redis.Redis.from_url(counters) as client:
        assert client.dbsize() > 0
    guide.context.close()
