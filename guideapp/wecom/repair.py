"""A person puts right what stopped: replay an event, send a call again, or drop it.

Each act is one transaction with its audit row (who, what, why), and a second tap does nothing.
"""

from django.db import transaction
from django.tasks import task

from guideapp.core.audit import record_audit
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.logs import mask
from guideapp.wecom import inbox, outbox
from guideapp.wecom.errors import NobodyHandles
from guideapp.wecom.models import CallbackEvent, OutboxCall

_STEP = 200  # events of one transaction
_REASON_MAX = 200


@transaction.atomic
def replay_event(event_id: int, *, actor: str, reason: str) -> bool:
    """Have one event handled again; False when it waits already. Raises NobodyHandles."""
    event = CallbackEvent.objects.select_for_update().get(pk=event_id)
    if not inbox.replay(event):
        return False
    _tell(actor, "inbox.replay", f"event:{event.pk}", reason, event=event.event)
    return True


@transaction.atomic
def replay_dead_events(*, actor: str, reason: str) -> int:
    """Have every event that was given up handled again, in the background; how many wait for it."""
    dead = CallbackEvent.objects.filter(state=CallbackEvent.State.DEAD)
    count = dead.count()
    last = dead.order_by("-pk").values_list("pk", flat=True).first()
    if last is None:
        return 0
    enqueue_once(replay_dead_until, last, dedupe_key="inbox:replay_dead")
    _tell(actor, "inbox.replay_dead", "inbox:dead", reason, count=count)
    return count


@task(queue_name="normal")
def replay_dead_until(last: int) -> int:
    """Replay the dead events up to row `last`, oldest first; those that die again stay dead."""
    at, replayed = 0, 0
    while True:
        with transaction.atomic():
            waiting = CallbackEvent.objects.select_for_update().filter(
                state=CallbackEvent.State.DEAD, pk__gt=at, pk__lte=last
            )
            step = list(waiting.order_by("pk")[:_STEP])
            replayed += sum(_replayed(event) for event in step)
        if not step:
            return replayed
        at = step[-1].pk


@transaction.atomic
def send_call_again(call_id: int, *, seen_attempts: int, actor: str, reason: str) -> bool:
    """Send a failed or uncertain call once more; False when it is not as the person saw it.

    Raises CallNotRepeatable.
    """
    row = OutboxCall.objects.select_for_update().get(pk=call_id)
    states = OutboxCall.State
    if row.attempts != seen_attempts or row.state in {states.WAITING, states.SENDING}:
        return False
    before = row.state
    outbox.send_again(row)
    _tell(actor, "outbox.retry", f"call:{row.pk}", reason, kind=row.kind, was=before)
    return True


@transaction.atomic
def drop_call(call_id: int, *, actor: str, reason: str) -> bool:
    """Never send the call (again); False when it is over already, or being sent this moment."""
    row = OutboxCall.objects.select_for_update().get(pk=call_id)
    states = OutboxCall.State
    if row.state not in {states.WAITING, states.FAILED, states.UNCERTAIN}:
        return False
    before = row.state
    outbox.drop(row)
    _tell(actor, "outbox.drop", f"call:{row.pk}", reason, kind=row.kind, was=before)
    return True


def _replayed(event: CallbackEvent) -> bool:
    try:
        return inbox.replay(event)
    except NobodyHandles:
        return False


def _tell(actor: str, action: str, subject: str, reason: str, **detail: object) -> None:
    kept = mask(reason)[:_REASON_MAX]
    record_audit(actor=actor, action=action, subject=subject, reason=kept, **detail)
