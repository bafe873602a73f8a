"""Say who may call a URL. `organisation.auth` enforces it; a URL without a rule is refused.

A view declares exactly one rule: `@public("why")` or `@requires("guide", …)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles`: one of them is enough. `public`: nobody needs to log in, for the reason `why`."""

    roles: frozenset[str] = frozenset()
    public: bool = False
    why: str = ""


def public[View: Callable[..., Any]](why: str) -> Callable[[View], View]:
    """Anybody may call the view; `why` says what protects it instead of a login."""
    return _declare(Rule(public=True, why=why))


def requires[View: Callable[..., Any]](*roles: str) -> Callable[[View], View]:
    """Only somebody who holds one of `roles` (organisation.Role values) may call the view."""
    return _declare(Rule(roles=frozenset(roles)))


def rule_of(view: object) -> Rule | None:
    """The rule that `view` declared, or None."""
    return getattr(view, "access_rule", None)


def _declare[View: Callable[..., Any]](rule: Rule) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]  # functions carry their rule
        return view

    return mark
