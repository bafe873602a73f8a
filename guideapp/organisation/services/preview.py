"""What a reading of the address book would change, found out by doing it and undoing it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import batched
from typing import Any

from django.db import transaction

from guideapp.core.clock import common_now
from guideapp.organisation.models import Department, Guide
from guideapp.organisation.services.address_book import apply_absence, read_followers
from guideapp.organisation.services.guides import Changes, apply_users
from guideapp.organisation.services.tree import Tree
from guideapp.wecom.client import client
from guideapp.wecom.errors import WeComError, WeComNotFound, WeComNotPermitted
from guideapp.wecom.types import User

_BATCH = 2_000  # people whose rows are locked at once, for a moment


def preview_address_book() -> dict[str, Any]:
    """The counts that `sync_address_book` would report now; nothing is written.

    Asks WeCom the same questions. Raises WeComError.
    """
    asked_at = common_now()
    departments = client().address_book.departments()
    told = {answer["id"]: answer.get("parentid", 0) for answer in departments}
    users, absent = _people(list(told))
    followers, tree = read_followers(), replace(Tree.read(), parents=told)
    counts: Counter[str] = Counter()
    for batch in batched(users.values(), _BATCH, strict=False):
        with _undone():
            changes = apply_users(batch, asked_at=asked_at, tree=tree, followers=followers)
            _count(changes, counts)
    for userid, error in absent:
        with _undone():
            _count(apply_absence(userid, asked_at, error), counts)
    known = set(Department.objects.filter(gone_at=None).values_list("wecom_id", flat=True))
    here = Guide.objects.filter(left_at=None).count()
    return {
        **{name: {"count": counts[name]} for name in vars(Changes())},
        "people": here + counts["joined"] - counts["left"],
        "departments_new": len(told.keys() - known),
        "departments_gone": len(known - told.keys()),
    }


def _people(departments: list[int]) -> tuple[dict[str, User], list[tuple[str, WeComError]]]:
    """Everybody whom WeCom shows, and who of ours it does not show, with its reason."""
    book = client().address_book
    users = {user["userid"].lower(): user for pk in departments for user in book.users(pk)}
    absent: list[tuple[str, WeComError]] = []
    for userid in Guide.objects.filter(left_at=None).values_list("userid", flat=True):
        if userid.lower() not in users:
            try:
                users[userid.lower()] = book.user(userid)
            except (WeComNotFound, WeComNotPermitted) as error:
                absent.append((userid, error))
    return users, absent


@contextmanager
def _undone() -> Iterator[None]:
    """What is written inside, and what waits for its commit, never happens."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _count(changes: Changes, counts: Counter[str]) -> None:
    counts.update({name: len(keys) for name, keys in vars(changes).items()})
