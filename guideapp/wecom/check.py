"""接入检查: does everything stand that the product needs from WeCom and from this machine?

A probe looks at one thing and answers with Findings; rooms above add theirs with `@probe`. The
findings hold codes and figures, `check_words` says them. It runs before anything else works: each
probe survives a database without tables, and none waits longer than one call to WeCom may take.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import DatabaseError
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.wecom.check_wire import Wire
from guideapp.wecom.models import SyncCursor

KEPT_AS = SyncCursor.CHECK  # the row that holds the last result
_RUNS_AT_MOST = timedelta(minutes=5)


class Verdict(StrEnum):
    """How one thing stands. UNKNOWN: it could not be looked at; something above it is wrong."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`name` is what was looked at, `problem` which trouble it has ('' for none), both codes."""

    name: str
    verdict: Verdict = Verdict.OK
    problem: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


type Probe = Callable[[Wire], Iterable[Finding]]

_probes: dict[str, Probe] = {}


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The result that was kept; `is_running`: a newer one is under way."""

    at: datetime | None
    findings: list[Finding]
    is_running: bool


def probe(name: str) -> Callable[[Probe], Probe]:
    """Have the check run the function; `name` is reported as unknown where the database fails."""

    def register(look: Probe) -> Probe:
        _probes[name] = look
        return look

    return register


def run_check() -> list[Finding]:
    """Look at everything, in the order in which it is set up."""
    wire = Wire()
    findings: list[Finding] = []
    for name, look in _probes.items():
        try:
            findings += look(wire)
        except DatabaseError:
            findings.append(Finding(name, Verdict.UNKNOWN, "database"))
    return findings


def keep(findings: list[Finding]) -> None:
    """Make `findings` the last result."""
    report = {"findings": [asdict(finding) for finding in findings]}
    values = {"finished_at": now(), "report": report}
    SyncCursor.objects.update_or_create(name=KEPT_AS, defaults=values)


def last_check() -> LastCheck:
    """The last result that was kept. One query."""
    row = SyncCursor.objects.filter(name=KEPT_AS).first()
    if row is None:
        return LastCheck(None, [], is_running=False)
    findings = [
        Finding(one["name"], Verdict(one["verdict"]), one["problem"], one["facts"])
        for one in row.report.get("findings", [])
    ]
    asked, done = row.started_at, row.finished_at
    is_running = (
        asked is not None and (done is None or asked > done) and now() - asked < _RUNS_AT_MOST
    )
    return LastCheck(done, findings, is_running=is_running)


def ask_for_check() -> None:
    """Have the check run in the background, once however often it is asked for."""
    SyncCursor.objects.update_or_create(name=KEPT_AS, defaults={"started_at": now()})
    enqueue_once(check_now, dedupe_key=KEPT_AS)


@task(queue_name="normal")
def check_now() -> dict[str, int]:
    """Run the check, keep its result; how many of each verdict."""
    findings = run_check()
    keep(findings)
    return {verdict: sum(one.verdict == verdict for one in findings) for verdict in Verdict}
