"""What this room does for the others: wording, and how often a customer is contacted."""

from guideapp.compliance.services.slots import (
    free_slot,
    slots_of_week,
    take_slot,
    with_contacts_of_today,
)
from guideapp.compliance.services.words import (
    add_words,
    check_wording,
    load_default_words,
    remove_words,
    require_clean,
)
from guideapp.core.word_search import Hit

__all__ = [
    "Hit",
    "add_words",
    "check_wording",
    "free_slot",
    "load_default_words",
    "remove_words",
    "require_clean",
    "slots_of_week",
    "take_slot",
    "with_contacts_of_today",
]
