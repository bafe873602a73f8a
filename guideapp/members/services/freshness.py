"""How old a profile's data is: as of when the systems that fill it last told everything."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from guideapp.core.clock import now

COPY_SECONDS = 30  # a page may be this far behind


@dataclass(frozen=True, slots=True)
class Source:
    """A system that is read by us. `as_of`: everything before is with us."""

    as_of: datetime | None
    is_down: bool


type Reader = Callable[[], dict[str, Source]]

_readers: list[Reader] = []
_copy: tuple[float, dict[str, Source]] = (float("-inf"), {})


def sources_told_by(reader: Reader) -> Reader:
    """Register who knows the standing of sources, by the name that stands in `source` of rows.

    Called from card views, at most once in COPY_SECONDS for each process.
    """
    _readers.append(reader)
    return reader


def forget_sources() -> None:
    """Have the next page read the sources anew."""
    global _copy
    _copy = (float("-inf"), {})


def stale_since(sources: Iterable[str], told: Iterable[datetime | None]) -> datetime | None:
    """The moment to stamp on a profile (资料截至 …); None while its data is fresh.

    `sources` and `told`: source and as_of of the rows behind the profile. Stamped as soon as a
    source is down, and when nobody has said anything for MEMBER_DATA_FRESH_HOURS.
    """
    latest = max((moment for moment in told if moment), default=None)
    known = _sources()
    ours = [known[name] for name in set(sources) if name in known]
    complete = max((source.as_of for source in ours if source.as_of), default=None)
    if any(source.is_down for source in ours):
        return complete or latest
    newest = max((moment for moment in (latest, complete) if moment), default=None)
    limit = now() - timedelta(hours=settings.MEMBER_DATA_FRESH_HOURS)
    return newest if newest and newest < limit else None


def _sources() -> dict[str, Source]:
    global _copy
    read_at, known = _copy
    if time.monotonic() - read_at > COPY_SECONDS:
        known = {name: source for reader in _readers for name, source in reader().items()}
        _copy = (time.monotonic(), known)
    return known
