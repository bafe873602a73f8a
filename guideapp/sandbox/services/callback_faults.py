"""What happens to an event on purpose before it goes out (services/faults.py)."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from guideapp.sandbox.models.control import Fault
from guideapp.sandbox.services import faults

Name = Fault.Name
_FOREIGN_CORP = "ww0000000000000000"


@dataclass(frozen=True)
class Fate:
    """How one event goes out. `fault` is the last that it met, for the log."""

    fault: str = ""
    dropped: bool = False
    copies: int = 1
    delay: timedelta = timedelta()
    forged: bool = False  # a wrong signature
    corp_id: str = ""  # of another company
    bare: bool = False  # text without CDATA
    without: frozenset[str] = frozenset()  # elements that are missing


def fate_of(subject: str) -> Fate:
    """Decide for one event; `subject` is its change type, or the event where it has none."""
    on = {fault.name for fault in faults.standing()}
    met = {name: fault for name in _KINDS if name in on and (fault := faults.met(name, subject))}
    if not met:
        return Fate()
    late = met.get(Name.CALLBACK_SHUFFLE)
    return Fate(
        fault=list(met)[-1],
        dropped=Name.CALLBACK_DROP in met,
        copies=2 if Name.CALLBACK_DUPLICATE in met else 1,
        delay=_delay(late) if late else timedelta(),
        forged=Name.CALLBACK_SIGNATURE in met,
        corp_id=_FOREIGN_CORP if Name.CALLBACK_CORPID in met else "",
        bare=Name.CALLBACK_PLAIN in met,
        without=frozenset({"WelcomeCode"} if Name.CALLBACK_NO_WELCOME in met else ()),
    )


def forged(query: Mapping[str, str]) -> dict[str, str]:
    """The query with a signature that does not fit."""
    return {**query, "msg_signature": query["msg_signature"][::-1]}


def _delay(fault: Fault) -> timedelta:
    """Each n-th is late by the whole time; at a rate, by anything up to it."""
    share = 1.0 if fault.every else random.random()  # noqa: S311 -- a played delay
    return timedelta(seconds=fault.seconds * share)


_KINDS = (
    Name.CALLBACK_NO_WELCOME,
    Name.CALLBACK_PLAIN,
    Name.CALLBACK_CORPID,
    Name.CALLBACK_SIGNATURE,
    Name.CALLBACK_SHUFFLE,
    Name.CALLBACK_DUPLICATE,
    Name.CALLBACK_DROP,
)
