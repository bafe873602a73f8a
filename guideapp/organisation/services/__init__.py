"""What the room does. Other rooms call these."""

from guideapp.organisation.services.address_book import (
    reconcile_address_book,
    reconcile_changed_guides,
    sync_address_book,
    sync_departments,
    sync_guide,
)
from guideapp.organisation.services.guides import end_sessions, leave, place_guides, rename_guide
from guideapp.organisation.services.homes import home_of, homes_of
from guideapp.organisation.services.hr import import_people
from guideapp.organisation.services.hr_plan import apply_plan, make_plan
from guideapp.organisation.services.login import begin_login, consume_login
from guideapp.organisation.services.preview import preview_address_book
from guideapp.organisation.services.retail import (
    brand_of,
    brands_named,
    save_stores,
    store_of,
    stores_coded,
)
from guideapp.organisation.services.roles import grant_role, revoke_role
from guideapp.organisation.services.structure import link_region, link_store, unlink_department
from guideapp.organisation.services.tenures import Tenures

__all__ = [
    "Tenures",
    "apply_plan",
    "begin_login",
    "brand_of",
    "brands_named",
    "consume_login",
    "end_sessions",
    "grant_role",
    "home_of",
    "homes_of",
    "import_people",
    "leave",
    "link_region",
    "link_store",
    "make_plan",
    "place_guides",
    "preview_address_book",
    "reconcile_address_book",
    "reconcile_changed_guides",
    "rename_guide",
    "revoke_role",
    "save_stores",
    "store_of",
    "stores_coded",
    "sync_address_book",
    "sync_departments",
    "sync_guide",
    "unlink_department",
]
