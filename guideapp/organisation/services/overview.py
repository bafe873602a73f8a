"""What the HQ page shows of the address book: a part of the tree and the last reading."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.organisation.models import Department, Guide
from guideapp.organisation.services.address_book import ADDRESS_BOOK
from guideapp.wecom.models import SyncCursor

_RUNS_AT_MOST = timedelta(minutes=30)
_DIFFERENCES = {
    "joined": _("新来的"),
    "left": _("离职的"),
    "moved": _("换了门店的"),
    "closed": _("停用的"),
}


@dataclass(frozen=True)
class Node:
    """A department on the page, `depth` 0 to 2; `has_more`: departments below are not shown."""

    row: Department
    depth: int
    has_more: bool


@dataclass(frozen=True)
class Difference:
    """A kind of change that the last reading found, with the first people it concerns."""

    label: Promise | str
    count: int
    guides: list[Guide]


@dataclass(frozen=True)
class Sync:
    """The last reading: `state` is never, running, broken or done."""

    state: str
    at: datetime | None
    people: int | None
    differences: list[Difference]


def levels_below(at: int | None) -> dict[str, Any]:
    """`node` (None at the top), its `path` from the top, and the next levels of `nodes` below it.

    One query for all departments: WeCom has no more than 30,000, and a page reads few columns.
    """
    rows = Department.objects.filter(gone_at=None).select_related("store", "region")
    people = Count("store__guides", filter=Q(store__guides__left_at=None))
    by_id: dict[int, Department] = {row.wecom_id: row for row in rows.annotate(people=people)}
    children: defaultdict[int | None, list[Department]] = defaultdict(list)
    for row in sorted(by_id.values(), key=lambda row: (-row.order, row.wecom_id)):
        parent = row.parent_wecom_id if row.parent_wecom_id in by_id else None
        children[parent].append(row)
    node = by_id.get(at) if at is not None else None
    tops = children[node.wecom_id if node else None]
    deepest = 2 if len(tops) == 1 else 1  # the company itself is no level worth counting
    nodes: list[Node] = []
    waiting = [(row, 0) for row in reversed(tops)]
    while waiting:
        row, depth = waiting.pop()
        below = children[row.wecom_id]
        nodes.append(Node(row, depth, has_more=depth == deepest and bool(below)))
        if depth < deepest:
            waiting += [(child, depth + 1) for child in reversed(below)]
    return {"node": node, "path": _path(node, by_id), "nodes": nodes}


def last_sync() -> Sync:
    """How the last reading of the address book went."""
    cursor = SyncCursor.objects.filter(name=ADDRESS_BOOK).first()
    if cursor is None or cursor.started_at is None:
        return Sync("never", None, None, [])
    if cursor.finished_at is None:
        is_young = now() - cursor.started_at < _RUNS_AT_MOST
        return Sync("running" if is_young else "broken", cursor.started_at, None, [])
    told = {name: cursor.report.get(name, {"count": 0, "guides": []}) for name in _DIFFERENCES}
    keys = [pk for part in told.values() for pk in part["guides"]]
    guides = Guide.objects.in_bulk(keys)
    differences = [
        Difference(label, told[name]["count"], [guides[pk] for pk in told[name]["guides"]])
        for name, label in _DIFFERENCES.items()
        if told[name]["count"]
    ]
    return Sync("done", cursor.finished_at, cursor.report.get("people"), differences)


def _path(node: Department | None, by_id: dict[int, Department]) -> list[Department]:
    path: list[Department] = []
    while node is not None and node not in path:
        path.append(node)
        node = by_id.get(node.parent_wecom_id)
    return path[::-1]
