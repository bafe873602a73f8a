"""What this room does for the others and for its own handlers and pages."""

from guideapp.members.services.contacts import (
    close_follows,
    end_follow,
    link_member,
    open_follow,
    refresh_contact,
    refresh_soon,
    sync_contact,
    sync_contacts_of,
)
from guideapp.members.services.events import NewEvent, record_event, record_events
from guideapp.members.services.notes import NOTE_MAX, write_note
from guideapp.members.services.people import normal_phone, open_card, save_member
from guideapp.members.services.purchases import (
    Purchase,
    PurchaseLine,
    record_purchase,
    record_purchases,
    refresh_year_sums,
)
from guideapp.members.services.reconcile import reconcile, reconcile_all, reconcile_changed
from guideapp.members.services.suggestions import Explained, decide, explain, propose, withdraw
from guideapp.members.services.tags import add_tag, read_tags, remove_tag, sync_tags

__all__ = [
    "NOTE_MAX",
    "Explained",
    "NewEvent",
    "Purchase",
    "PurchaseLine",
    "add_tag",
    "close_follows",
    "decide",
    "end_follow",
    "explain",
    "link_member",
    "normal_phone",
    "open_card",
    "open_follow",
    "propose",
    "read_tags",
    "reconcile",
    "reconcile_all",
    "reconcile_changed",
    "record_event",
    "record_events",
    "record_purchase",
    "record_purchases",
    "refresh_contact",
    "refresh_soon",
    "refresh_year_sums",
    "remove_tag",
    "save_member",
    "sync_contact",
    "sync_contacts_of",
    "sync_tags",
    "withdraw",
    "write_note",
]
