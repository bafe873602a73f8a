"""The batch import (part 1 §7). Its answers carry errcode as a text, as has been seen."""

import re
from typing import Any
from urllib.parse import urlsplit

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models.address_book import BatchJob
from guideapp.sandbox.services import batch_jobs, oauth
from guideapp.sandbox.views.api.registry import CONTACTS, Answer, ApiCall, endpoint

_DONE = 3
_AES_KEY = re.compile(r"[0-9A-Za-z]{43}")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@endpoint("batch/syncuser", kinds=CONTACTS)
def batch_syncuser(call: ApiCall) -> Answer:
    """Who is only in the book stays as they are."""
    return _started(call, BatchJob.Kind.SYNC_USER)


@endpoint("batch/replaceuser", kinds=CONTACTS)
def batch_replaceuser(call: ApiCall) -> Answer:
    """Who is only in the book is deleted."""
    return _started(call, BatchJob.Kind.REPLACE_USER)


@endpoint("batch/replaceparty", kinds=CONTACTS)
def batch_replaceparty(call: ApiCall) -> Answer:
    """Departments as in the file."""
    return _started(call, BatchJob.Kind.REPLACE_PARTY)


@endpoint("batch/getresult", kinds=CONTACTS)
def batch_getresult(call: ApiCall) -> Answer:
    """Only the last five jobs are kept."""
    job = batch_jobs.named(call.text("jobid"))
    return {
        "errcode": "0",
        "status": _DONE,
        "type": job.kind,
        "total": job.total,
        "percentage": 100,
        "result": job.result,
    }


def _started(call: ApiCall, kind: str) -> Answer:
    job = batch_jobs.run(kind, call.text("media_id"), callback=_receiver(call), origin=call.origin)
    return {"errcode": "0", "jobid": job.job_id}


def _receiver(call: ApiCall) -> dict[str, str] | None:
    """Where the outcome is told: all three keys or none, and only an address that is trusted."""
    given: dict[str, Any] | None = call.typed("callback", dict)
    if not given:
        return None
    url, token, aes_key = (str(given.get(name, "")) for name in ("url", "token", "encodingaeskey"))
    if not url or not token or not _AES_KEY.fullmatch(aes_key):
        raise Refused(40058, "callback")
    own_host = call.request.get_host()
    if urlsplit(url).hostname not in _LOOPBACK and not oauth.trusted_redirect(
        url, own_host=own_host
    ):
        raise Refused(40058, "callback.url")
    return {"url": url, "token": token, "aes_key": aes_key}
