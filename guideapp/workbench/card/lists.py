"""Many small rows as one column: JSON objects, one a line, so that a card costs no query for them.

Written and read here alone. SQLite writes times in UTC without saying so, and numbers for booleans.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.db.models import Func, IntegerField, QuerySet, StringAgg, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime

_BETWEEN = "\n"  # never inside a JSON text: it is escaped there


class LinesOf(Func):
    """How many order lines a purchase's `params` hold."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite's spelling."""
        template = "JSON_ARRAY_LENGTH(%(expressions)s, '$.lines')"
        return super().as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """PostgreSQL's spelling."""
        template = "JSONB_ARRAY_LENGTH(%(expressions)s -> 'lines')"
        return super().as_sql(compiler, connection, template=template, **context)


def as_lines(rows: QuerySet[Any], group: str, **fields: str | Combinable) -> Subquery:
    """A column with `fields` of every row; all rows hold the same value of `group`."""
    entry = Cast(JSONObject(**fields), TextField())
    lines = rows.order_by().values(group).annotate(lines=StringAgg(entry, Value(_BETWEEN)))
    return Subquery(lines.values("lines"), output_field=TextField())


def as_object(rows: QuerySet[Any], **fields: str | Combinable) -> Subquery:
    """A column with `fields` of the first row."""
    return Subquery(rows.values(found=JSONObject(**fields))[:1])


def lines(joined: str | None) -> list[dict[str, Any]]:
    """What `as_lines` gave."""
    return [json.loads(line) for line in (joined or "").split(_BETWEEN) if line]


def inner(value: Any) -> Any:
    """A JSON column inside of a JSON object: SQLite hands it over as a text."""
    return json.loads(value) if isinstance(value, str) else value


def moment(text: str | None) -> datetime | None:
    """A time out of a database's JSON."""
    found = parse_datetime(text) if text else None
    return timezone.make_aware(found, UTC) if found and found.tzinfo is None else found


def sure_moment(text: str) -> datetime:
    """`moment` of a column that is never null."""
    found = moment(text)
    if found is None:
        raise ValueError(f"Not a time: {text!r}")
    return found
