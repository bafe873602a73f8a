"""Steps inside the product that an operator or a guide would do; `House.inside` runs them."""

import json
import sys
from typing import Any

from django.http import HttpRequest

from guideapp.acquisition.services import save_message
from guideapp.core.clock import now, today
from guideapp.materials.models import Category, Material
from guideapp.members.services import reconcile
from guideapp.organisation.auth import log_in
from guideapp.organisation.models import Brand, Department, Guide, Role
from guideapp.organisation.services import (
    grant_role,
    link_region,
    link_store,
    place_guides,
    sync_address_book,
)
from guideapp.organisation.sessions import LOGIN_DAY, SessionStore
from tests.faults.company import store_departments


def reconcile_once() -> None:
    """One cycle of reconciliation: address book, then tags and every guide's customers."""
    sync_address_book()
    _print(dict(reconcile()))


def seed_company() -> None:
    """What stands before the first fault; prints {"material", "sessions": {userid: key}}."""
    sync_address_book()
    _structure()
    reconcile()
    _print({"material": _library(), "sessions": _sessions()})


def _print(outcome: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(outcome))


def _structure() -> None:
    office = Guide.objects.with_userid("office").get()
    for role in (Role.HQ_ADMIN, Role.HQ_CONTENT):
        grant_role(actor_userid="", guide=office, role=role)
    departments = {row.wecom_id: row for row in Department.objects.all()}
    region = link_region(actor_userid="office", department=departments[2], brand_name="青禾")
    for number in store_departments():
        link_store(
            actor_userid="office",
            department=departments[number],
            region=region,
            code=f"S{number}",
            city="上海",
        )
    place_guides.call()


def _library() -> int:
    """A welcome of the brand, and a link that guides may send; its id."""
    brand = Brand.objects.get()
    material = Material.objects.create(
        brand=brand,
        category=Category.objects.create(brand=brand, name="新品"),
        kind=Material.Kind.LINK,
        title="秋装新品",
        link_url="https://example.com/",
        drawing="g-coat",
        status=Material.Status.LIVE,
        published_at=now(),
    )
    save_message(
        brand=brand,
        store=None,
        text="{客户}你好，我是{门店}的{导购}",
        material=None,
        is_active=True,
        editor=Guide.objects.with_userid("office").get(),
    )
    return material.pk


def _sessions() -> dict[str, str]:
    """A living login for everybody, as OAuth would have made it."""
    keys = {}
    for guide in Guide.objects.filter(left_at=None):
        request = HttpRequest()
        request.session = SessionStore()
        log_in(request, guide, by_qr=True)
        request.session[LOGIN_DAY] = today().isoformat()
        request.session.save()
        keys[guide.userid] = str(request.session.session_key)
    return keys
