"""Put every encrypted value under the newest of DATA_KEYS, so that an old key can be retired."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from guideapp.core.fields import EncryptedTextField, Undecipherable, decrypt, encrypt, newest_key

BATCH = 500  # rows of one short transaction
SAID_EVERY = 10_000

type Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """Values of one column: put (or to be put) under the newest key, and those nobody can read."""

    column: str
    renewed: int = 0
    unreadable: int = 0


def encrypted_fields() -> list[EncryptedTextField]:
    """Every encrypted column of every table."""
    models = (model for model in apps.get_models() if model._meta.managed and not model._meta.proxy)
    fields = (field for model in models for field in model._meta.local_concrete_fields)
    return [field for field in fields if isinstance(field, EncryptedTextField)]


def reencrypt(*, dry_run: bool, say: Say) -> list[Outcome]:
    """Renew what is under older keys, a batch at a time; stopped, it goes on where it was.

    Rows are written only where the value is still the one that was read, so that what the product
    writes meanwhile stays. `dry_run` only counts.
    """
    return [_renew_column(field, dry_run=dry_run, say=say) for field in encrypted_fields()]


def _renew_column(field: EncryptedTextField, *, dry_run: bool, say: Say) -> Outcome:
    outcome = Outcome(f"{field.model._meta.db_table}.{field.column}")
    said = 0
    for rows in _old_values(field):
        changes = []
        for pk, stored in rows:
            try:
                fresh = encrypt(decrypt(stored, column=outcome.column), column=outcome.column)
            except Undecipherable:
                outcome.unreadable += 1
            else:
                changes.append((fresh, pk, stored))
        outcome.renewed += len(changes) if dry_run else _write(field, changes)
        if outcome.renewed >= said + SAID_EVERY:
            said = outcome.renewed
            say(f"{outcome.column}: {said:,} …")
    return outcome


def _old_values(field: EncryptedTextField) -> Iterator[list[tuple[Any, str]]]:
    """(key, stored value) of the rows that are not under the newest key, by key, in batches."""
    table, pk = field.model._meta.db_table, field.model._meta.pk.column
    found = f"{field.column} <> '' AND SUBSTR({field.column}, 1, %s) <> %s"
    order = f"ORDER BY {pk} LIMIT {BATCH}"
    select = f"SELECT {pk}, {field.column} FROM {table} WHERE {found}"  # noqa: S608 -- no input
    newest = f"v1|{newest_key()}|"
    values: list[Any] = [len(newest), newest]
    sql = f"{select} {order}"
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        sql, values = f"{select} AND {pk} > %s {order}", [*values[:2], rows[-1][0]]


def _write(field: EncryptedTextField, changes: list[tuple[str, Any, str]]) -> int:
    table, pk = field.model._meta.db_table, field.model._meta.pk.column
    one = f"UPDATE {table} SET {field.column} = %s WHERE {pk} = %s AND {field.column} = %s"  # noqa: S608
    written = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for change in changes:
            cursor.execute(one, change)
            written += cursor.rowcount
    return written
