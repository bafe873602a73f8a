"""Rule groups (规则组) of 客户联系 (part 1 §8.7)."""

from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Department, User
from guideapp.sandbox.models.strategies import Strategy

NAME_MAX, ADMINS_MAX = 64, 20


@transaction.atomic
def create(given: dict[str, Any], *, reach: list[Any]) -> Strategy:
    """create. Raises Refused."""
    parent_id = given.get("parent_id", 0)
    if parent_id:
        named(parent_id)
    row = Strategy(parent_id=parent_id, created_at=now())
    _write(row, {"strategy_name": ""} | given)
    row.range = _checked(reach)
    row.save()
    return row


@transaction.atomic
def edit(id: int, given: dict[str, Any], *, add: list[Any], remove: list[Any]) -> Strategy:
    """edit: what is not given stays."""
    row = named(id)
    _write(row, given)
    gone = _checked(remove)
    kept = [entry for entry in row.range if entry not in gone]
    row.range = kept + [entry for entry in _checked(add) if entry not in kept]
    row.save()
    return row


@transaction.atomic
def delete(id: int) -> None:
    """del, with everything under it."""
    row = named(id)
    for child in Strategy.objects.filter(parent_id=row.pk):
        delete(child.pk)
    row.delete()


def named(id: int) -> Strategy:
    """The rule group. Raises Refused 40058."""
    row = Strategy.objects.filter(pk=id).first()
    if row is None:
        raise Refused(40058, "invalid strategy_id")
    return row


def _write(row: Strategy, given: dict[str, Any]) -> None:
    if "strategy_name" in given:
        if not 1 <= len(given["strategy_name"]) <= NAME_MAX:
            raise Refused(40058, "strategy_name")
        row.name = given["strategy_name"]
    if "admin_list" in given:
        admins = given["admin_list"]
        if len(admins) > ADMINS_MAX or any(User.objects.named(id) is None for id in admins):
            raise Refused(40031)
        row.admins = admins
    if "privilege" in given:
        switches = given["privilege"].items()
        row.privilege = {name: value for name, value in switches if isinstance(value, bool)}


def _checked(entries: list[Any]) -> list[dict[str, Any]]:
    """Entries of a range: {"type": 1, "userid"} or {"type": 2, "partyid"}."""
    return [_entry(entry) for entry in entries if isinstance(entry, dict)]


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    if entry.get("type") == 1:
        user = User.objects.named(str(entry.get("userid", "")))
        if user is None:
            raise Refused(40031)
        return {"type": 1, "userid": user.userid}
    partyid = entry.get("partyid")
    known = isinstance(partyid, int) and Department.objects.filter(pk=partyid).exists()
    if entry.get("type") == 2 and known:
        return {"type": 2, "partyid": partyid}
    raise Refused(60123)
