"""Write what WeCom says about people: who they are, where they work, whether they may come in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models.functions import Lower
from django.tasks import task

from guideapp.core.audit import record_audit
from guideapp.core.clock import common_now, now
from guideapp.organisation.models import Guide, GuideSession
from guideapp.organisation.services.roles import apply_wecom_roles
from guideapp.organisation.services.tree import Tree
from guideapp.organisation.signals import guide_left, guide_moved
from guideapp.wecom.types import User

_BATCH = 2_000
_WRITTEN = [
    "name",
    "alias",
    "position",
    "avatar_url",
    "status",
    "store",
    "departments",
    "led_departments",
    "can_contact_customers",
    "synced_at",
    "left_at",
]


@dataclass
class Changes:
    """What a reading of the address book changed, as guides' ids."""

    joined: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)  # to another store
    closed: list[int] = field(default_factory=list)  # disabled, or not activated any more


@transaction.atomic
def apply_users(
    users: Iterable[User], *, asked_at: datetime, tree: Tree, followers: frozenset[str] | None
) -> Changes:
    """Write members of the address book that WeCom was asked for at `asked_at`.

    An answer older than the one last applied changes nothing; an absent field keeps what is known.
    `followers`: lower-case userids with 客户联系, None when that could not be read. Whoever moved
    to another store or may no longer work loses every open session here and now.
    """
    answers = {user["userid"].lower(): user for user in users}
    present = Guide.objects.select_for_update().with_userids(answers)
    known = {guide.userid.lower(): guide for guide in present}
    gone = _closed_after(asked_at, answers.keys() - known.keys())
    changes = Changes()
    fresh: list[Guide] = []
    for key, answer in answers.items():
        guide = known.get(key) or Guide(userid=answer["userid"], name=answer["userid"])
        if key in gone or (guide.synced_at and guide.synced_at > asked_at):
            continue
        before = (guide.store_id, guide.is_active)
        _copy(answer, guide, tree=tree, followers=followers)
        guide.synced_at = asked_at
        if guide._state.adding and guide.status == Guide.Status.LEFT:
            continue
        if guide.status == Guide.Status.LEFT:
            guide.left_at = now()
        _note(guide, before, changes)
        fresh.append(guide)
    _save(fresh, changes)
    apply_wecom_roles(fresh, tree)
    return changes


@transaction.atomic
def leave(guide: Guide, *, asked_at: datetime) -> bool:
    """Close the row of somebody who is no longer in the address book; False when it was closed.

    The userid may come back with a new person, who gets a row of their own.
    """
    locked = Guide.objects.select_for_update().get(pk=guide.pk)
    if locked.left_at or (locked.synced_at and locked.synced_at > asked_at):
        return False
    locked.status, locked.left_at, locked.synced_at = Guide.Status.LEFT, now(), asked_at
    _save([locked], Changes(left=[locked.pk]))
    apply_wecom_roles([locked], Tree({}, {}, {}))
    return True


@transaction.atomic
def hide(guide: Guide, *, asked_at: datetime) -> bool:
    """Close the workbench to somebody outside the app's visible range, who may come back."""
    locked = Guide.objects.select_for_update().get(pk=guide.pk)
    if locked.synced_at and locked.synced_at > asked_at:
        return False
    was_active = locked.is_active
    locked.status, locked.synced_at = Guide.Status.DISABLED, asked_at
    locked.save(update_fields=["status", "synced_at", "updated_at"])
    end_sessions(locked)
    return was_active


@transaction.atomic
def rename_guide(*, userid: str, new_userid: str) -> None:
    """Give the person their new userid; told twice, nothing changes.

    The row with the history stays; one that a sync made under the new userid is closed.
    """
    old = Guide.objects.select_for_update().with_userid(userid).first()
    if old is None:
        return
    for double in Guide.objects.with_userid(new_userid).exclude(pk=old.pk):
        leave(double, asked_at=common_now())
    old.userid = new_userid
    old.save(update_fields=["userid", "updated_at"])
    record_audit(actor="", action="guide_renamed", subject=f"guide:{old.pk}")


def end_sessions(guide: Guide) -> int:
    """End every session of the guide, in the caller's transaction; returns how many."""
    deleted, _by_model = GuideSession.objects.filter(guide=guide).delete()
    return deleted


@task(queue_name="urgent")
def place_guides() -> None:
    """Put everybody into the store that their departments stand for now."""
    tree = Tree.read()
    keys = list(Guide.objects.filter(left_at=None).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH):
        _place(keys[start : start + _BATCH], tree)


@transaction.atomic
def _place(keys: list[int], tree: Tree) -> None:
    changes = Changes()
    guides = list(Guide.objects.select_for_update().filter(pk__in=keys, left_at=None))
    for guide in guides:
        before = (guide.store_id, guide.is_active)
        guide.store_id = tree.store_of(guide.departments)
        _note(guide, before, changes)
    _save([guide for guide in guides if guide.pk in changes.moved], changes)
    apply_wecom_roles(guides, tree)


def _copy(answer: User, guide: Guide, *, tree: Tree, followers: frozenset[str] | None) -> None:
    """Take over what WeCom told; what it left out stays as it is."""
    guide.name = answer.get("name", "")[:64] or guide.name
    guide.alias = answer.get("alias", guide.alias)[:64]
    guide.position = answer.get("position", guide.position)[:128]
    avatar = answer.get("thumb_avatar") or answer.get("avatar") or ""
    if avatar and len(avatar) <= 300:
        guide.avatar_url = avatar
    if answer.get("status") in Guide.Status.values:
        guide.status = Guide.Status(answer["status"])
    if "department" in answer:
        main, departments = answer.get("main_department"), answer["department"]
        guide.departments = sorted(departments, key=lambda wecom_id: wecom_id != main)
        if "is_leader_in_dept" in answer:
            pairs = zip(departments, answer["is_leader_in_dept"], strict=False)
            guide.led_departments = [wecom_id for wecom_id, leads in pairs if leads]
    guide.store_id = tree.store_of(guide.departments)
    if followers is not None:
        guide.can_contact_customers = guide.userid.lower() in followers


def _note(guide: Guide, before: tuple[int | None, bool], changes: Changes) -> None:
    store_id, was_active = before
    if guide._state.adding:
        return
    if guide.left_at:
        changes.left.append(guide.pk)
    elif was_active and not guide.is_active:
        changes.closed.append(guide.pk)
    elif store_id != guide.store_id:
        changes.moved.append(guide.pk)
        move = {"guide_id": guide.pk, "from_store_id": store_id, "to_store_id": guide.store_id}
        transaction.on_commit(partial(guide_moved.send_robust, Guide, **move), robust=True)


def _save(guides: list[Guide], changes: Changes) -> None:
    """Write the rows and end the sessions that must end."""
    new = [guide for guide in guides if guide._state.adding]
    old = [guide for guide in guides if not guide._state.adding]
    Guide.objects.bulk_update(old, _WRITTEN, _BATCH)
    changes.joined += [guide.pk for guide in Guide.objects.bulk_create(new)]
    ended = [*changes.left, *changes.closed, *changes.moved]
    GuideSession.objects.filter(guide__in=ended).delete()
    for guide_id in changes.left:
        send = partial(guide_left.send_robust, Guide, guide_id=guide_id)
        transaction.on_commit(send, robust=True)


def _closed_after(asked_at: datetime, keys: Iterable[str]) -> set[str]:
    """Lower-case userids whose row was closed by a later answer than the one asked for then."""
    closed = Guide.objects.alias(key=Lower("userid")).filter(
        key__in=list(keys), left_at__isnull=False, synced_at__gt=asked_at
    )
    return {userid.lower() for userid in closed.values_list("userid", flat=True)}
