"""Write the audit log and the access log."""

from typing import Any

from django.db import connection

from guideapp.core.clock import now
from guideapp.core.logs import request_id
from guideapp.core.models import AuditEntry


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


# Each opened profile writes one, so it is not compiled anew each time.
_ACCESS = """
INSERT INTO core_accesslog (at, actor_id, subject, screen, request_id) VALUES (%s, %s, %s, %s, %s)
"""


def record_access(*, actor_id: int, subject: str, screen: str) -> None:
    """Keep that guide `actor_id` saw the profile `subject` on `screen`."""
    at = connection.ops.adapt_datetimefield_value(now())
    with connection.cursor() as cursor:
        cursor.execute(_ACCESS, (at, actor_id, subject, screen, request_id()))
