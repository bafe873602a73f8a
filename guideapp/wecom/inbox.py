"""The inbox: store what WeCom told us in one short transaction; handle it later, from a job."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BigIntegerField, QuerySet
from django.tasks import task

from guideapp.core.clock import now, own_now
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.jobs.schedule import periodic
from guideapp.core.logs import mask
from guideapp.core.prepared import Given, Prepared
from guideapp.wecom.callback_xml import read_elements
from guideapp.wecom.callbacks import STATE_EVENTS, handlers_of, lane_of
from guideapp.wecom.errors import NobodyHandles, StaleCallback
from guideapp.wecom.models import CallbackEvent

KEEP = timedelta(days=30)
_PRUNE_BATCH = 2_000

# Personal data that no handler needs: handlers read the member from WeCom again.
_NEVER_STORED = frozenset(
    {"Mobile", "Telephone", "Email", "BizMail", "Address", "Avatar", "Content", "ToUserName"}
)
_WELCOME_CODE = "WelcomeCode"

_STORE = """
INSERT INTO wecom_callbackevent (corp_id, agent_id, digest, event, change_type, fields, created_at,
                                 received_at, deliveries, state, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 1, %s, '')
ON CONFLICT (corp_id, agent_id, digest) DO UPDATE
SET deliveries = wecom_callbackevent.deliveries + 1,
    state = CASE WHEN %s THEN 'pending' ELSE wecom_callbackevent.state END
RETURNING id, deliveries
"""
_HANDLED = """
UPDATE wecom_callbackevent SET state = %s, handled_at = %s, fields = %s, error = ''
WHERE id = %s AND (deliveries = %s OR NOT %s)
"""


class HandleLater(Exception):
    """A handler cannot tell yet what the event means, and has seen to it that a job finds out.

    The event stays pending until that job calls `handle_again` or `close_event`.
    """


def receive(message: bytes, *, timestamp: str) -> None:
    """Store a decrypted callback and, in the same transaction, the job that will handle it.

    `timestamp` is the signed one of the query. A message that is known already counts as one more
    delivery; a state event is then looked into again, by one job however often it comes.
    Raises BadEnvelope, StaleCallback, or a DatabaseError (so that WeCom repeats).
    """
    elements = read_elements(message)
    digest = hashlib.sha256(message).hexdigest()
    if _is_stale(timestamp) and not _is_known(digest):
        raise StaleCallback
    name, change_type = _name_of(elements)
    known = bool(handlers_of(name, change_type))
    again = known and name in STATE_EVENTS
    time_of = connection.ops.adapt_datetimefield_value
    values = (
        settings.WECOM_CORP_ID,  # the receive id inside the message was compared with it
        elements.get("AgentID", "")[:16],
        digest,
        name,
        change_type,
        json.dumps(_stored(elements), ensure_ascii=False),
        time_of(_created_at(elements)),
        time_of(now()),
        CallbackEvent.State.PENDING if known else CallbackEvent.State.IGNORED,
        again,
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_STORE, values)
            event_id, deliveries = cursor.fetchone()
        if known and (again or deliveries == 1):
            job = handle_event.using(queue_name=lane_of(name, change_type))
            enqueue_once(job, event_id, dedupe_key=f"inbox:{event_id}")


@task(queue_name="normal")
def handle_event(event_id: int) -> None:
    """Call every handler of a pending event, then mark it done."""
    event = _PENDING.first(pk=event_id)
    if event is None:
        return
    try:
        for handler in handlers_of(event.event, event.change_type):
            handler(event)
    except HandleLater:
        return
    _done(event)


def handle_again(event_id: int) -> None:
    """Have a pending event handled from the beginning, in its own lane."""
    event = _PENDING.first(pk=event_id)
    if event is not None:
        job = handle_event.using(queue_name=lane_of(event.event, event.change_type))
        enqueue_once(job, event_id, dedupe_key=f"inbox:{event_id}")


def close_event(event_id: int) -> None:
    """Nothing is to be done about a pending event: it is about nobody of ours."""
    event = _PENDING.first(pk=event_id)
    if event is not None:
        _done(event)


def event_died(event_id: int, error: str) -> None:
    """Mark an event whose job was given up; a repeated delivery makes it pending again."""
    pending = CallbackEvent.objects.filter(pk=event_id, state=CallbackEvent.State.PENDING)
    pending.update(state=CallbackEvent.State.DEAD, error=mask(error))


def replay(event: CallbackEvent) -> bool:
    """Have a locked event handled (again) by a job; False when it waits already.

    Handlers re-read the truth, so a second time is harmless; a welcome code is long void by then.
    Raises NobodyHandles for an event that no room has a handler for.
    """
    if event.state == CallbackEvent.State.PENDING:
        return False
    if not handlers_of(event.event, event.change_type):
        raise NobodyHandles
    event.state, event.error = CallbackEvent.State.PENDING, ""
    event.save(update_fields=["state", "error"])
    job = handle_event.using(queue_name=lane_of(event.event, event.change_type))
    enqueue_once(job, event.pk, dedupe_key=f"inbox:{event.pk}")
    return True


@periodic("37 3 * * *", name="prune_inbox")
@task(queue_name="bulk")
def prune_inbox() -> None:
    """Delete events older than 30 days; WeCom repeats one for seconds only."""
    old = CallbackEvent.objects.filter(received_at__lt=now() - KEEP).order_by("received_at")
    while keys := list(old.values_list("pk", flat=True)[:_PRUNE_BATCH]):
        CallbackEvent.objects.filter(pk__in=keys).delete()


def _done(event: CallbackEvent) -> None:
    """Handled. A state event that came again meanwhile has a job of its own, and stays pending."""
    kept = {name: text for name, text in event.fields.items() if name != _WELCOME_CODE}
    values = (
        CallbackEvent.State.DONE,
        connection.ops.adapt_datetimefield_value(now()),
        json.dumps(kept, ensure_ascii=False),
        event.pk,
        event.deliveries,
        event.event in STATE_EVENTS,
    )
    with connection.cursor() as cursor:
        cursor.execute(_HANDLED, values)


def _pending() -> QuerySet[CallbackEvent]:
    return CallbackEvent.objects.filter(
        pk=Given("pk", BigIntegerField()), state=CallbackEvent.State.PENDING
    )


_PENDING = Prepared(_pending)


def _is_stale(timestamp: str) -> bool:
    """Outside the window of WECOM_CALLBACK_MAX_AGE_SECONDS, in either direction.

    By our own clock and by the database's: one that is wrong must not refuse what WeCom tells.
    """
    window = settings.WECOM_CALLBACK_MAX_AGE_SECONDS
    if not window:
        return False
    if not timestamp.isdecimal():
        return True
    said = int(timestamp[:12])
    return min(abs(clock.timestamp() - said) for clock in (now(), own_now())) > window


def _is_known(digest: str) -> bool:
    return CallbackEvent.objects.filter(corp_id=settings.WECOM_CORP_ID, digest=digest).exists()


def _name_of(elements: dict[str, str]) -> tuple[str, str]:
    """Event and change type; a member's message to the app is ("message", its kind)."""
    if elements.get("Event"):
        return elements["Event"][:64], elements.get("ChangeType", "")[:64]
    return "message", elements.get("MsgType", "")[:64]


def _stored(elements: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in elements.items() if name not in _NEVER_STORED}


def _created_at(elements: dict[str, str]) -> datetime:
    """CreateTime, or now where WeCom sent none that can be read."""
    try:
        return datetime.fromtimestamp(int(elements.get("CreateTime", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return now()
