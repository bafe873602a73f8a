"""Querysets that are compiled once: for pages that are opened a hundred times a second.

Django builds the SQL of a queryset anew for each request, and PostgreSQL plans it anew: for a page
like the customer card that costs more processor time than everything else on it. A `Prepared` query
keeps the SQL, and PostgreSQL keeps its plan on each connection (DATABASE_KEEPS_PLANS). It runs with
the values of the moment where `Given` stood in the queryset. Rows, joined rows, annotations and
decryption stay Django's own.
"""

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import NotSupportedError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

_PLACEHOLDER = re.compile("%([s%])")


class Given(Expression):
    """In a queryset of `Prepared`: the value that `rows` is given under this name."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A placeholder, and what will stand there."""
        return "%s", [_Slot(self.name, self.output_field)]


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of one value among the parameters."""

    name: str
    field: "Field[Any, Any]"


class _Plan:
    """A compiler that has compiled, and now answers what it knows."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        self._compiler = queryset.query.clone().get_compiler(using=queryset.db)
        self._sql, params = self._compiler.as_sql()
        self._params = tuple(params)
        columns = [selected[0] for selected in self._compiler.select[: self._compiler.col_count]]
        self._converters = self._compiler.get_converters(columns)

    def bound(self, values: dict[str, Any]) -> SQLCompiler:
        """A compiler for the connection of this thread, with these values."""
        compiler = cast(Any, copy.copy(self._compiler))
        compiler.connection = connection
        compiler.execute_sql = lambda *_args, **_options: [self._fetched(values)]
        compiler.get_converters = lambda _columns: self._converters
        return cast(SQLCompiler, compiler)

    def _fetched(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows as the database gives them."""
        if connection.vendor != "postgresql":
            with connection.cursor() as cursor:
                return _read(cursor, self._sql, _filled(self._params, values))
        connection.ensure_connection()
        sql, given = self._numbered, _filled(self._slots, values)
        try:
            with _keeping() as cursor:
                return _read(cursor, sql, given)
        except NotSupportedError:  # an upgrade has changed a column: the plan kept is of no use
            self._numbered = f"{sql} "  # another text is another plan, on each connection
            if connection.in_atomic_block:
                raise
        with _keeping() as cursor:
            return _read(cursor, self._numbered, given)

    @cached_property
    def _slots(self) -> list[_Slot]:
        return [part for part in self._params if isinstance(part, _Slot)]

    @cached_property
    def _numbered(self) -> str:
        """PostgreSQL's own spelling: constants where they belong, `$1` for what is given."""
        rest, numbers = iter(self._params), count(1)

        def spelled(found: re.Match[str]) -> str:
            if found[1] == "%":
                return "%"
            part = next(rest)
            if isinstance(part, _Slot):
                return f"${next(numbers)}::{part.field.db_type(connection)}"
            return psycopg.sql.quote(part, connection.connection)

        return _PLACEHOLDER.sub(spelled, self._sql)


class _KeepingCursor(psycopg.RawCursor[Any]):
    """Has the server keep the plan of what it executes, where a setting allows it."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As psycopg does, prepared at the first time.

        The connection keeps nothing of other statements: it would remember their texts, too.
        """
        if not settings.DATABASE_KEEPS_PLANS:
            return super().execute(query, params, **options)
        self.connection.prepare_threshold = 0
        try:
            return super().execute(query, params, **options)
        finally:
            self.connection.prepare_threshold = None


def _filled(params: Sequence[Any], values: dict[str, Any]) -> list[Any]:
    """The parameters with what is given."""
    return [
        part.field.get_db_prep_value(values[part.name], connection)
        if isinstance(part, _Slot)
        else part
        for part in params
    ]


def _read(cursor: CursorWrapper, sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    cursor.execute(sql, params)
    return cast(list[tuple[Any, ...]], cursor.fetchall())


def _keeping() -> CursorWrapper:
    """A cursor of Django's on this thread's connection, whose plans are kept."""
    ours = connection.connection
    usual, ours.cursor_factory = ours.cursor_factory, _KeepingCursor
    try:
        return connection.cursor()
    finally:
        ours.cursor_factory = usual


@dataclass(frozen=True, slots=True)
class _BoundQuery:
    """What ModelIterable asks of a query."""

    compiler: SQLCompiler

    def get_compiler(self, using: str) -> SQLCompiler:
        return self.compiler


class Prepared[Row: Model]:
    """The queryset that `build` makes, compiled at its first use. Safe for threads.

    `build` is called once, so it must not read a clock, a setting or a language.
    """

    def __init__(self, build: Callable[[], QuerySet[Row]]) -> None:
        self._build = build
        self._made: tuple[type[Row], _Plan] | None = None

    def rows(self, **values: Any) -> list[Row]:
        """The rows for these values of its `Given`s."""
        if self._made is None:
            queryset = self._build()
            self._made = queryset.model, _Plan(queryset)
        model, plan = self._made
        query = cast(Any, _BoundQuery(plan.bound(values)))
        return list(ModelIterable(QuerySet(model, query, using=connection.alias)))

    def first(self, **values: Any) -> Row | None:
        """The first of the rows, or None."""
        return next(iter(self.rows(**values)), None)
