"""The same POST sent twice is done once (Idempotency-Key)."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.schedule import periodic
from guideapp.integration.errors import KeyReused, StillRunning
from guideapp.integration.models import ApiClient, IdempotentCall

KEY_LENGTH = 64
KEPT = timedelta(hours=48)  # at least 24 are promised
_GIVEN_UP = timedelta(minutes=5)  # a call that ran so long died with its process

type Answer = tuple[int, Any]  # status and JSON


def digest_of(method: str, path: str, body: bytes) -> str:
    """What must be the same when a key comes again."""
    hashed = hashlib.sha256(f"{method} {path}\n".encode())
    hashed.update(body)
    return hashed.hexdigest()


def answer_once(
    client: ApiClient, key: str, digest: str, act: Callable[[], Answer]
) -> tuple[Answer, bool]:
    """(the answer of `act`, whether it is one that was kept from before).

    Raises KeyReused where the key came with another digest, StillRunning while the first call runs.
    An `act` that raises keeps no answer: the key may be tried again.
    """
    call, is_new = IdempotentCall.objects.get_or_create(
        client=client, key=key, defaults={"digest": digest, "created_at": now()}
    )
    if not is_new:
        if call.digest != digest:
            raise KeyReused
        if call.status is not None:
            return (call.status, call.answer), True
        if not _take_over(call):
            raise StillRunning
    mine = IdempotentCall.objects.filter(pk=call.pk, status=None)
    try:
        status, answer = act()
    except BaseException:
        mine.delete()
        raise
    mine.update(status=status, answer=answer)
    return (status, answer), False


def _take_over(call: IdempotentCall) -> bool:
    """Claim a call whose process died; only one claimer wins."""
    dead = IdempotentCall.objects.filter(pk=call.pk, status=None, created_at__lt=now() - _GIVEN_UP)
    return dead.update(created_at=now()) == 1


@periodic("40 3 * * *", name="integration.forget_calls")
@task(queue_name="bulk")
def forget_calls() -> None:
    """Drop the answers of calls that nobody repeats any more."""
    IdempotentCall.objects.filter(created_at__lt=now() - KEPT).delete()
