"""Write records that other systems send: many in few statements, older ones never over newer."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.core.errors import GuideAppError
from guideapp.core.results import Result, Status, refused

type Row = dict[str, Any]
type Brands = frozenset[int] | None

_BATCH = 500
_TRIES = 3
CLOCKS_DIFFER = timedelta(minutes=5)  # a sender's clock may be ahead so far
OLDER = _("我们已有更新的资料，这条没有写入")


class WrittenMeanwhile(GuideAppError):
    """Another call wrote the same records at the same time, again and again."""

    code = "written_meanwhile"
    status = 409
    message = _("同一批资料正被另一个请求写入，稍后再试")


def in_one_go[**P](upsert: Callable[P, list[Result]]) -> Callable[P, list[Result]]:
    """Run an upsert in a transaction, again when somebody else has just made the same record."""

    @wraps(upsert)
    def run(*args: P.args, **kwargs: P.kwargs) -> list[Result]:
        for _try in range(_TRIES):
            try:
                with transaction.atomic():
                    return upsert(*args, **kwargs)
            except IntegrityError:
                continue
        raise WrittenMeanwhile

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

    def store(self, model: type[M], fields: Sequence[str]) -> None:
        """Write what is new and what was touched: two statements a batch of 500."""
        model._default_manager.bulk_create(self.new, batch_size=_BATCH)
        rewrite(list(self.touched.values()), fields)

    def answers(self) -> list[Result]:
        """One Result a row, in their order."""
        return [self.results[index] for index in range(len(self.rows))]


def rewrite(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Update `fields` of stored rows by upsert: far cheaper than `bulk_update`."""
    if rows:
        type(rows[0])._default_manager.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[*fields, "updated_at"],
            batch_size=_BATCH,
        )


def set_fields(row: models.Model, values: Row) -> bool:
    """Set `values` on `row`; True when one of them was different."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def pick(row: Row, *names: str) -> Row:
    """Those of `names` that the row carries."""
    return {name: row[name] for name in names if name in row}


def need(row: Row, *names: str) -> None:
    """Refuse a row that lacks what a new record cannot be without."""
    for name in names:
        if row.get(name) in (None, ""):
            raise Refused("required", _("新的记录要有这一项"), name)
