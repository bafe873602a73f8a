"""Which column holds what about people, and what becomes of it when somebody is erased.

Each room says it once for each of its models, in its `personal.py`. Export and erasure follow what
is said there, so that a column which is declared is also exported and erased.

Classes: **S** secrets and tokens · **P1** phone, unionid, birthday, chat · **P2** name, avatar,
tags, orders, points, notes · **P3** the rest.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from django.db import transaction
from django.db.models import F, ForeignKey, Model, Q, QuerySet, TextField
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Cast
from django.db.models.lookups import Contains
from django.utils.functional import Promise

from guideapp.core.models import AppendOnly, AppendOnlyQuerySet

_MARK_MIN = 6  # a shorter number would stand in rows of other people too


class About(StrEnum):
    """Whose data the rows of a table are."""

    CUSTOMER = "customer"
    STAFF = "staff"  # the company's own people: not what a customer's export or erasure is about
    NOBODY = "nobody"


class Fate(StrEnum):
    """What an erasure does with the rows of the person."""

    DELETE = "delete"
    BLANK = "blank"  # the row stays for counting, under a pseudonym
    KEEP = "keep"  # `why` says what obliges us to


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: ids of all their member rows and contacts, and what names them in texts.

    `followers`: ids of the rows by which an official account knows them.
    `marks`: external_userids, unionids, openids, numbers, phones without country code.
    """

    members: frozenset[int]
    contacts: frozenset[int]
    marks: frozenset[str]
    followers: frozenset[int] = frozenset()

    def stands_in(self, text: str) -> bool:
        """True where a text names the person."""
        return any(len(mark) >= _MARK_MIN and mark in text for mark in self.marks)


type Reach = Callable[[Person], Q]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a room said about one of its models.

    `classes`: field → class. `of` finds a person's rows. `blank`: field → what an erasure puts
    there: a value, an expression, or a function that makes one at that moment. `keeps`: personal
    field → why an erasure leaves it. `derived` fields repeat another one in a form nobody reads;
    an export leaves them out, and so it does a whole table with `untold`, which says why.
    """

    model: type[Model]
    about: About
    classes: Mapping[str, str]
    label: str | Promise
    of: Reach | None = None
    fate: Fate = Fate.KEEP
    blank: Mapping[str, Any] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    derived: frozenset[str] = frozenset()
    untold: str = ""

    def rows(self, person: Person) -> QuerySet[Any]:
        """The rows about `person`, oldest first."""
        reached = self.of(person) if self.of else Q(pk__in=[])
        return self.model._default_manager.filter(reached).order_by("pk")

    @property
    def exported(self) -> list[str]:
        """The fields that belong into an export: no secrets, no keys of rows, nothing twice."""
        return [
            name
            for name, sort in self.classes.items()
            if sort != "S" and name not in self.derived and name != "id"
        ]

    @property
    def personal(self) -> set[str]:
        """The fields that an erasure has to answer for."""
        held = {name for name, sort in self.classes.items() if sort in {"P1", "P2"}}
        return held | self.derived


_tables: dict[type[Model], Table] = {}
_before: list[Callable[[Person], None]] = []


def table(  # noqa: PLR0913 -- a table of names, read as one
    model: type[Model],
    *,
    about: About = About.NOBODY,
    label: str | Promise = "",
    of: Reach | None = None,
    fate: Fate = Fate.KEEP,
    blank: Mapping[str, Any] | None = None,
    keeps: Mapping[str, str] | None = None,
    s: str = "",
    p1: str = "",
    p2: str = "",
    p3: str = "",
    derived: str = "",
    untold: str = "",
) -> None:
    """Say what each field of `model` is: names of fields, separated by spaces, under their class.

    Raises ValueError for a name that stands under two classes.
    """
    classes: dict[str, str] = {}
    for sort, names in (("P1", p1), ("P2", p2), ("S", s), ("P3", p3)):
        for name in names.split():
            if name in classes:
                raise ValueError(f"{model.__name__}.{name} has two classes.")
            classes[name] = sort
    _tables[model] = Table(
        model=model,
        about=about,
        classes=classes,
        label=label,
        of=of,
        fate=fate,
        blank=blank or {},
        keeps=keeps or {},
        derived=frozenset(derived.split()),
        untold=untold,
    )


def before_erasure(act: Callable[[Person], None]) -> Callable[[Person], None]:
    """Have `act` called in the transaction of an erasure, before any row is touched.

    For what is no row: files, caches. It may raise to put the erasure off (core.errors).
    """
    _before.append(act)
    return act


def tables() -> list[Table]:
    """Everything that was said, room by room."""
    return list(_tables.values())


def mentioning(*columns: str) -> Reach:
    """Rows in which one of the columns (text or JSON) holds a mark of the person."""

    def of(person: Person) -> Q:
        found = Q(pk__in=[])
        for column in columns:
            for mark in sorted(person.marks):
                if len(mark) >= _MARK_MIN:
                    found |= Q(Contains(Cast(F(column), TextField()), mark))
        return found

    return of


def of_member(path: str = "member") -> Reach:
    """Rows whose foreign key `path` names a member row of the person."""
    return lambda person: Q(**{f"{path}__in": person.members})


def of_contact(path: str = "contact") -> Reach:
    """Rows whose foreign key `path` names a contact of the person."""
    return lambda person: Q(**{f"{path}__in": person.contacts})


def either(*reaches: Reach) -> Reach:
    """Rows that one of several ways finds."""

    def of(person: Person) -> Q:
        found = Q(pk__in=[])
        for reach in reaches:
            found |= reach(person)
        return found

    return of


def export(person: Person) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Each table with rows about `person`, and the rows: field → JSON value.

    A foreign key is told by the name of what it points at; times are ISO 8601 in UTC.
    """
    for one in tables():
        if one.about is About.CUSTOMER and not one.untold:
            named = _named(one)
            rows = one.rows(person).select_related(*named) if named else one.rows(person)
            found = [{name: _told(row, name) for name in one.exported} for row in rows]
            if found:
                yield one, found


def counts(person: Person) -> list[tuple[Table, int]]:
    """How many rows each table holds about `person`; those with none are left out."""
    customers = (one for one in tables() if one.about is About.CUSTOMER)
    found = [(one, one.rows(person).count()) for one in customers]
    return [(one, number) for one, number in found if number]


@transaction.atomic
def erase(person: Person) -> dict[str, int]:
    """Do with each row about `person` what its room said; table → how many rows that were."""
    for act in _before:
        act(person)
    done = {}
    for one in tables():
        if one.about is About.CUSTOMER and one.fate is not Fate.KEEP:
            number = _erase(one, person)
            if number:
                done[one.model._meta.label] = number
    return done


def _erase(one: Table, person: Person) -> int:
    rows = one.rows(person).order_by()
    if one.fate is Fate.DELETE:
        deleted: int = rows.delete()[1].get(one.model._meta.label, 0)
        return deleted
    values = {name: value() if callable(value) else value for name, value in one.blank.items()}
    if issubclass(one.model, AppendOnly):
        return cast("AppendOnlyQuerySet[Any]", rows).pseudonymise(**values)
    return int(rows.update(**values))


def _named(one: Table) -> list[str]:
    """Foreign keys whose target is told by name."""
    fields = (one.model._meta.get_field(name) for name in one.exported)
    return [field.name for field in fields if isinstance(field, ForeignKey)]


def _told(row: Model, name: str) -> Any:
    value = getattr(row, name)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, FieldFile):
        return value.name
    if isinstance(value, Model):
        named = (getattr(value, attribute, "") for attribute in ("name", "title", "number"))
        return next((text for text in named if text), value.pk)
    return value
