"""Fetch records from systems that do not push (拉取): page by page, resumable, on a schedule.

A new kind of source is a subclass of `Connector` with one method; `connectors_rest.py` is one.
"""

import json
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.logs import mask
from guideapp.core.results import Result
from guideapp.integration.models import ConnectorState, KeptRecord
from guideapp.integration.services.registry import RESOURCES
from guideapp.members.errors import PhoneRefused
from guideapp.members.services.freshness import Source
from guideapp.members.services.upserts import quick_phone

logger = logging.getLogger(__name__)

_PAGES_A_JOB = 200  # then another job goes on from the cursor
_ITEMS_A_PAGE = 1_000
_RETRIES_A_PULL = 1_000
_KEPT_MAX = 50_000  # refused records; then nothing more is read until somebody has looked
_HEALS = {"conflict", "repeated", "order_not_paid", "guide_not_there", "userid_taken"}
_HEALS |= {"future_as_of", "future_date"}  # a clock that is ahead
_NAMES = ("number", "member", "card", "phone", "unionid", "external_userid", "openid")
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
    nothing. What time can heal is kept and tried again at each pull: an order may come before its
    member. What is refused for good is counted and logged. Raises SourceDown after noting it.
    """
    state, _created = ConnectorState.objects.get_or_create(name=connector.name, resource=resource)
    began, _mark, cursor = state.cursor.partition(_SPLIT)
    read, refused = 0, _try_again(connector, state)
    for _page in range(_PAGES_A_JOB):
        try:
            _refuse_too_many(state)
            page = connector.fetch(resource, since=state.as_of, cursor=cursor)
            _check(page, cursor)
        except SourceDown as error:
            _note_failure(state, str(error))
            raise
        read, refused = read + len(page.items), refused + _load(connector, state, page)
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


def _load(connector: Connector, state: ConnectorState, page: Page) -> int:
    """Load a page and keep those refused records that may be taken later; how many were refused."""
    results = _results(connector, state, page.items)
    refusals = [result for result in results if result.is_refused]
    for result in refusals[:5]:
        words = {"source": connector.name, "resource": state.resource, "code": result.code}
        logger.warning("A record of a source was refused.", extra=words | {"field": result.field})
    _count_lost(state, refusals)
    at = now()
    as_of = {"as_of": min(page.as_of, at).isoformat()}  # else it would be as new as the next try
    KeptRecord.objects.bulk_create(
        [
            KeptRecord(
                state=state,
                digest=blind_index(_as_text(page.items[result.index])),
                record=_as_text(as_of | page.items[result.index]),
                names=_names_in(page.items[result.index]),
                code=result.code[:40],
                kept_at=at,
                tried_at=at,
            )
            for result in refusals
            if _may_heal(result)
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    return len(refusals)


def _try_again(connector: Connector, state: ConnectorState) -> int:
    """Load the refused records that waited longest; how many were refused once more."""
    rows = list(state.kept.order_by("tried_at", "pk")[:_RETRIES_A_PULL])
    results = _results(connector, state, [json.loads(row.record) for row in rows])
    refusals = [result for result in results if result.is_refused]
    _count_lost(state, refusals)
    still = [result for result in refusals if _may_heal(result)]
    waiting = [rows[result.index] for result in still]
    for row, result in zip(waiting, still, strict=True):
        row.code, row.tried_at = result.code[:40], now()
    with transaction.atomic():
        KeptRecord.objects.bulk_update(waiting, ["code", "tried_at"], batch_size=500)
        done = {row.pk for row in rows} - {row.pk for row in waiting}
        KeptRecord.objects.filter(pk__in=done).delete()
    return len(refusals)


def _may_heal(result: Result) -> bool:
    """True where the same record may be taken later, because something else has changed."""
    is_early = result.code.startswith("unknown_") and result.code != "unknown_field"
    return is_early or result.code in _HEALS


def _count_lost(state: ConnectorState, refusals: list[Result]) -> None:
    """Count and log what is refused for good: the source has to send it otherwise."""
    codes = Counter(result.code for result in refusals if not _may_heal(result))
    if codes:
        # Stored with how the pull ended. Who was erased is nothing that the source can correct.
        state.refused += codes.total() - codes["erased"]
        words = {"source": state.name, "resource": state.resource, "codes": dict(codes)}
        logger.warning("Records of a source were refused for good.", extra=words)


def _results(
    connector: Connector, state: ConnectorState, items: list[dict[str, Any]]
) -> list[Result]:
    return RESOURCES[state.resource].load(items, source=connector.name) if items else []


def _names_in(item: dict[str, Any]) -> str:
    """Keyed hashes of what names a person in a record, by which an erasure finds it."""
    names = {name: str(item[name]).strip() for name in _NAMES if item.get(name)}
    if "phone" in names:
        with suppress(PhoneRefused):
            names["phone"] = quick_phone(names["phone"]).removeprefix("+86")
    return " ".join(blind_index(name) for name in names.values()) or "-"


def _as_text(item: dict[str, Any]) -> str:
    return json.dumps(item, sort_keys=True)  # in ASCII: it may hold half a character


def _refuse_too_many(state: ConnectorState) -> None:
    if state.kept.count() >= _KEPT_MAX:
        raise SourceDown(f"{_KEPT_MAX:,} records were refused and wait")


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
