"""What other systems and files may fill in: one `Resource` each, with one set of rules.

The API, the file import and the connectors all call `Resource.load`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.db import transaction
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.serializers import Serializer

from guideapp.core.results import Result, refused

_LONGEST = 200  # characters of a message

type Row = dict[str, Any]  # one record, checked and shaped by the resource's serializer
type Brands = frozenset[int] | None  # whose records the sender may write; None: everybody's


class Upsert(Protocol):
    """Write checked rows in as few statements as it takes; one Result a row, in their order.

    Rows carry only the fields that were sent: what is left out stays as it is. Nothing of a
    refused row is written. The caller gives no more than 1,000 rows and holds no transaction.
    """

    def __call__(self, rows: list[Row], *, source: str, brands: Brands) -> list[Result]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that can be filled in. `key`: by which fields the sender's record is known.

    `scope` of a client: `<name>:write`, `<name>:read`.
    """

    name: str  # plural, as in the address and in a file's import
    title: Any  # for people, translated when shown
    key: tuple[str, ...]
    serializer: type[Serializer[Any]]
    upsert: Upsert

    def load(
        self, items: Sequence[Any], *, source: str, brands: Brands = None, dry_run: bool = False
    ) -> list[Result]:
        """Check and write ≤ 1,000 raw records; one Result each, in their order.

        `items` are mappings of JSON values or texts (a file's cells: leave empty ones out).
        `dry_run` answers the same and writes nothing. Call it outside a transaction.
        """
        rows, places, results = _checked(self.serializer(), items)
        if dry_run:
            with transaction.atomic():
                done = self.upsert(rows, source=source, brands=brands)
                transaction.set_rollback(True)
        else:
            done = self.upsert(rows, source=source, brands=brands) if rows else []
        for result in done:
            place = places[result.index]
            results[place] = replace(result, index=place)
        return [results[index] for index in range(len(items))]


def fields_of(resource: Resource) -> dict[str, bool]:
    """The names of a record's fields, and whether each is required (for the mapping of columns)."""
    return {name: field.required for name, field in resource.serializer().fields.items()}


def _checked(
    serializer: Serializer[Any], items: Sequence[Any]
) -> tuple[list[Row], list[int], dict[int, Result]]:
    """(good rows, the index of each, refusals by index); one serializer checks them all."""
    rows: list[Row] = []
    places: list[int] = []
    refusals: dict[int, Result] = {}
    for index, item in enumerate(items):
        try:
            rows.append(serializer.run_validation(item))
            places.append(index)
        except ValidationError as error:
            refusals[index] = first_error(index, error.detail)
    return rows, places, refusals


def first_error(index: int, detail: Any, field: str = "") -> Result:
    """The first error of a serializer, with the path of its field (`lines.0.amount_fen`)."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        path = field if name == "non_field_errors" else f"{field}.{name}".lstrip(".")
        return first_error(index, inner, path)
    if isinstance(detail, list):
        for place, inner in enumerate(detail):
            if isinstance(inner, ErrorDetail):
                return refused(index, inner.code or "invalid", _clean(inner), _clean(field))
            if inner:
                return first_error(index, inner, f"{field}.{place}".lstrip("."))
    return refused(index, "invalid", _clean(detail), _clean(field))


def _clean(text: Any) -> str:
    """Text that any database and any reader can take: an error may quote what was sent."""
    return str(text).encode("utf-8", "replace").decode().replace("\0", "")[:_LONGEST]
