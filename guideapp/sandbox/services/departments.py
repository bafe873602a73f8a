"""Departments as the address-book sync writes them through the API (part 1 §5)."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Department, User
from guideapp.sandbox.services import callbacks, members
from guideapp.sandbox.services.directory import EVENT
from guideapp.sandbox.services.scope import below

NAME_MAX, LEVELS_MAX, ROOT = 32, 15, 1
_FORBIDDEN = frozenset('\\:*?"<>|')


@transaction.atomic
def create(
    *, name: str, parent_id: int, id: int = 0, name_en: str = "", order: int = 0, origin: str = ""
) -> Department:
    """department/create. Raises Refused."""
    _check_name(name, parent_id)
    if not Department.objects.filter(pk=parent_id).exists():
        raise Refused(60004)
    if id and Department.objects.filter(pk=id).exists():
        raise Refused(60008)
    if _depth(parent_id) >= LEVELS_MAX:
        raise Refused(81002)
    last = Department.objects.aggregate(last=Max("id"))["last"] or 0
    row = Department.objects.create(
        id=id or last + 1, name=name, name_en=name_en, parent_id=parent_id, order=order
    )
    if members.tells():
        fields = {"Id": row.id, "Name": row.name, "ParentId": row.parent_id, "Order": row.order}
        callbacks.enqueue(EVENT, "create_party", fields, origin=origin)
    return row


@transaction.atomic
def update(id: int, given: dict[str, Any], *, origin: str = "") -> Department:
    """department/update: name, name_en, parentid, order; what is not given stays."""
    row = named(id)
    parent_id = given.get("parentid", row.parent_id)
    if "name" in given or "parentid" in given:
        _check_name(given.get("name", row.name), parent_id, except_id=id)
    if parent_id != row.parent_id:
        _require_room(id, parent_id)
    row.name = given.get("name", row.name)
    row.name_en = given.get("name_en", row.name_en)
    row.parent_id = parent_id
    row.order = given.get("order", row.order)
    row.save()
    if members.tells():
        changed = {"Name": given.get("name", ""), "ParentId": given.get("parentid", "")}
        callbacks.enqueue(EVENT, "update_party", {"Id": id} | changed, origin=origin)
    return row


@transaction.atomic
def delete(id: int, *, origin: str = "") -> None:
    """department/delete: only an empty one, never the root."""
    row = named(id)
    if id == ROOT:
        raise Refused(60007)
    if Department.objects.filter(parent_id=id).exists():
        raise Refused(60006)
    if any(id in user.department_ids() for user in User.objects.present()):
        raise Refused(60005)
    row.delete()
    if members.tells():
        callbacks.enqueue(EVENT, "delete_party", {"Id": id}, origin=origin)


def named(id: int) -> Department:
    """The department. Raises Refused 60003."""
    row = Department.objects.filter(pk=id).first()
    if row is None:
        raise Refused(60003)
    return row


def _check_name(name: str, parent_id: int, *, except_id: int = 0) -> None:
    if not 1 <= len(name) <= NAME_MAX:
        raise Refused(60001)
    if _FORBIDDEN & set(name):
        raise Refused(60009)
    siblings = Department.objects.filter(parent_id=parent_id, name=name)
    if siblings.exclude(pk=except_id).exists():
        raise Refused(60008)


def _require_room(id: int, parent_id: int) -> None:
    """The branch `id` may hang under `parent_id`."""
    if id == ROOT or parent_id in below(id):
        raise Refused(60010)
    if not Department.objects.filter(pk=parent_id).exists():
        raise Refused(60004)
    deepest = max(_depth(inside) for inside in below(id)) - _depth(id)
    if _depth(parent_id) + 1 + deepest > LEVELS_MAX:
        raise Refused(81002)


def _depth(id: int) -> int:
    """1 for the root."""
    parents = dict(Department.objects.values_list("id", "parent_id"))
    depth = 0
    while id in parents and depth <= LEVELS_MAX:
        id, depth = parents[id], depth + 1
    return depth
