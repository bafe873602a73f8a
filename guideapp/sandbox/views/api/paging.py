"""Pages by an opaque cursor, which fits only the listing that it was made for."""

from collections.abc import Sequence

from django.core import signing
from django.db.models import Model, QuerySet

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.views.api.registry import ApiCall

_SALT = "sandbox.pages"


def page_of[Row: Model](
    call: ApiCall, rows: QuerySet[Row], *, of: str, most: int, default: int
) -> tuple[list[Row], str]:
    """One page of `rows` in the order of their making, and the cursor of the next or ''.

    A `limit` outside 1 to `most` falls back to the default without a word. Raises Refused 50100.
    """
    limit = _limit(call, most, default)
    after = _position(call.text("cursor"), of=of)
    found = list(rows.filter(pk__gt=after).order_by("pk")[: limit + 1])
    more = len(found) > limit
    return found[:limit], _cursor(found[limit - 1].pk, of=of) if more else ""


def slice_of[Entry](
    call: ApiCall, entries: Sequence[Entry], *, of: str, most: int, default: int
) -> tuple[list[Entry], str]:
    """As `page_of`, for a list that stands in one row."""
    limit = _limit(call, most, default)
    start = _position(call.text("cursor"), of=of)
    end = start + limit
    return list(entries[start:end]), _cursor(end, of=of) if end < len(entries) else ""


def _limit(call: ApiCall, most: int, default: int) -> int:
    asked = call.integer("limit", default)
    return asked if 1 <= asked <= most else default


def _cursor(position: int, *, of: str) -> str:
    return signing.dumps([position, of], salt=_SALT, compress=True)


def _position(cursor: str, *, of: str) -> int:
    if not cursor:
        return 0
    try:
        position, asked = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise Refused(50100) from None
    if asked != of:
        raise Refused(50100)
    return int(position)
