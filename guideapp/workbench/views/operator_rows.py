"""One row of the operator's lists, and what a person may do about it: audited, with a reason."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_audit
from guideapp.core.errors import BadInput
from guideapp.core.jobs import ledger
from guideapp.core.logs import mask
from guideapp.core.models import AuditEntry, Job
from guideapp.organisation.auth import (
    GuideRequest,
    admin_required,
    fresh_login,
    scan_hint,
)
from guideapp.wecom import outbox, repair
from guideapp.wecom.callbacks import handlers_of
from guideapp.wecom.errcodes import meaning_of
from guideapp.wecom.inbox import handle_event
from guideapp.wecom.models import ApiCall, CallbackEvent, OutboxCall
from guideapp.wecom.repeat import READS, repeat_call, repeats_of
from guideapp.workbench import operator_words
from guideapp.workbench.operator_forms import (
    CallAgainForm,
    JobAgainForm,
    ReasonForm,
    RepeatForm,
)
from guideapp.workbench.operator_sample import sample_for

_HISTORY = 10
# A job that waits on a row: the row is repaired, and its job follows.
_ROW_OF = {handle_event.module_path: "wecom_event", outbox.deliver.module_path: "wecom_call"}


@require_GET
@admin_required
def event(request: GuideRequest, event_id: int) -> HttpResponse:
    """One event of the inbox."""
    return _event_page(request, get_object_or_404(CallbackEvent, pk=event_id), ReasonForm())


@require_POST
@admin_required
@fresh_login(_("重放事件"))
def replay_event(request: GuideRequest, event_id: int) -> HttpResponse:
    """Have it handled again."""
    row, form = get_object_or_404(CallbackEvent, pk=event_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _event_page(request, row, form)
    done = repair.replay_event(row.pk, actor=_me(request), **form.cleaned_data)
    return _back("workbench:wecom_event", row.pk, done=done)


@require_POST
@admin_required
@fresh_login(_("重放全部放弃的事件"))
def replay_dead_events(request: GuideRequest) -> HttpResponse:
    """Have every event that was given up handled again."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("写一句为什么"))
    count = repair.replay_dead_events(actor=_me(request), **form.cleaned_data)
    return redirect(reverse("workbench:wecom_inbox", query={"done": count}))


@require_GET
@admin_required
def call(request: GuideRequest, call_id: int) -> HttpResponse:
    """One call of the outbox."""
    row = get_object_or_404(OutboxCall, pk=call_id)
    return _call_page(request, row, CallAgainForm(initial={"seen": row.attempts}))


@require_POST
@admin_required
@fresh_login(_("重发"))
def send_again(request: GuideRequest, call_id: int) -> HttpResponse:
    """Have it sent once more."""
    row, form = get_object_or_404(OutboxCall, pk=call_id), CallAgainForm(request.POST)
    if not form.is_valid():
        return _call_page(request, row, form)
    asked = form.cleaned_data
    done = repair.send_call_again(
        row.pk, seen_attempts=asked["seen"], actor=_me(request), reason=asked["reason"]
    )
    return _back("workbench:wecom_call", row.pk, done=done)


@require_POST
@admin_required
@fresh_login(_("作废"))
def drop(request: GuideRequest, call_id: int) -> HttpResponse:
    """Never send it."""
    row, form = get_object_or_404(OutboxCall, pk=call_id), CallAgainForm(request.POST)
    if not form.is_valid():
        return _call_page(request, row, form)
    reason = form.cleaned_data["reason"]
    done = repair.drop_call(row.pk, actor=_me(request), reason=reason)
    return _back("workbench:wecom_call", row.pk, done=done)


@require_GET
@admin_required
def job(request: GuideRequest, job_id: int) -> HttpResponse:
    """One job."""
    row = get_object_or_404(Job, pk=job_id)
    return _job_page(request, row, JobAgainForm(initial={"seen": row.fence}))


@require_POST
@admin_required
@fresh_login(_("重跑任务"))
def run_again(request: GuideRequest, job_id: int) -> HttpResponse:
    """Have a dead job run again; one that waits on a row follows when the row is repaired."""
    row, form = get_object_or_404(Job, pk=job_id), JobAgainForm(request.POST)
    if not form.is_valid():
        return _job_page(request, row, form)
    if row.task in _ROW_OF:
        raise BadInput(_("这个任务跟着它的那条记录走，请从那条记录重放或重发"))
    with transaction.atomic():
        done = ledger.revive(row.pk, fence=form.cleaned_data["seen"])
        if done:
            record_audit(
                actor=_me(request),
                action="job.retry",
                subject=f"job:{row.pk}",
                reason=mask(form.cleaned_data["reason"]),
                task=row.task,
            )
    return _back("workbench:wecom_job", row.pk, done=done)


@require_GET
@admin_required
def api_call(request: GuideRequest, call_id: int) -> HttpResponse:
    """One call of the ledger, and what came of asking again."""
    row = get_object_or_404(ApiCall, pk=call_id)
    read = READS.get(row.path)
    form = RepeatForm(initial={"about": sample_for(read.about, request.actor) if read else ""})
    return _api_call_page(request, row, form)


@require_POST
@admin_required
@fresh_login(_("重放调用"))
def repeat(request: GuideRequest, call_id: int) -> HttpResponse:
    """Have a job ask once more."""
    row, form = get_object_or_404(ApiCall, pk=call_id), RepeatForm(request.POST)
    read = READS.get(row.path)
    if form.is_valid() and read and read.about and not form.cleaned_data["about"]:
        form.add_error("about", _("要填查谁"))
    if not form.is_valid():
        return _api_call_page(request, row, form)
    asked = repeat_call(row, actor=_me(request), **form.cleaned_data)
    return _back("workbench:wecom_api_call", row.pk, done=asked is not None)


def _me(request: GuideRequest) -> str:
    return request.actor.guide.userid


def _back(page: str, pk: int, *, done: bool) -> HttpResponse:
    return redirect(reverse(page, args=[pk], query={"done": "yes" if done else "no"}))


def _event_page(request: GuideRequest, row: CallbackEvent, form: ReasonForm) -> HttpResponse:
    line = operator_words.EventLine.of(row)
    context = {
        "tab": "inbox",
        "row": line,
        "name": line.name,
        "fields": operator_words.shown(row.fields),
        "error": operator_words.plain_error(row.error),
        "can_replay": row.state != row.State.PENDING
        and bool(handlers_of(row.event, row.change_type)),
        "history": _history(f"event:{row.pk}"),
    }
    return _page(request, "workbench/operator_event.html", context, form)


def _call_page(request: GuideRequest, row: OutboxCall, form: CallAgainForm) -> HttpResponse:
    states = OutboxCall.State
    refusal = outbox.refusal_to_repeat(row)
    context = {
        "tab": "outbox",
        "row": row,
        "name": operator_words.kind_of_call(row.kind),
        "fields": operator_words.shown(row.payload),
        "meaning": meaning_of(row.errcode) if row.errcode is not None else "",
        "error": mask(row.error),
        "can_repeat": refusal is None,
        "refusal": refusal.message if refusal else "",
        "can_drop": row.state in {states.WAITING, states.FAILED, states.UNCERTAIN},
        "history": _history(f"call:{row.pk}"),
    }
    return _page(request, "workbench/operator_call.html", context, form)


def _job_page(request: GuideRequest, row: Job, form: JobAgainForm) -> HttpResponse:
    page = _ROW_OF.get(row.task)
    has_row = page is not None and bool(row.args) and isinstance(row.args[0], int)
    context = {
        "tab": "jobs",
        "row": row,
        "name": operator_words.name_of_task(row.task),
        "arguments": operator_words.arguments(row.args),
        "error": operator_words.plain_error(row.error),
        "frames": operator_words.frames(row.error),
        "row_url": reverse(f"workbench:{page}", args=[row.args[0]]) if has_row else "",
        "can_retry": row.state == Job.State.DEAD and page is None,
        "history": _history(f"job:{row.pk}"),
    }
    return _page(request, "workbench/operator_job.html", context, form)


def _api_call_page(request: GuideRequest, row: ApiCall, form: RepeatForm) -> HttpResponse:
    """The row, where it came from (its job, or the outbox row that the job sent)."""
    made_by = row.request_id.removeprefix("job-")
    maker = Job.objects.filter(pk=int(made_by)).first() if made_by.isdecimal() else None
    sends = maker is not None and maker.task == outbox.deliver.module_path
    context = {
        "tab": "calls",
        "row": row,
        "name": row.path,
        "meaning": meaning_of(row.errcode, row.failure),
        "read": READS.get(row.path),
        "job": maker,
        "outbox_id": maker.args[0] if maker and sends else None,
        "repeats": [
            (one, meaning_of(one.outcome.get("errcode"), one.outcome.get("failure", "")))
            for one in repeats_of(row)
        ],
    }
    return _page(request, "workbench/operator_api_call.html", context, form)


def _history(subject: str) -> list[AuditEntry]:
    """What people did about the row, newest first."""
    return list(AuditEntry.objects.filter(subject=subject).order_by("-at", "-pk")[:_HISTORY])


def _page(
    request: GuideRequest, template: str, context: dict[str, Any], form: ReasonForm
) -> HttpResponse:
    context |= {
        "section": "wecom",
        "form": form,
        **scan_hint(request),
        "done": request.GET.get("done", ""),
    }
    return render(request, template, context, status=422 if form.is_bound else 200)
