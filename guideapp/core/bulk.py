"""Many rows in one go: `bulk_create` where Django's way would cost more than the database's work.

Django hands each value of each row over by itself, and psycopg writes them all into one statement;
for a reading of a million customers that is most of the time. PostgreSQL's COPY takes rows as they
are. On SQLite these are `bulk_create`. No signals, as with Django; no models with a parent table.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, cast

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from psycopg import sql

type _Field = models.Field[Any, Any]

_BATCH = 500  # rows of a statement where COPY is not there
_FEW = 20  # rows for which a table of their own costs more than it saves
_ID = sql.Identifier("id")
_KEYS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_COPY = sql.SQL("COPY {table} ({names}) FROM STDIN")
_ROOM = sql.SQL(
    "CREATE TEMP TABLE {told} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"
)
_REWRITE = sql.SQL("UPDATE {table} SET {settings} FROM {told} told WHERE {table}.id = told.id")
_numbers = count(1)

# Fields whose values the driver writes as they stand; others are asked for theirs.
_PLAIN: frozenset[type] = frozenset(
    {
        models.BigAutoField,
        models.BigIntegerField,
        models.BooleanField,
        models.CharField,
        models.DateField,
        models.DateTimeField,
        models.ForeignKey,
        models.IntegerField,
        models.OneToOneField,
        models.PositiveIntegerField,
        models.PositiveSmallIntegerField,
        models.SmallIntegerField,
        models.TextField,
    }
)


def insert(rows: Sequence[models.Model]) -> None:
    """Store new rows of one table; they know their keys afterwards.

    Raises IntegrityError when one is there already; then none is stored.
    """
    if not rows:
        return
    if connection.vendor != "postgresql":
        _objects(rows).bulk_create(rows, batch_size=_BATCH)
        return
    meta = rows[0]._meta
    with transaction.atomic(savepoint=False):
        for row, key in zip(rows, _keys(meta.db_table, len(rows)), strict=True):
            row.pk = key
        _copy(meta.db_table, meta.concrete_fields, rows)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_missing(rows: Sequence[models.Model], **conflicts: Any) -> None:
    """`insert`; where some are there already, `bulk_create` with these `conflicts` decides."""
    if not rows:
        return
    try:
        with transaction.atomic():
            insert(rows)
    except IntegrityError:
        for row in rows:
            row.pk = None
        _objects(rows).bulk_create(rows, batch_size=_BATCH, **conflicts)


def rewrite(rows: Sequence[models.Model], fields: Iterable[str]) -> None:
    """Update `fields` of stored rows, and `updated_at`: far cheaper than `bulk_update`.

    In no promised order: rows that exchange a unique value may raise IntegrityError.
    """
    if not rows:
        return
    if connection.vendor != "postgresql" or len(rows) <= _FEW:
        _objects(rows).bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[*fields, "updated_at"],
            batch_size=_BATCH,
        )
        return
    meta = rows[0]._meta
    wanted = {"id", "updated_at", *fields}
    columns = [field for field in meta.concrete_fields if field.name in wanted]
    names = [sql.Identifier(_column(field)) for field in columns]
    told = f"rewritten_{next(_numbers)}"
    words = {
        "table": sql.Identifier(meta.db_table),
        "told": sql.Identifier(told),
        "names": sql.SQL(", ").join(names),
        "settings": sql.SQL(", ").join(
            sql.SQL("{0} = told.{0}").format(name) for name in names if name != _ID
        ),
    }
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(_ROOM.format(**words))
        _copy(told, columns, rows)
        cursor.execute(_REWRITE.format(**words))


def _copy(table: str, fields: Sequence[_Field], rows: Iterable[models.Model]) -> None:
    names = sql.SQL(", ").join([sql.Identifier(_column(field)) for field in fields])
    statement = _COPY.format(table=sql.Identifier(table), names=names)
    values = attrgetter(*(field.attname for field in fields))
    clocks = [field.attname for field in fields if _is_clock(field)]
    asked = [(place, field) for place, field in enumerate(fields) if type(field) not in _PLAIN]
    relations = [field for field in fields if field.is_relation]
    at = timezone.now()
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            for clock in clocks:
                setattr(row, clock, at)
            for relation in relations:
                _learn_key(row, relation)
            cells = list(values(row))
            for place, field in asked:
                cells[place] = field.get_db_prep_save(cells[place], connection)
            copy.write_row(cells)


def _is_clock(field: _Field) -> bool:
    """True for `created_at` and `updated_at`, which Django sets itself."""
    return getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)


def _learn_key(row: models.Model, relation: Any) -> None:
    """What a row points at may have been stored after it was made. Raises ValueError if not."""
    if getattr(row, relation.attname) is None and relation.is_cached(row):
        pointed_at = relation.get_cached_value(row)
        if pointed_at is not None and pointed_at.pk is None:
            raise ValueError(f"{relation.name} of {row!r} is not stored yet.")
        setattr(row, relation.name, pointed_at)


def _column(field: _Field) -> str:
    return str(field.column)


def _keys(table: str, how_many: int) -> list[int]:
    """Keys that nobody else gets."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, [table, how_many])
        return [key for (key,) in cursor.fetchall()]


def _objects(rows: Sequence[models.Model]) -> models.Manager[Any]:
    return cast(models.Manager[Any], type(rows[0])._default_manager)
