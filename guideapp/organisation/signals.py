"""News of the room, sent after commit."""

from django.dispatch import Signal

guide_left = Signal()  # guide_id: the person is no longer in the company's address book
guide_moved = Signal()  # guide_id, from_store_id, to_store_id: the person works elsewhere now
