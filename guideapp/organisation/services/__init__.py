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
from guideapp.organisation.services.login import begin_login, consume_login
from guideapp.organisation.services.preview import preview_address_book
from guideapp.organisation.services.roles import grant_role, revoke_role
from guideapp.organisation.services.structure import link_region, link_store, unlink_department

__all__ = [
    "begin_login",
    "consume_login",
    "end_sessions",
    "grant_role",
    "home_of",
    "homes_of",
    "leave",
    "link_region",
    "link_store",
    "place_guides",
    "preview_address_book",
    "reconcile_address_book",
    "reconcile_changed_guides",
    "rename_guide",
    "revoke_role",
    "sync_address_book",
    "sync_departments",
    "sync_guide",
    "unlink_department",
]
