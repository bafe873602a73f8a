"""Fetch records from systems that do not push (拉取): page by page, resumable, on a schedule.

A new kind of source is a subclass of `Connector` with one method; `connectors_rest.py` is one.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction

from guideapp.core.clock import now
from guideapp.core.logs import mask
from guideapp.integration.models import ConnectorState
from guideapp.integration.services.registry import RESOURCES
from guideapp.members.services.freshness import Source

logger = logging.getLogger(__name__)

_PAGES_A_JOB = 200  # then another job goes on from the cursor
_ITEMS_A_PAGE = 1_000
_SPLIT = " "  # between the moment at which a pass began and the source's own cursor


class SourceDown(Exception):
    """The source gave no usable answer; the text says why, without an address or a key."""


@dataclass(frozen=True)
class Page:
    """Records as the API takes them, in the source's order.

    `cursor`: where the next page begins, '' at the end (≤ 160 characters). `as_of`: the source's
    clock when it made the page.
    """

    items: list[dict[str, Any]]
    cursor: str
    as_of: datetime


class Connector(ABC):
    """One source. `name` stands as `source` in what it fills; `resources` are those it has."""

    name: ClassVar[str]
    resources: ClassVar[tuple[str, ...]]

    @abstractmethod
    def fetch(self, resource: str, *, since: datetime | None, cursor: str) -> Page:
        """The page at `cursor` of what changed at or after `since` (None: everything).

        Raises SourceDown. No transaction is open.
        """


@dataclass(frozen=True)
class Pulled:
    """What a pull brought: records read, and how many of them were refused."""

    read: int
    refused: int
    is_complete: bool


def pull(connector: Connector, resource: str) -> Pulled:
    """Fetch what is new, from the cursor where the last pull stopped; the state says how it went.

    A page is loaded before its cursor is kept: a crash in between loads it twice, which changes
    nothing. Refused records are logged and passed over. Raises SourceDown after noting it.
    """
    state, _created = ConnectorState.objects.get_or_create(name=connector.name, resource=resource)
    began, _mark, cursor = state.cursor.partition(_SPLIT)
    read = refused = 0
    for _page in range(_PAGES_A_JOB):
        try:
            page = connector.fetch(resource, since=state.as_of, cursor=cursor)
            _check(page, cursor)
        except SourceDown as error:
            _note_failure(state, str(error))
            raise
        read, refused = read + len(page.items), refused + _load(connector, resource, page.items)
        began = began or page.as_of.isoformat()
        cursor = page.cursor
        _note_page(state, began, cursor)
        if not cursor:
            return Pulled(read, refused, is_complete=True)
    return Pulled(read, refused, is_complete=False)


def sources() -> dict[str, Source]:
    """How the sources stand, by name: as of the oldest of their resources, down if one is."""
    found: dict[str, Source] = {}
    for state in ConnectorState.objects.order_by("name"):
        known = found.get(state.name, Source(state.as_of, is_down=False))
        whole = min(known.as_of, state.as_of) if known.as_of and state.as_of else None
        found[state.name] = Source(
            as_of=whole,  # while one was never read to its end, nothing is whole
            is_down=known.is_down or state.failed_at is not None,
        )
    return found


def pull_all(connectors: list[Connector], ask_again: Callable[[], Any]) -> int:
    """Pull every resource of each; a source that is down stops only itself. Returns records read.

    `ask_again` is called once when one of them has more than a job should read.
    """
    read, has_more = 0, False
    for connector in connectors:
        for resource in connector.resources:
            try:
                pulled = pull(connector, resource)
            except SourceDown as error:
                words = {"source": connector.name, "resource": resource, "why": str(error)}
                logger.warning("A source does not answer.", extra=words)
                break
            read += pulled.read
            has_more = has_more or not pulled.is_complete
    if has_more:
        ask_again()
    return read


def _load(connector: Connector, resource: str, items: list[dict[str, Any]]) -> int:
    results = RESOURCES[resource].load(items, source=connector.name) if items else []
    refusals = [result for result in results if result.is_refused]
    for result in refusals[:5]:
        words = {"source": connector.name, "resource": resource, "code": result.code}
        logger.warning("A record of a source was refused.", extra=words | {"field": result.field})
    return len(refusals)


def _check(page: Page, cursor: str) -> None:
    if page.cursor and page.cursor == cursor:
        raise SourceDown("the cursor repeats")
    if len(page.cursor) > 160 or _SPLIT in page.cursor:
        raise SourceDown("a cursor that cannot be kept")
    if len(page.items) > _ITEMS_A_PAGE:
        raise SourceDown("a page of more than 1,000 records")


@transaction.atomic
def _note_page(state: ConnectorState, began: str, cursor: str) -> None:
    """Keep how far we are; at the end of a pass everything before its beginning is with us."""
    state.tried_at, state.failed_at, state.error = now(), None, ""
    state.cursor = f"{began}{_SPLIT}{cursor}" if cursor else ""
    if not cursor:
        state.as_of = datetime.fromisoformat(began)
    state.save()


def _note_failure(state: ConnectorState, why: str) -> None:
    state.tried_at = now()
    state.failed_at = state.failed_at or state.tried_at
    state.error = mask(why)[:200]
    state.save()
