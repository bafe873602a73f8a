"""What became of a welcome: a line on the timeline, and the guide's first thing to do."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.tasks import task
from django.urls import reverse

from guideapp.acquisition.models import WelcomeDelivery
from guideapp.materials.models import Share
from guideapp.members.models import FollowRelation
from guideapp.members.services import propose, record_event
from guideapp.wecom.models import OutboxCall

RULE = "new_customer"
SUGGESTION_LIFE = timedelta(days=7)
_BEFORE_READINGS = 10  # a guide waits for it; the urgent threads are for what dies in 20 s
SENT_EVENT, MISSED_EVENT = "welcome_sent", "welcome_missed"

CODE_VOID = 41050  # unknown, used, or older than 20 s
ALREADY_TALKING = 41051  # the two have chatted, or another app has welcomed
ANOTHER_APP = 41096  # another app was sending until the code died


class Welcome(StrEnum):
    """What the guide is told about the welcome."""

    SENT = "sent"
    MISSED = "missed"
    UNCERTAIN = "uncertain"
    NONE = "none"  # we had none to send: no code, or no message


_OUTCOMES = {
    OutboxCall.State.DONE: Welcome.SENT,
    OutboxCall.State.FAILED: Welcome.MISSED,
    OutboxCall.State.UNCERTAIN: Welcome.UNCERTAIN,
}


@transaction.atomic
def settle(delivery: WelcomeDelivery) -> Welcome | None:
    """Write down how the call of `delivery` ended; None while it is under way.

    Running it again changes nothing: the welcome code is the key of the timeline's line, the time
    of the event that of the suggestion.
    """
    call, follow = delivery.call, delivery.follow
    outcome = _OUTCOMES.get(OutboxCall.State(call.state)) if call else None
    if call is None or outcome is None:
        return None
    params: dict[str, Any] = {"outcome": outcome.value}
    if outcome == Welcome.SENT:
        params |= {"title": call.answer.get("title", ""), "text": delivery.message.text[:80]}
    else:
        params["reason"] = _reason(call, outcome)
    record_event(
        kind=SENT_EVENT if outcome == Welcome.SENT else MISSED_EVENT,
        key=f"welcome:{delivery.code_hash}",
        contact=follow.contact,
        guide=follow.guide,
        store=follow.guide.store,
        params=params,
        at=call.sent_at or delivery.due_at,
    )
    suggest_first_contact(follow, outcome, at=delivery.event_at)
    return outcome


def suggest_first_contact(follow: FollowRelation, welcome: Welcome, *, at: datetime) -> None:
    """Propose to the guide to speak to the customer who came at `at`, with what is known.

    Nothing where the relation has ended, or the guide has sent something already.
    """
    if follow.ended_at is not None or _has_sent_something(follow, at):
        return
    propose(
        rule=RULE,
        contact=follow.contact,
        guide=follow.guide,
        evidence={
            "added_at": at.isoformat(),
            "source": {"add_way": follow.add_way, "state": follow.state},
            "welcome": welcome.value,
        },
        action_url=reverse("workbench:customer", args=[follow.pk]),
        until=at + SUGGESTION_LIFE,
        at=at,
    )


def _has_sent_something(follow: FollowRelation, since: datetime) -> bool:
    return Share.objects.filter(
        guide=follow.guide_id,
        contact=follow.contact_id,
        state=Share.State.SENT,
        tapped_at__gte=since,
    ).exists()


def _reason(call: OutboxCall, outcome: Welcome) -> str:
    """A short name of why it was missed, which the template words."""
    if outcome == Welcome.UNCERTAIN:
        return "uncertain"
    if call.errcode == ALREADY_TALKING:
        return "already_talking"
    if call.errcode in {CODE_VOID, ANOTHER_APP} or call.errcode is None:
        return "too_late"
    return "refused"


@task(queue_name="normal", priority=_BEFORE_READINGS)
def settle_call(call_id: int) -> None:
    """`settle` for the welcome that the outbox call `call_id` was."""
    deliveries = WelcomeDelivery.objects.select_related(
        "call", "message", "follow__contact", "follow__guide__store"
    )
    delivery = deliveries.filter(call=call_id).first()
    if delivery is not None:
        settle(delivery)
