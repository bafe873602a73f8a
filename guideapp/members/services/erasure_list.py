"""The list of erasures beside the database: what a restored backup knows nothing of.

Each entry is a file of its own that is never changed, in the storage `erasures`, and durable before
the erasure is reported. It holds keyed hashes alone. `erasure.heed_list` goes through it after a
restore.
"""

import json
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from guideapp.core.clock import now
from guideapp.core.kept_files import STORE_TROUBLE
from guideapp.members.errors import ListAway

logger = logging.getLogger(__name__)

FOLDER = "erasures"
type Key = tuple[str, str]  # Tombstone.Kind, blind index


@dataclass(frozen=True, slots=True)
class Listed:
    """A tombstone that stands: of which erasure, and since when."""

    group: str
    at: datetime


def add(
    *,
    erased: Iterable[Key] = (),
    lifted: Iterable[Key] = (),
    group: str = "",
    at: datetime | None = None,
) -> None:
    """Write down that tombstones were put up, or taken away. Raises ListAway when it cannot.

    `at`: when that was, which is its place among the entries (default now).
    """
    at = (at or now()).astimezone(UTC)
    entry = {
        "at": at.isoformat(),
        "group": group,
        "erased": sorted(map(list, erased)),
        "lifted": sorted(map(list, lifted)),
    }
    storage = storages["erasures"]
    name = f"{FOLDER}/{at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.json"
    try:
        _sync(storage, storage.save(name, ContentFile(json.dumps(entry).encode())))
    except STORE_TROUBLE:
        logger.error("The list of erasures could not be written.", exc_info=True)
        raise ListAway from None


def read() -> tuple[dict[Key, Listed], set[Key]]:
    """(every tombstone of the list that stands, those that were taken away and stand no more)."""
    found: dict[Key, Listed] = {}
    lifted: set[Key] = set()
    for entry in _entries():
        at = datetime.fromisoformat(entry["at"])
        for kind, key in entry["erased"]:
            known = found.setdefault((kind, key), Listed(entry["group"], at))
            if known.group != entry["group"]:  # a phone number of two people
                found[kind, key] = Listed("", known.at)
            lifted.discard((kind, key))
        for kind, key in entry["lifted"]:
            found.pop((kind, key), None)
            lifted.add((kind, key))
    return found, lifted


def _entries() -> Iterator[dict[str, Any]]:
    """The oldest first, which is the order of their names."""
    storage = storages["erasures"]
    try:
        _folders, names = storage.listdir(FOLDER)
    except FileNotFoundError:  # nobody was ever erased
        return
    for name in sorted(name for name in names if name.endswith(".json")):
        with storage.open(f"{FOLDER}/{name}") as file:
            yield json.load(file)


def _sync(storage: Storage, name: str) -> None:
    """Have the file and its name on the disk; an object store answers only when it is safe."""
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        return
    for one in (path, path.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
