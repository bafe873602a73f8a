"""Fill an empty database with the demo company: by the product's own sync and services.

WeCom's side is loaded into the sandbox and read over the wire; history is written as events, so
every sum, rank and suggestion on a page comes from the product's own code.
"""

import time
from collections.abc import Callable

from guideapp.acquisition.services import save_message
from guideapp.compliance.services import load_default_words
from guideapp.core.clock import now
from guideapp.demo import (
    history,
    identity,
    library,
    next_steps,
    people,
    privacy,
    snapshot,
    staff,
    star,
)
from guideapp.demo.company import plan
from guideapp.demo.content import Words, words
from guideapp.demo.scenario import NAME, region_department, region_of, store_department
from guideapp.demo.temporary_server import serving
from guideapp.materials.models import Material
from guideapp.members.services import reconcile
from guideapp.organisation.models import Brand, Department, Guide, Role
from guideapp.organisation.services import (
    grant_role,
    link_region,
    link_store,
    place_guides,
    sync_address_book,
)
from guideapp.sandbox.services.scenarios import load_scenario

type Say = Callable[[str], None]


def run(*, say: Say) -> None:
    """Seed everything; takes under 30 s on two cores."""
    began = time.monotonic()
    said = words()
    at = now()
    company = plan(said, at=at)
    with serving():
        say("企业微信沙盒：部门、成员、客户")
        load_scenario(NAME)
        say("通讯录同步")
        sync_address_book()
        _structure(said)
        say("客户同步")
        reconcile()
    brand = Brand.objects.get(name=said.brand)
    say(f"会员 {sum(person.is_member for person in company.people)} 位、购买、跟进记录")
    people.seed(said, company, brand=brand, at=at)
    say("商场会员、公众号粉丝、待合并")
    identity.seed(said, company, brand=brand, at=at)
    say(f"素材 {len(said.materials)} 个")
    library.seed(said, brand=brand, at=at)
    _welcome(said, brand)
    say("90 天的发送、浏览和登录")
    history.seed(company, at=now())
    star.seed(
        external_userid=company.people[0].external_userid,
        guide=said.guides[1].userid,
        brand=brand,
        at=now(),
    )
    say("生日、券、本周联系和下一步")
    next_steps.seed(brand=brand, at=now())
    say("人事花名册")
    staff.seed(at=now())
    say("同意和隐私专员")
    privacy.seed(said, brand=brand)
    snapshot.mark_seeded()
    say(f"用时 {time.monotonic() - began:.0f} 秒")


def _structure(said: Words) -> None:
    """What an HQ admin does once at /hq/organisation/ and /hq/people/."""
    admin, editor = said.hq_admin.userid, said.hq_content.userid
    for role, userid in ((Role.HQ_ADMIN, admin), (Role.HQ_CONTENT, editor)):
        person = Guide.objects.with_userid(userid).get()
        grant_role(actor_userid="", guide=person, role=role)
    departments = {row.wecom_id: row for row in Department.objects.all()}
    regions = [
        link_region(
            actor_userid=admin,
            department=departments[region_department(place)],
            brand_name=said.brand,
        )
        for place, _name in enumerate(said.regions)
    ]
    for place, store in enumerate(said.stores):
        link_store(
            actor_userid=admin,
            department=departments[store_department(place)],
            region=regions[region_of(place, said)],
            code=store.code,
            city=store.city,
        )
    place_guides.call()  # people are put in place by a job otherwise


def _welcome(said: Words, brand: Brand) -> None:
    load_default_words()
    save_message(
        brand=brand,
        store=None,
        text=said.welcome,
        material=Material.objects.get(title=said.materials[0].title),
        is_active=True,
        editor=Guide.objects.with_userid(said.hq_content.userid).get(),
    )
