"""Who may do what: roles granted by hand, and roles that follow from the address book."""

from collections.abc import Iterable

from django.db import transaction

from guideapp.core.clock import now
from guideapp.core.logs import request_id
from guideapp.core.models import AuditEntry
from guideapp.organisation.errors import (
    GuideNotActive,
    OwnAdminRole,
    RoleKeptByWeCom,
    ScopeMismatch,
)
from guideapp.organisation.models import Guide, Region, Role, RoleGrant, Store
from guideapp.organisation.services.tree import Tree

type Place = tuple[str, int | None, int | None]  # role, store id, region id

_SCOPES = {Role.STORE_MANAGER: (True, False), Role.REGIONAL_MANAGER: (False, True)}


@transaction.atomic
def grant_role(
    *,
    actor_userid: str,
    guide: Guide,
    role: str,
    store: Store | None = None,
    region: Region | None = None,
) -> RoleGrant:
    """Give `guide` a role, audited; one that is in force already is kept and becomes manual.

    A store manager needs `store`, a regional manager `region`, every other role neither
    (ScopeMismatch). Raises GuideNotActive for somebody who is disabled or has left.
    """
    if (store is not None, region is not None) != _SCOPES.get(Role(role), (False, False)):
        raise ScopeMismatch
    locked = Guide.objects.select_for_update().get(pk=guide.pk)
    if not locked.is_active:
        raise GuideNotActive
    grant, created = RoleGrant.objects.get_or_create(
        guide=locked,
        role=role,
        store=store,
        region=region,
        revoked_at=None,
        defaults={"granted_at": now(), "granted_by": actor_userid},
    )
    if not created and grant.source == RoleGrant.Source.WECOM:
        grant.source, grant.granted_by = RoleGrant.Source.MANUAL, actor_userid
        grant.save(update_fields=["source", "granted_by"])
    _entry(actor_userid, "role_granted", grant).save()
    return grant


@transaction.atomic
def revoke_role(*, actor_userid: str, grant: RoleGrant) -> None:
    """Take a role away, audited; at once for every open session. A second call changes nothing.

    Raises RoleKeptByWeCom for one that the address book gives, OwnAdminRole for one's own.
    """
    locked = RoleGrant.objects.select_for_update().select_related("guide").get(pk=grant.pk)
    if locked.revoked_at:
        return
    if locked.source == RoleGrant.Source.WECOM:
        raise RoleKeptByWeCom
    if locked.role == Role.HQ_ADMIN and locked.guide.userid.lower() == actor_userid.lower():
        raise OwnAdminRole
    locked.revoked_at = now()
    locked.save(update_fields=["revoked_at"])
    _entry(actor_userid, "role_revoked", locked).save()


def apply_wecom_roles(guides: Iterable[Guide], tree: Tree) -> None:
    """Make the roles that follow from the address book those of `guides`; manual ones stay.

    Two queries and the changes, however many guides. The caller holds the guides' locks.
    """
    owners = {guide.pk: guide for guide in guides}
    held: dict[int, dict[Place, RoleGrant]] = {pk: {} for pk in owners}
    for grant in RoleGrant.objects.filter(guide__in=owners, revoked_at=None):
        held[grant.guide_id][(grant.role, grant.store_id, grant.region_id)] = grant
    new: list[RoleGrant] = []
    lost: list[RoleGrant] = []
    for pk, guide in owners.items():
        due = _due_places(guide, tree)
        new += [_from_wecom(guide, place) for place in due - held[pk].keys()]
        lost += [
            grant
            for place, grant in held[pk].items()
            if grant.source == RoleGrant.Source.WECOM and place not in due
        ]
    RoleGrant.objects.bulk_create(new)
    if lost:
        RoleGrant.objects.filter(pk__in=[grant.pk for grant in lost]).update(revoked_at=now())
    entries = [_entry("", "role_granted", grant) for grant in new]
    entries += [_entry("", "role_revoked", grant) for grant in lost]
    AuditEntry.objects.bulk_create(entries)


def _due_places(guide: Guide, tree: Tree) -> set[Place]:
    """Guide: a store and 客户联系. Manager: leads the department of a store or region."""
    if guide.left_at:
        return set()
    due: set[Place] = set()
    if guide.store_id and guide.can_contact_customers:
        due.add((Role.GUIDE, None, None))
    for department in guide.led_departments:
        if store_id := tree.stores.get(department):
            due.add((Role.STORE_MANAGER, store_id, None))
        if region_id := tree.regions.get(department):
            due.add((Role.REGIONAL_MANAGER, None, region_id))
    return due


def _from_wecom(guide: Guide, place: Place) -> RoleGrant:
    role, store_id, region_id = place
    return RoleGrant(
        guide=guide,
        role=role,
        store_id=store_id,
        region_id=region_id,
        source=RoleGrant.Source.WECOM,
        granted_at=now(),
    )


def _entry(actor_userid: str, action: str, grant: RoleGrant) -> AuditEntry:
    return AuditEntry(
        at=now(),
        actor=actor_userid,
        action=action,
        subject=f"guide:{grant.guide_id}",
        detail={
            "role": grant.role,
            "store": grant.store_id,
            "region": grant.region_id,
            "source": grant.source,
        },
        request_id=request_id(),
    )
