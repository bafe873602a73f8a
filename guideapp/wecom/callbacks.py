"""Who handles which event of WeCom. Rooms register in their handlers.py."""

from collections import defaultdict
from collections.abc import Callable

from guideapp.wecom.models import CallbackEvent

type Handler = Callable[[CallbackEvent], None]

# An event of these families says "this changed", not "this happened once": two edits within one
# second look identical, so each delivery is looked into again.
STATE_EVENTS = frozenset(
    {"change_contact", "change_external_chat", "change_external_contact", "change_external_tag"}
)
# A welcome code lives 20 s.
URGENT = frozenset(
    {
        ("change_external_contact", "add_external_contact"),
        ("change_external_contact", "add_half_external_contact"),
    }
)

_handlers: defaultdict[tuple[str, str], list[Handler]] = defaultdict(list)


def handles(event: str, change_type: str = "") -> Callable[[Handler], Handler]:
    """Call the function, from a job, for each such event; a message is ("message", its MsgType).

    Deliveries repeat and come out of order: a handler re-reads the truth and says the end state.
    Several functions may handle one event; when one raises, the job repeats them all.
    """

    def register(handler: Handler) -> Handler:
        _handlers[event, change_type].append(handler)
        return handler

    return register


def handlers_of(event: str, change_type: str) -> tuple[Handler, ...]:
    """The functions that handle the event, in the order they were registered."""
    return tuple(_handlers.get((event, change_type), ()))


def lane_of(event: str, change_type: str) -> str:
    """The lane whose workers handle the event."""
    return "urgent" if (event, change_type) in URGENT else "normal"
