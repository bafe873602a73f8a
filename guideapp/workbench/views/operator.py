"""/hq/wecom/: is everything that talks with WeCom well, and what lies where."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.models import Job
from guideapp.organisation.auth import GuideRequest, admin_required
from guideapp.wecom.check import Verdict, ask_for_check, last_check
from guideapp.wecom.check_words import worded
from guideapp.wecom.errcodes import meaning_of
from guideapp.wecom.models import ApiCall, OutboxCall, SyncRun
from guideapp.workbench import operator_lists, operator_words
from guideapp.workbench.operator_forms import (
    CallsForm,
    InboxForm,
    JobsForm,
    ListForm,
    OutboxForm,
    ReadingsForm,
)
from guideapp.workbench.operator_health import health
from guideapp.workbench.operator_lists import Listing

_SECTION = {"section": "wecom"}


@require_GET
@admin_required
def overview(request: GuideRequest) -> HttpResponse:
    """健康: the health line."""
    last = last_check()
    context = {
        "tab": "health",
        "health": health(),
        "at": now(),
        "check": last,
        "wrong": [one for one in last.findings if one.verdict is Verdict.BAD],
    }
    return render(request, "workbench/operator.html", _SECTION | context)


@require_GET
@admin_required
def check(request: GuideRequest) -> HttpResponse:
    """接入检查: what the last check found, in words, and what to click."""
    last = last_check()
    context = {
        "tab": "check",
        "check": last,
        "findings": [(finding, worded(finding)) for finding in last.findings],
        "wrong": sum(finding.verdict is Verdict.BAD for finding in last.findings),
    }
    return render(request, "workbench/operator_check.html", _SECTION | context)


@require_POST
@admin_required
def run_check(request: GuideRequest) -> HttpResponse:
    """Have a job run the check."""
    ask_for_check()
    record_audit(actor=request.actor.guide.userid, action="check.run", subject="wecom:check")
    return redirect("workbench:wecom_check")


@require_GET
@admin_required
def inbox(request: GuideRequest) -> HttpResponse:
    """收到的事件."""
    form = InboxForm(request.GET)
    done = request.GET.get("done", "")
    shown = {"done": done if done.isdecimal() and len(done) < 8 else ""}
    line = operator_words.EventLine.of
    return _list(request, "inbox", form, operator_lists.inbox(form.chosen()), line, shown)


@require_GET
@admin_required
def outbox(request: GuideRequest) -> HttpResponse:
    """要发出的."""
    form = OutboxForm(request.GET)
    return _list(request, "outbox", form, operator_lists.outbox(form.chosen()), _outbox_line)


@require_GET
@admin_required
def jobs(request: GuideRequest) -> HttpResponse:
    """后台任务."""
    form = JobsForm(request.GET)
    return _list(request, "jobs", form, operator_lists.jobs(form.chosen()), _job_line)


@require_GET
@admin_required
def calls(request: GuideRequest) -> HttpResponse:
    """调用记录."""
    form = CallsForm(request.GET)
    return _list(request, "calls", form, operator_lists.calls(form.chosen()), _call_line)


@require_GET
@admin_required
def readings(request: GuideRequest) -> HttpResponse:
    """同步: the runs of each reading."""
    form = ReadingsForm(request.GET)
    return _list(request, "sync", form, operator_lists.readings(form.chosen()), _reading_line)


def _list[Row: Model](
    request: GuideRequest,
    tab: str,
    form: ListForm,
    listing: Listing[Row],
    line: Callable[[Row], Any],
    shown: dict[str, Any] | None = None,
) -> HttpResponse:
    """A page of rows, each as the `line` that its template shows, under the form's filters."""
    chosen = form.chosen()
    is_narrow = any(chosen[name] != "" for name in chosen if name not in {"window", "after"})
    context = {
        "tab": tab,
        "url_name": f"workbench:wecom_{tab}",
        "form": form,
        "chosen": chosen,
        "listing": listing,
        "items": [line(row) for row in listing.rows],
        "is_narrow": is_narrow,
    }
    return render(request, f"workbench/operator_{tab}.html", _SECTION | context | (shown or {}))


def _outbox_line(row: OutboxCall) -> tuple[OutboxCall, str, str]:
    meaning = meaning_of(row.errcode) if row.errcode is not None else ""
    return row, operator_words.kind_of_call(row.kind), meaning


def _job_line(row: Job) -> tuple[Job, str, str]:
    return row, operator_words.name_of_task(row.task), row.error_class.rpartition(".")[2]


def _call_line(row: ApiCall) -> tuple[ApiCall, str]:
    return row, meaning_of(row.errcode, row.failure)


def _reading_line(row: SyncRun) -> tuple[SyncRun, str, list[tuple[str, int]]]:
    name = operator_words.name_of_reading(row.reading)
    return row, name, operator_words.figures(row.report)
