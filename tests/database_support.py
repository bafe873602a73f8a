"""The test database ends cleanly, whoever is still connected to it."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

_OTHERS = """
SELECT pid, state, left(query, 200), pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = %s"""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database; at the end of a run whoever still holds it is named and cut off.

    PostgreSQL drops no database that somebody uses: a process that a failed test left behind would
    hide its failure behind an error of the teardown.
    """
    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()  # our own: what is left belongs to somebody else
        with connection._nodb_cursor() as cursor:
            cursor.execute(_OTHERS, [connection.settings_dict["NAME"]])
            for holder in cursor.fetchall():
                print("still held the test database:", holder, file=sys.__stderr__)  # noqa: T201
