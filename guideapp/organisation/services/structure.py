"""Say which department is a region or a store of ours."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from guideapp.core.audit import record_audit
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.organisation.errors import DepartmentTaken
from guideapp.organisation.models import Brand, Department, Region, Store
from guideapp.organisation.services.guides import place_guides


@transaction.atomic
def link_region(
    *, actor_userid: str, department: Department, brand_name: str, name: str = ""
) -> Region:
    """Let the department stand for a region of the brand; both are made if new.

    `name` is the region's; empty: the department's.

    Raises DepartmentTaken when another department stands for it. Audited; people are put in place
    by a job.
    """
    brand, _created = Brand.objects.get_or_create(name=brand_name)
    region, created = Region.objects.get_or_create(brand=brand, name=name or department.name[:40])
    _link(actor_userid, department, store=None, region=region, created=created)
    return region


@transaction.atomic
def link_store(
    *,
    actor_userid: str,
    department: Department,
    region: Region,
    code: str,
    name: str = "",
    city: str = "",
) -> Store:
    """Let the department stand for the store with `code`, made if new, in `region`.

    `name` (the department's when empty), `region` and a given `city` are written to a known store.
    Raises DepartmentTaken when another department stands for it. Audited as above.
    """
    fields: dict[str, Any] = {"name": name or department.name[:40], "region": region}
    if city:
        fields["city"] = city
    store, created = Store.objects.update_or_create(code=code, defaults=fields)
    _link(actor_userid, department, store=store, region=None, created=created)
    return store


@transaction.atomic
def unlink_department(*, actor_userid: str, department: Department) -> None:
    """Let the department stand for nothing; its region or store stays, without people. Audited."""
    _link(actor_userid, department, store=None, region=None, created=False)


def _link(
    actor_userid: str,
    department: Department,
    *,
    store: Store | None,
    region: Region | None,
    created: bool,
) -> None:
    place = store or region
    locked = Department.objects.select_for_update().get(pk=department.pk)
    others = Department.objects.exclude(pk=locked.pk)
    same = others.filter(Q(store=store) if store else Q(region=region)) if place else others.none()
    if same.filter(gone_at=None).exists():
        raise DepartmentTaken
    same.update(store=None, region=None)  # a department that WeCom deleted stands for nothing
    before = {"store": locked.store_id, "region": locked.region_id}
    locked.store, locked.region = store, region
    locked.save(update_fields=["store", "region"])
    record_audit(
        actor=actor_userid,
        action="department_linked" if place else "department_unlinked",
        subject=f"department:{locked.wecom_id}",
        before=before,
        after={"store": locked.store_id, "region": locked.region_id},
        created=created,
    )
    enqueue_once(place_guides, dedupe_key="organisation:place_guides")
