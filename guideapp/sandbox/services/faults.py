"""What goes wrong on purpose: kept in rows, decided at each call, event and opening of the app.

A wait and a spoiled answer come after the call has taken effect, as they would: only the answer is
late or lost. A fault that is a code refuses the call, which then changes nothing.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.db import transaction

from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models.control import Fault

Name = Fault.Name
NONE = "none"  # clears all
SECONDS_MAX = 600.0
_USUAL_SECONDS = {Name.LATENCY: 2.0, Name.HANG: 30.0, Name.CALLBACK_SHUFFLE: 3.0}
_CODES = frozenset(
    {
        Name.BUSY,
        Name.RATE,
        Name.CONCURRENCY,
        Name.TOKEN_EXPIRED,
        Name.TOKEN_UNKNOWN,
        Name.SECRET,
    }
)
_OF_A_TOKEN = frozenset({Name.TOKEN_EXPIRED, Name.TOKEN_UNKNOWN})  # gettoken brings none
_WAITS = frozenset({Name.LATENCY, Name.HANG})
_SPOILED = frozenset({Name.HTML, Name.TRUNCATED, Name.RESET})


@dataclass(frozen=True)
class Trouble:
    """What one API call meets. `words` is for the log: the names, joined by +."""

    errcode: int = 0
    wait_seconds: float = 0
    spoiled: str = ""  # html, truncated, reset
    words: str = ""


def of_call(path: str, *, with_token: bool) -> Trouble:
    """What the API call of `path` meets: one wait, and one refusal or one spoiled answer."""
    names = (_CODES | _WAITS | _SPOILED) - (frozenset() if with_token else _OF_A_TOKEN)
    met = _met(names, path)
    waits = [fault for fault in met if fault.name in _WAITS][:1]
    broken = [fault for fault in met if fault.name not in _WAITS][:1]
    return Trouble(
        errcode=next((int(fault.name) for fault in broken if fault.name in _CODES), 0),
        wait_seconds=sum(fault.seconds for fault in waits),
        spoiled=next((fault.name for fault in broken if fault.name in _SPOILED), ""),
        words="+".join(fault.name for fault in [*waits, *broken]),
    )


def met(name: str, subject: str = "") -> Fault | None:
    """The fault `name` when it happens now to `subject` (a change type, a call of the SDK)."""
    return next(iter(_met({name}, subject)), None)


def standing() -> list[Fault]:
    """Every fault that is on, oldest first."""
    return list(Fault.objects.order_by("pk"))


@transaction.atomic
def turn(
    name: str,
    *,
    rate: float = 0,
    every: int = 0,
    after: int = 0,
    path: str = "",
    seconds: float | None = None,
) -> None:
    """Turn a fault on, change it, or (rate and every 0) off; without `path` off everywhere.

    The first `after` times nothing happens.
    Raises UnknownEvent for a name or a number that makes no sense.
    """
    if name == NONE:
        Fault.objects.all().delete()
        return
    if name not in Name.values:
        raise UnknownEvent(f"unknown fault: {name}; known are {', '.join([NONE, *Name.values])}")
    if not 0 <= rate <= 1:
        raise UnknownEvent("rate must be between 0 and 1")
    wait = _USUAL_SECONDS.get(Name(name), 0.0) if seconds is None else seconds
    if not 0 <= wait <= SECONDS_MAX:
        raise UnknownEvent(f"seconds must be between 0 and {SECONDS_MAX:.0f}")
    if rate or every:
        numbers = {"rate": rate, "every": every, "after": after, "seconds": wait}
        Fault.objects.update_or_create(
            name=name, path=path, defaults=numbers | {"seen": 0, "hits": 0}
        )
    else:
        named = Fault.objects.filter(name=name)
        (named.filter(path=path) if path else named).delete()


def as_json(fault: Fault) -> dict[str, object]:
    """One fault as the control address tells it."""
    names = ("name", "rate", "every", "after", "path", "seconds", "seen", "hits")
    return {name: getattr(fault, name) for name in names}


def _met(names: Iterable[str], subject: str) -> list[Fault]:
    on = Fault.objects.filter(name__in=names).order_by("pk")
    return [fault for fault in on if fnmatchcase(subject, fault.path or "*") and _happens(fault)]


@transaction.atomic
def _happens(fault: Fault) -> bool:
    """Count the occasion, whichever thread has it, and decide."""
    row = Fault.objects.select_for_update().filter(pk=fault.pk).first()
    if row is None:  # cleared a moment ago
        return False
    row.seen += 1
    happens = row.seen > row.after and _falls_on(row)
    row.hits += happens
    row.save(update_fields=["seen", "hits"])
    return happens


def _falls_on(fault: Fault) -> bool:
    """Its turn, or chance."""
    if fault.every:
        return (fault.seen - fault.after) % fault.every == 0
    return random.random() < fault.rate  # noqa: S311
