"""The batch import (异步导入) of members and departments (part 1 §7).

A job is done before its call is answered; who asks for the result still has to ask for it.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Department, User
from guideapp.sandbox.models.address_book import BatchJob
from guideapp.sandbox.services import batch_files, callbacks, departments, ids, media, members
from guideapp.sandbox.services.batch_files import Row

KEPT = 5
OTHERS = "其他（待设置部门）"  # where departments go that only a member file names
CREATED, RENAMED, MOVED, REORDERED = 1, 2, 4, 8
_FEW = 50  # members; below, more of them may be deleted at once
_SHARE, _SHARE_OF_FEW = 0.2, 0.8
Kind = BatchJob.Kind
type Result = dict[str, Any]


@transaction.atomic
def run(
    kind: str, media_id: str, *, callback: dict[str, str] | None = None, origin: str = ""
) -> BatchJob:
    """Do the job with the uploaded file and tell `callback`. Raises Refused for a bad file."""
    file = media.living(media_id, kind="file")
    try:
        content = bytes(file.content).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(40092) from None
    job = BatchJob(job_id=ids.random_text(43), kind=kind, content=content, created_at=now())
    job.callback = callback or {}
    try:
        with transaction.atomic():
            job.result = _JOBS[kind](content, origin)
    except Refused as refused:
        job.errcode = refused.errcode
    job.total, job.done_at = len(job.result), now()
    job.save()
    _tell(job)
    return job


def named(job_id: str) -> BatchJob:
    """The job. Raises Refused 40063, 40088 when unknown, 40089 for all but the last five."""
    if not job_id:
        raise Refused(40063)
    job = BatchJob.objects.filter(job_id=job_id).first()
    if job is None:
        raise Refused(40088)
    if BatchJob.objects.filter(pk__gt=job.pk).count() >= KEPT:
        raise Refused(40089)
    return job


def _sync_users(content: str, origin: str) -> list[Result]:
    return [_import_member(row, origin) for row in batch_files.members(content)]


def _replace_users(content: str, origin: str) -> list[Result]:
    """As the other; members who are not in the file are deleted, unless they are too many."""
    rows = batch_files.members(content)
    kept = {row["userid"].lower() for row in rows}
    gone = [user for user in User.objects.present() if user.folded not in kept]
    everybody = User.objects.present().count()
    share = _SHARE_OF_FEW if everybody < _FEW else _SHARE
    if len(gone) > share * everybody:
        raise Refused(45026)
    results = [_import_member(row, origin) for row in rows]
    return results + [
        _attempt({"userid": user.userid}, members.delete, user.userid, origin=origin)
        for user in gone
    ]


def _import_member(row: Row, origin: str) -> Result:
    for id in batch_files.department_ids(row):
        _ensure_department(id)
    fields, known = batch_files.fields_of(row), User.objects.named(row["userid"])
    write = members.update if known else members.create
    return _attempt({"userid": row["userid"]}, write, row["userid"], fields, origin=origin)


def _ensure_department(id: int) -> None:
    if Department.objects.filter(pk=id).exists():
        return
    others = Department.objects.filter(name=OTHERS, parent_id=departments.ROOT).first()
    others = others or departments.create(name=OTHERS, parent_id=departments.ROOT)
    departments.create(id=id, name=str(id), parent_id=others.pk)


def _replace_parties(content: str, origin: str) -> list[Result]:
    """Departments as in the file; those missing there are deleted where they are empty."""
    rows = batch_files.parties(content)
    named_ids = {int(row["id"]) for row in rows}
    if any(int(row["parentid"]) not in {0, *named_ids} for row in rows):
        raise Refused(302004)
    results = [_import_party(row, origin) for row in rows]
    for row in Department.objects.exclude(pk__in=named_ids).order_by("-id"):
        _attempt({}, departments.delete, row.pk, origin=origin)
    return results


def _import_party(row: Row, origin: str) -> Result:
    id, parent_id = int(row["id"]), int(row["parentid"])
    order = int(row["order"]) if row.get("order", "").isdigit() else 0
    known = Department.objects.filter(pk=id).first()
    if known is None:
        place = {"id": id, "name": row["name"], "parent_id": parent_id, "order": order}
        done = {"action": CREATED, "partyid": id}
        return _attempt(done, departments.create, **place, origin=origin)
    changes: dict[str, Any] = {}
    action = 0
    for bit, field, old, new in (
        (RENAMED, "name", known.name, row["name"]),
        (MOVED, "parentid", known.parent_id, parent_id),
        (REORDERED, "order", known.order, order or known.order),
    ):
        if old != new:
            changes[field], action = new, action | bit
    done = {"action": action, "partyid": id}
    return _attempt(done, departments.update, id, changes, origin=origin)


def _attempt(done: Result, act: Callable[..., object], *args: Any, **kwargs: Any) -> Result:
    """One line of the result: what was done and with which code."""
    try:
        with transaction.atomic():
            act(*args, **kwargs)
    except Refused as refused:
        return done | {"errcode": refused.errcode, "errmsg": refused.reason}
    return done | {"errcode": 0, "errmsg": "ok"}


def _tell(job: BatchJob) -> None:
    if not job.callback:
        return
    to = callbacks.Receiver(**job.callback)
    errmsg = "ok" if job.errcode == 0 else Refused(job.errcode).reason
    outcome = {"JobId": job.job_id, "JobType": job.kind, "ErrCode": job.errcode, "ErrMsg": errmsg}
    callbacks.enqueue("batch_job_result", "", {"BatchJob": outcome}, to=to)


_JOBS: dict[str, Callable[[str, str], list[Result]]] = {
    Kind.SYNC_USER: _sync_users,
    Kind.REPLACE_USER: _replace_users,
    Kind.REPLACE_PARTY: _replace_parties,
}
