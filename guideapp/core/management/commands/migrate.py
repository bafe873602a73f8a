"""Django's `migrate`, gentle to a system in use."""

import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections

_LOCK_SECONDS = 2  # longer would let every query of the table queue up behind us
_TRIES = 20
_PAUSE_SECONDS = 3


class Command(Migrate):
    """`manage.py migrate`: on PostgreSQL it waits 2 s for a lock at most, and then tries again.

    A statement may take as long as it needs (an index over millions of rows).
    """

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        """Migrate; what was done before a lock was refused stays done."""
        if connections[database].vendor != "postgresql":
            super().handle(*args, database=database, **options)
            return
        for left in reversed(range(_TRIES)):
            _set_limits(database, lock_seconds=_LOCK_SECONDS, statement="0")
            try:
                super().handle(*args, database=database, **options)
            except OperationalError as error:
                if not _was_a_lock(error):
                    raise
                if not left:
                    raise CommandError("A table stayed locked. Run it again later.") from error
                self.stderr.write("A table is locked; trying again.")
                time.sleep(_PAUSE_SECONDS)
            else:
                return
            finally:
                _reset_limits(database)


def _set_limits(database: str, *, lock_seconds: int, statement: str) -> None:
    with connections[database].cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{lock_seconds}s'")
        cursor.execute(f"SET statement_timeout = '{statement}'")


def _reset_limits(database: str) -> None:
    """The connection may go on to serve tests, which keep their own limits."""
    with connections[database].cursor() as cursor:
        cursor.execute("RESET lock_timeout")
        cursor.execute("RESET statement_timeout")


def _was_a_lock(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", "") == "55P03"
