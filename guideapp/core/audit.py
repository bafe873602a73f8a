"""Write the audit log and the access log."""

from typing import Any

from guideapp.core.clock import now
from guideapp.core.logs import request_id
from guideapp.core.models import AccessLog, AuditEntry


def record_audit(
    *, actor: str, action: str, subject: str, reason: str = "", **detail: Any
) -> AuditEntry:
    """Keep that `actor` (a userid; empty for the system) did `action` to `subject` (`kind:id`)."""
    return AuditEntry.objects.create(
        at=now(),
        actor=actor,
        action=action,
        subject=subject,
        reason=reason,
        detail=detail,
        request_id=request_id(),
    )


def record_access(*, actor_id: int, subject: str, screen: str) -> None:
    """Keep that guide `actor_id` saw the profile `subject` on `screen`."""
    AccessLog.objects.create(
        at=now(), actor_id=actor_id, subject=subject, screen=screen, request_id=request_id()
    )
