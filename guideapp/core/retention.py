"""How long things about people are kept: a setting for each, and one job a night that keeps to it.

A room says in its `personal.py` what it throws away (`@kept_for`).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.tasks import task
from django.utils.functional import Promise

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.jobs.schedule import periodic
from guideapp.core.models import AuditEntry

log = logging.getLogger(__name__)

ACTION = "retention.run"
type Cut = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is thrown away after `setting` days; `cut` takes the moment and answers how many."""

    name: str
    label: str | Promise
    setting: str
    cut: Cut

    @property
    def days(self) -> int:
        """The period that is configured."""
        return int(getattr(settings, self.setting))


@dataclass(frozen=True, slots=True)
class LastRun:
    """When a rule was last kept to, and how many rows went."""

    at: datetime
    rows: int


_rules: dict[str, Rule] = {}


def kept_for(
    setting: str, *, name: str, label: str | Promise, least: int = 1, most: int | None = None
) -> Callable[[Cut], Cut]:
    """Have the function called each night with the moment before which things go.

    `setting` holds the days; the law's bounds on them are `least` and `most`
    (ImproperlyConfigured).
    """
    days = int(getattr(settings, setting))
    if days < least or (most is not None and days > most):
        bounds = f"at least {least}" + (f" and at most {most}" if most is not None else "")
        raise ImproperlyConfigured(f"{setting} is {bounds} days, not {days}.")

    def register(cut: Cut) -> Cut:
        _rules[name] = Rule(name, label, setting, cut)
        return cut

    return register


def rules() -> list[Rule]:
    """Everything that has a period, room by room."""
    return list(_rules.values())


def last_runs() -> dict[str, LastRun]:
    """Rule → its last run; one query for each rule."""
    found = {}
    for name in _rules:
        row = AuditEntry.objects.filter(subject=f"retention:{name}").order_by("-at").first()
        if row is not None:
            found[name] = LastRun(row.at, int(row.detail.get("rows", 0)))
    return found


@periodic("40 3 * * *", name="retention", catch_up=True)
@task(queue_name="bulk")
def keep_to_periods() -> None:
    """Throw away what is over its period; a rule that fails holds up no other."""
    failed = []
    for rule in rules():
        try:
            rows = rule.cut(now() - timedelta(days=rule.days))
        except Exception:
            log.exception("retention failed", extra={"rule": rule.name})
            failed.append(rule.name)
            continue
        record_audit(actor="", action=ACTION, subject=f"retention:{rule.name}", rows=rows)
    if failed:
        raise RuntimeError(f"not kept to: {', '.join(failed)}")
