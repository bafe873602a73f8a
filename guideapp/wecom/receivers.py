"""What the inbox and the outbox do when the ledger gives one of their jobs up."""

from typing import Any

from django.dispatch import receiver

from guideapp.core.jobs.signals import job_died
from guideapp.wecom.inbox import event_died, handle_event
from guideapp.wecom.outbox import call_died, deliver

_CLOSE = {handle_event.module_path: event_died, deliver.module_path: call_died}


@receiver(job_died)
def close_what_waited(task: str, args: list[int], error: str, **_: Any) -> None:
    """Mark the row as dead or failed, in the transaction that buries the job."""
    if task in _CLOSE:
        _CLOSE[task](args[0], error)
