"""Ask WeCom once more what a row of the call ledger asked: reads only, from a job, outcome kept.

The ledger keeps no bodies, so a person names whom to ask about where the interface needs it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.tasks import task

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.logs import mask
from guideapp.core.models import AuditEntry, Job
from guideapp.wecom.errors import ReadNotRepeatable, WeComError
from guideapp.wecom.models import ApiCall
from guideapp.wecom.tokens import App, address_book_app, credentials, our_app
from guideapp.wecom.transport import Call

ACTION = "call.repeat"
_SECOND_TAP = timedelta(seconds=5)
_ABOUT_MAX = 64
_REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class Read:
    """An interface that changes nothing. `about`: the field that names whom it is asked about."""

    about: str = ""  # userid, external_userid, department_id
    body: Callable[[str], dict[str, Any]] | None = None  # a read by POST
    by_sync_app: bool = False

    def call(self, path: str, about: str) -> Call:
        """The call, for `about`."""
        if self.body is not None:
            return Call(path, body=self.body(about))
        query: dict[str, str | int] = {self.about: about} if self.about else {}
        if path == "agent/get":
            query["agentid"] = settings.WECOM_AGENT_ID
        return Call(path, query)


READS = {
    "agent/get": Read(),
    "getcallbackip": Read(),
    "department/list": Read(),
    "department/simplelist": Read(),
    "user/get": Read("userid"),
    "user/list": Read("department_id"),
    "user/simplelist": Read("department_id"),
    "user/list_id": Read(body=lambda _about: {"cursor": "", "limit": 100}, by_sync_app=True),
    "externalcontact/get_follow_user_list": Read(),
    "externalcontact/list": Read("userid"),
    "externalcontact/get": Read("external_userid"),
    "externalcontact/batch/get_by_user": Read(
        "userid", body=lambda about: {"userid_list": [about], "cursor": "", "limit": 10}
    ),
    "externalcontact/get_corp_tag_list": Read(body=lambda _about: {}),
}


@transaction.atomic
def repeat_call(call: ApiCall, *, about: str, actor: str, reason: str) -> int | None:
    """Have the read of `call` repeated by a job, audited; the job's number.

    None when one is under way, or was asked for seconds ago. Raises ReadNotRepeatable.
    """
    read = READS.get(call.path)
    if read is None or (read.by_sync_app and address_book_app() is None):
        raise ReadNotRepeatable
    locked = ApiCall.objects.select_for_update().get(pk=call.pk)
    last = repeats_of(locked)[:1]
    if last and (last[0].is_open or now() - last[0].at < _SECOND_TAP):
        return None
    result = repeat_read.enqueue(call.path, about[:_ABOUT_MAX])
    record_audit(
        actor=actor,
        action=ACTION,
        subject=f"api_call:{call.pk}",
        reason=mask(reason)[:_REASON_MAX],
        path=call.path,
        job=int(result.id),
    )
    return int(result.id)


@dataclass(frozen=True, slots=True)
class Repeat:
    """One repetition: who asked when and why, and its outcome once it is there."""

    at: Any
    actor: str
    reason: str
    job: Job | None  # None: pruned

    @property
    def is_open(self) -> bool:
        """No outcome yet."""
        return self.job is not None and self.job.state in {Job.State.READY, Job.State.RUNNING}

    @property
    def outcome(self) -> dict[str, Any]:
        """{"errcode", "failure", "errmsg", "duration_ms"}, or empty."""
        return (self.job.result if self.job else None) or {}


def repeats_of(call: ApiCall, most: int = 10) -> list[Repeat]:
    """The latest repetitions of a row of the ledger, newest first. Two queries."""
    asked = AuditEntry.objects.filter(subject=f"api_call:{call.pk}", action=ACTION)
    entries = list(asked.order_by("-at", "-pk")[:most])
    jobs = Job.objects.in_bulk([entry.detail["job"] for entry in entries])
    return [
        Repeat(entry.at, entry.actor, entry.reason, jobs.get(entry.detail["job"]))
        for entry in entries
    ]


@task(queue_name="normal")
def repeat_read(path: str, about: str) -> dict[str, Any]:
    """Ask, and answer how it went: a refusal is an outcome here, not a failure of the job.

    Nothing of WeCom's answer is kept but its code.
    """
    read = READS[path]
    outcome: dict[str, Any] = {"errcode": 0, "failure": "", "errmsg": ""}
    started = time.monotonic()
    try:
        credentials.authorised(_app_of(read), read.call(path, about))
    except WeComError as error:
        outcome = {
            "errcode": error.errcode or None,
            "failure": "" if error.errcode else error.errmsg,
            "errmsg": error.errmsg,
        }
    return outcome | {"duration_ms": round((time.monotonic() - started) * 1000)}


def _app_of(read: Read) -> App:
    sync_app = address_book_app()
    return sync_app if read.by_sync_app and sync_app else our_app()
