"""What this room does when others announce something. Receivers write rows and enqueue; no HTTP."""

from typing import Any

from django.dispatch import receiver

from guideapp.organisation.services.hr_calls import CALLS, read_changed
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.signals import call_ended


@receiver(call_ended)
def read_whom_hr_changed(call_id: int, kind: str, state: str, **_: Any) -> None:
    """Have a job read the person whose account a plan has changed."""
    if kind in CALLS.values() and state == OutboxCall.State.DONE:
        read_changed.enqueue(call_id)
