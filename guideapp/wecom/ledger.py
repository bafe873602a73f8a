"""The call ledger: each attempt to reach WeCom, its outcome and its time."""

import logging
from datetime import timedelta

from django.db import Error
from django.tasks import task

from guideapp.core.clock import now
from guideapp.core.jobs.schedule import periodic
from guideapp.core.logs import request_id
from guideapp.wecom.models import ApiCall, SyncRun

logger = logging.getLogger(__name__)

KEEP = timedelta(days=180)
KEEP_RUNS = timedelta(days=31)
_PRUNE_BATCH = 2_000


def record_call(
    *, path: str, errcode: int | None, failure: str, duration_ms: int, attempt: int
) -> None:
    """Keep one attempt. `errcode` None and a `failure` word where no answer could be read.

    A ledger that cannot be written is logged and breaks nothing: the call has happened.
    """
    try:
        ApiCall.objects.create(
            at=now(),
            path=path[:100],
            errcode=errcode,
            failure=failure,
            duration_ms=duration_ms,
            attempt=attempt,
            request_id=request_id(),
        )
    except Error:
        logger.warning("a call to WeCom is missing in the ledger", extra={"path": path})


@periodic("57 3 * * *", name="wecom.prune_calls")
@task(queue_name="bulk")
def prune_calls() -> None:
    """Delete calls older than half a year."""
    old = ApiCall.objects.filter(at__lt=now() - KEEP)
    while keys := list(old.order_by("pk").values_list("pk", flat=True)[:_PRUNE_BATCH]):
        ApiCall.objects.filter(pk__in=keys).delete()


@periodic("58 3 * * *", name="wecom.prune_runs")
@task(queue_name="bulk")
def prune_runs() -> None:
    """Delete what is told of readings that began more than a month ago."""
    SyncRun.objects.filter(started_at__lt=now() - KEEP_RUNS).delete()
