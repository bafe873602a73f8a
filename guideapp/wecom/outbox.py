"""The outbox: calls that we owe WeCom, written with the state that made them due, sent by jobs.

A call that may be repeated is repeated. One that may not is `sending` before it goes out; when
nobody can tell any more whether it arrived, it is `uncertain` and waits for a person.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.errors import GiveUp, RetryAt
from guideapp.core.jobs.schedule import periodic
from guideapp.core.logs import mask
from guideapp.wecom.client import WeComClient, client
from guideapp.wecom.errors import (
    CallNotRepeatable,
    CallOvertaken,
    WeComError,
    WeComNotSent,
    WeComProtocol,
    WeComRateLimited,
    WeComTokenExpired,
)
from guideapp.wecom.models import OutboxCall
from guideapp.wecom.signals import call_ended

logger = logging.getLogger(__name__)

State = OutboxCall.State
type Payload = dict[str, Any]
type Sender = Callable[[WeComClient, Payload], Payload | None]
type Repair = Callable[[Payload, int], Payload | None]
type Sets = Callable[[Payload], set[str]]

ANOTHER_APP_IS_SENDING = 41096  # and may yet fail: ask again until the code is void
KEEP_DONE = timedelta(days=90)
_AWAY_SECONDS = 30  # WeCom cannot be reached: nothing was tried, so no attempt is used up
_INSISTS = timedelta(minutes=1)  # what ends so soon after the rest asks every two seconds
_SENDING_AT_MOST = timedelta(minutes=5)
_ERROR_MAX = 300
_PRUNE_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class _Kind:
    send: Sender
    idempotent: bool
    repair: Repair | None
    forget: tuple[str, ...]
    sets: Sets | None


_kinds: dict[str, _Kind] = {}


def call(
    kind: str,
    *,
    idempotent: bool,
    repair: Repair | None = None,
    forget: tuple[str, ...] = (),
    sets: Sets | None = None,
) -> Callable[[Sender], Sender]:
    """Register the function that sends calls of `kind`; what it returns is kept as the answer.

    It runs outside any transaction and may read rows to build the call; GiveUp drops the call.
    `repair(payload, errcode)` may turn a payload that WeCom refused into another one to try; None
    or the same payload: there is nothing to repair.
    `forget`: keys of the payload that are deleted when the call is over.
    `sets(payload)` names what a call gives a new value, of the relation that its key begins with
    (`kind:relation:…`): an old one must not be sent over a younger one.
    """

    def register(send_one: Sender) -> Sender:
        _kinds[kind] = _Kind(send_one, idempotent, repair, forget, sets)
        return send_one

    return register


@transaction.atomic(savepoint=False)
def send(
    kind: str,
    payload: Payload,
    *,
    key: str,
    lane: str = "normal",
    expires_at: datetime | None = None,
) -> OutboxCall:
    """Owe WeCom this call: one row and one job, in the caller's transaction.

    `key` (≤ 200 characters) is the business key: known, its row is returned as it is and nothing
    is added. Not sent after `expires_at`. Raises KeyError for a kind that nobody registered.
    """
    values = {
        "kind": kind,
        "payload": payload,
        "lane": lane,
        "idempotent": _kinds[kind].idempotent,
        "created_at": now(),
        "expires_at": expires_at,
    }
    row, created = OutboxCall.objects.get_or_create(key=key, defaults=values)
    if created:
        deliver.using(queue_name=lane).enqueue(row.pk)
    return row


@task(queue_name="normal")
def deliver(call_id: int) -> None:
    """Send one call, unless it was sent, is void, or may have been sent before a crash."""
    row = OutboxCall.objects.filter(pk=call_id).first()
    if row is None:
        return
    if row.state == State.SENDING:
        _end(row, State.UNCERTAIN, error="the worker stopped while it was being sent")
    elif row.state == State.WAITING and row.expires_at and row.expires_at <= now():
        _end(row, State.FAILED, error="expired before it could be sent")
    elif row.state == State.WAITING and _begin(row):
        _send(row, _kinds[row.kind])


def call_died(call_id: int, error: str) -> None:
    """Close a call whose job was given up."""
    row = OutboxCall.objects.filter(pk=call_id, state__in=[State.WAITING, State.SENDING]).first()
    if row is not None:
        _end(row, State.UNCERTAIN if row.state == State.SENDING else State.FAILED, error=error)


def refusal_to_repeat(row: OutboxCall) -> CallNotRepeatable | None:
    """Why a person may not have it sent again; None when they may.

    Not after its end, nor without what its kind forgets, nor over a newer value.
    """
    kind = _kinds.get(row.kind)
    is_whole = kind is not None and all(name in row.payload for name in kind.forget)
    is_over = row.expires_at is not None and row.expires_at <= now()
    if row.state not in {State.FAILED, State.UNCERTAIN} or not is_whole or is_over:
        return CallNotRepeatable()
    return CallOvertaken() if kind and kind.sets and _is_overtaken(row, kind.sets) else None


def _is_overtaken(row: OutboxCall, sets: Sets) -> bool:
    """A younger call set the same, or may have: what was sent long ago is not kept."""
    if now() - row.created_at > min(KEEP_DONE, timedelta(days=settings.WECOM_EVENT_DAYS)):
        return True
    relation = ":".join(row.key.split(":")[:2])
    younger = OutboxCall.objects.filter(
        kind=row.kind, key__startswith=f"{relation}:", pk__gt=row.pk
    ).exclude(state=State.DROPPED)
    ours = sets(row.payload)
    return any(ours & sets(payload) for payload in younger.values_list("payload", flat=True))


def end_what_sets_values(*, error: str) -> int:
    """Drop every waiting call that would set a value; how many. For after a restored backup.

    Dropped, not failed: a person who sent it again could not know that it is old news.
    """
    kinds = [name for name, kind in _kinds.items() if kind.sets]
    waiting = OutboxCall.objects.filter(kind__in=kinds, state=State.WAITING)
    return waiting.update(state=State.DROPPED, error=error[:_ERROR_MAX])


def send_again(row: OutboxCall) -> None:
    """Owe WeCom a locked call once more. Raises what `refusal_to_repeat` says."""
    refusal = refusal_to_repeat(row)
    if refusal is not None:
        raise refusal
    row.state, row.errcode, row.error = State.WAITING, None, ""
    row.save(update_fields=["state", "errcode", "error"])
    deliver.using(queue_name=row.lane).enqueue(row.pk)


def drop(row: OutboxCall) -> None:
    """Give a locked call up for good. One that is under way may still say how it ended."""
    _end(row, State.DROPPED, error="dropped by a person")


@periodic("*/5 * * * *", name="close_abandoned_calls")
@task(queue_name="normal")
def close_abandoned_calls() -> None:
    """What has been `sending` for minutes was left there by a crash that took its job along."""
    old = now() - _SENDING_AT_MOST
    for row in OutboxCall.objects.filter(state=State.SENDING, sent_at__lt=old)[:500]:
        _end(row, State.UNCERTAIN, error="abandoned while it was being sent")


@periodic("47 3 * * *", name="prune_outbox")
@task(queue_name="bulk")
def prune_outbox() -> None:
    """Delete calls that were sent long ago; nothing asks for their keys any more."""
    old = OutboxCall.objects.filter(state=State.DONE, created_at__lt=now() - KEEP_DONE)
    while keys := list(old.order_by("pk").values_list("pk", flat=True)[:_PRUNE_BATCH]):
        OutboxCall.objects.filter(pk__in=keys).delete()


def _begin(row: OutboxCall) -> bool:
    """Take the call; False when another worker was first."""
    row.state = State.WAITING if row.idempotent else State.SENDING
    row.attempts += 1
    waiting = OutboxCall.objects.filter(pk=row.pk, state=State.WAITING)
    return waiting.update(state=row.state, attempts=F("attempts") + 1, sent_at=now()) == 1


def _send(row: OutboxCall, kind: _Kind) -> None:
    try:
        answer = kind.send(client(), row.payload)
    except GiveUp as reason:
        _end(row, State.FAILED, error=str(reason))
    except WeComError as error:
        _after(row, kind, error)
    else:
        _end(row, State.DONE, answer=answer or {})


def _after(row: OutboxCall, kind: _Kind, error: WeComError) -> None:
    """Repeat, repair, close or leave uncertain: what the error allows."""
    if not row.idempotent and _may_have_arrived(error):
        _end(row, State.UNCERTAIN, errcode=error.errcode, error=str(error))
        return
    payload = kind.repair(row.payload, error.errcode) if kind.repair else None
    if payload not in (None, row.payload):
        _wait(row, error, payload=payload)
        raise RetryAt(now())
    if error.errcode == ANOTHER_APP_IS_SENDING and row.expires_at:
        _wait(row, error)
        raise RetryAt(now() + timedelta(seconds=1))
    if isinstance(error, WeComRateLimited | WeComNotSent):
        _wait(row, error)
        raise RetryAt(now() + _rest(row, error))
    if error.retryable or isinstance(error, WeComTokenExpired | WeComProtocol):
        _wait(row, error)
        raise error
    _end(row, State.FAILED, errcode=error.errcode, error=str(error))


def _rest(row: OutboxCall, error: WeComRateLimited | WeComNotSent) -> timedelta:
    """How long to leave WeCom alone: its window, or a while; a call that expires soon insists."""
    rest = timedelta(seconds=error.rest_seconds or _AWAY_SECONDS)
    if row.expires_at and row.expires_at - now() <= rest + _INSISTS:
        return timedelta(seconds=2)
    return rest


def _may_have_arrived(error: WeComError) -> bool:
    """True when no code came back: the call itself went out, and its answer was lost."""
    return not (error.errcode or isinstance(error, WeComNotSent) or error.path == "gettoken")


def _wait(row: OutboxCall, error: WeComError, **changes: Any) -> None:
    """Waiting again: this attempt certainly had no effect."""
    changes |= {"errcode": error.errcode or None, "error": mask(str(error))[:_ERROR_MAX]}
    kept = OutboxCall.objects.filter(pk=row.pk).exclude(state=State.DROPPED)
    kept.update(state=State.WAITING, **changes)


def _end(row: OutboxCall, state: OutboxCall.State, *, error: str = "", **changes: Any) -> None:
    """The last state of a call, without what its kind must not keep."""
    kind = _kinds.get(row.kind)
    forget = kind.forget if kind else ()
    payload = {name: value for name, value in row.payload.items() if name not in forget}
    changes |= {"state": state, "error": mask(error)[:_ERROR_MAX], "payload": payload}
    with transaction.atomic():
        if OutboxCall.objects.filter(pk=row.pk).exclude(state=State.DONE).update(**changes):
            call_ended.send(OutboxCall, call_id=row.pk, kind=row.kind, state=state)
    if state not in {State.DONE, State.DROPPED}:
        words = {"call": row.pk, "kind": row.kind, "state": str(state)}
        logger.error("A call to WeCom was not delivered.", extra=words)
