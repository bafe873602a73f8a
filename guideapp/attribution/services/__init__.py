"""What the room does. Other rooms call these."""

from guideapp.attribution.services.links import TOKEN_LENGTH, find, new_token, track, track_many
from guideapp.attribution.services.orders import save_orders
from guideapp.attribution.services.refunds import save_refunds

__all__ = [
    "TOKEN_LENGTH",
    "find",
    "new_token",
    "save_orders",
    "save_refunds",
    "track",
    "track_many",
]
