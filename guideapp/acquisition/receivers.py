"""What this room does when others announce something. Receivers write rows and enqueue; no HTTP."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from guideapp.acquisition.services import CALL, greet, settle_call
from guideapp.acquisition.services.outcome import RULE
from guideapp.members.models import FollowRelation
from guideapp.members.services import withdraw
from guideapp.members.signals import contact_added, contact_left
from guideapp.wecom.signals import call_ended


@receiver(contact_added)
def greet_new_customer(
    follow_id: int, welcome_code: str, state: str, event_at: datetime, **_: Any
) -> None:
    """Owe the welcome inside the transaction of the event."""
    follows = FollowRelation.objects.select_related("contact", "guide__store__region")
    greet(follows.get(pk=follow_id), welcome_code=welcome_code, state=state, event_at=event_at)


@receiver(call_ended)
def settle_when_the_call_is_over(call_id: int, kind: str, **_: Any) -> None:
    """Have a job write down what became of a welcome."""
    if kind == CALL:
        settle_call.enqueue(call_id)


@receiver(contact_left)
def forget_first_contact(follow_id: int, **_: Any) -> None:
    """Nobody is left to be greeted by the guide."""
    follow = FollowRelation.objects.select_related("contact", "guide").get(pk=follow_id)
    withdraw(rule=RULE, contact=follow.contact, guide=follow.guide)
