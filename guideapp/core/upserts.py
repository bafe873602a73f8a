"""Write records that other systems send: many in few statements, older ones never over newer."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol

from django.db import IntegrityError, OperationalError, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.bulk import insert, rewrite
from guideapp.core.clock import now
from guideapp.core.results import Result, Status, refused

type Row = dict[str, Any]
type Brands = frozenset[int] | None

_TRIES = 3
CLOCKS_DIFFER = timedelta(minutes=5)  # a sender's clock may be ahead so far
OLDER = _("我们已有更新的资料，这条没有写入")


CONFLICT = _("和另一条资料冲突，没有写入；稍后再试")
_DEADLOCK = "40P01"  # PostgreSQL ended one of two transactions that waited for each other


class ReadAgain(Exception):
    """What was read before the locks were taken is no longer so."""


class Upsert(Protocol):
    """Write checked rows; one Result a row by its index."""

    def __call__(self, rows: list[Row], *, source: str, brands: Brands = None) -> list[Result]: ...


def in_one_go(upsert: Callable[..., list[Result]]) -> Upsert:
    """Run an upsert in a transaction, again when somebody else has just made the same record.

    Where that does not help, the batch is halved until only the row at fault is refused.
    """

    @wraps(upsert)
    def run(rows: list[Row], *, source: str, brands: Brands = None) -> list[Result]:
        for _try in range(_TRIES):
            try:
                with transaction.atomic():
                    return upsert(rows, source=source, brands=brands)
            except (IntegrityError, ReadAgain):
                continue
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
                    raise
        if len(rows) == 1:
            return [refused(0, "conflict", CONFLICT)]
        middle = len(rows) // 2
        first = run(rows[:middle], source=source, brands=brands)
        second = run(rows[middle:], source=source, brands=brands)
        return first + [replace(result, index=result.index + middle) for result in second]

    return run


class Refused(Exception):
    """This row cannot be written; caught by `Writing.each`."""

    def __init__(self, code: str, message: str | Promise, field: str = "") -> None:
        super().__init__(code)
        self.code, self.message, self.field = code, message, field


class Writing[M: models.Model]:
    """The rows of one batch on their way into one table whose records carry `as_of`.

    `known` holds the present rows, locked, by the sender's key.
    """

    def __init__(self, rows: Sequence[Row], known: dict[Any, M]) -> None:
        self.rows, self.known = rows, known
        self.results: dict[int, Result] = {}
        self.new: list[M] = []
        self.touched: dict[int, M] = {}
        self.at = now()

    def each(self, write: Callable[[int, Row], None]) -> None:
        """Call `write(index, row)` for every row; its Refused becomes the row's Result."""
        for index, row in enumerate(self.rows):
            try:
                write(index, row)
            except Refused as error:
                self.results[index] = refused(index, error.code, error.message, error.field)

    def as_of(self, row: Row) -> datetime:
        """When the sender's record was true; the moment of this call unless it says so."""
        told: datetime = row.get("as_of") or self.at
        if told > self.at + CLOCKS_DIFFER:
            raise Refused("future_as_of", _("as_of 在将来，检查对方系统的时钟"), "as_of")
        return told

    def put(self, index: int, key: Any, values: Row, row: Row, *, clock: str = "as_of") -> M | None:
        """Set `values` on the known row of `key`; None where what we have is newer.

        `clock` is the field that remembers how new the row is.
        """
        held, told = self.known[key], self.as_of(row)
        stands: datetime | None = getattr(held, clock)
        if stands is not None and told < stands:
            self.results[index] = Result(index, Status.UNCHANGED, "older", OLDER)
            return None
        is_changed = set_fields(held, values)
        setattr(held, clock, told)
        if held.pk is not None:
            self.touched[held.pk] = held
        self.results[index] = Result(index, Status.UPDATED if is_changed else Status.UNCHANGED)
        return held

    def make(self, index: int, key: Any, made: M) -> M:
        """Add a row that was not there."""
        self.known[key] = made
        self.new.append(made)
        self.results[index] = Result(index, Status.CREATED)
        return made

    def hint(self, index: int, code: str, message: str | Promise, field: str = "") -> None:
        """Say something about a row that is written all the same."""
        self.results[index] = Result(index, self.results[index].status, code, message, field)

    def store(self, fields: Sequence[str]) -> None:
        """Write what was touched and what is new.

        In this order, for something new may take what another row has just given up.
        """
        rewrite(list(self.touched.values()), fields)
        insert(self.new)

    def answers(self) -> list[Result]:
        """One Result a row, in their order; none for a row that has to wait for another."""
        return [self.results[index] for index in sorted(self.results)]


def set_fields(row: models.Model, values: Row) -> bool:
    """Set `values` on `row`; True when one of them was different."""
    different = {name: value for name, value in values.items() if _differs(row, name, value)}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def _differs(row: models.Model, name: str, value: Any) -> bool:
    """Of a relation by its key: to fetch what stands there would be a query for each row.

    What is not stored yet has none, and stands nowhere.
    """
    field: Any = row._meta.get_field(name)
    if field.is_relation and isinstance(value, models.Model):
        return value.pk is None or bool(getattr(row, field.attname) != value.pk)
    if field.is_relation and value is None:
        return getattr(row, field.attname) is not None
    return bool(getattr(row, name) != value)


def pick(row: Row, *names: str) -> Row:
    """Those of `names` that the row carries."""
    return {name: row[name] for name in names if name in row}


def need(row: Row, *names: str) -> None:
    """Refuse a row that lacks what a new record cannot be without."""
    for name in names:
        if row.get(name) in (None, ""):
            raise Refused("required", _("新的记录要有这一项"), name)
