"""What members do when others announce something."""

from typing import Any

from django.dispatch import receiver

from guideapp.core.jobs.signals import job_died
from guideapp.members.handlers import meet_guide
from guideapp.wecom.inbox import event_died


@receiver(job_died)
def give_the_event_up(task: str, args: list[Any], error: str, **_: Any) -> None:
    """WeCom never told who the guide of an event is: nothing waits for them any more."""
    if task == meet_guide.module_path:
        event_died(args[0], error)
