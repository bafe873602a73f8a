"""Kinds of timeline events. The room where the fact happens registers its kind and its template."""

from dataclasses import dataclass

_kinds: dict[str, "Kind"] = {}


@dataclass(frozen=True, slots=True)
class Kind:
    """`template` shows one event (context: `event`, a TimelineEvent) as one or two paragraphs.

    A `behaviour` is something that the customer did: it stands under TA 最近在看 and makes the
    customer warm.
    """

    name: str
    template: str
    behaviour: bool


def register(name: str, *, template: str, behaviour: bool = True) -> None:
    """Make `name` (≤ 32 characters) a kind of event; in AppConfig.ready. Again is harmless."""
    _kinds[name] = Kind(name=name, template=template, behaviour=behaviour)


def kind_of(name: str) -> Kind | None:
    """The registered kind, or None: an event of a room that is no longer installed."""
    return _kinds.get(name)


def behaviours() -> list[str]:
    """Names of the kinds that customers' own acts have."""
    return sorted(kind.name for kind in _kinds.values() if kind.behaviour)
