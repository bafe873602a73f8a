"""文件导入: upload a table, see what it would do, import it, read what was wrong with it."""

from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.htmx import render_fragment
from guideapp.integration.models import ConnectorState, ImportRun
from guideapp.integration.services import RESOURCES
from guideapp.integration.services.import_reading import MAX_ROWS, FileRefused, headings
from guideapp.integration.services.imports import (
    MAX_MB,
    confirm_import,
    report_of,
    start_import,
)
from guideapp.organisation.auth import (
    GuideRequest,
    admin_required,
    fresh_login,
    has_fresh_qr_login,
)

_RUNS, _FINDINGS = 20, 50
_OVER = {ImportRun.State.CHECKED, ImportRun.State.DONE, ImportRun.State.FAILED}


def _choices() -> list[tuple[str, Any]]:
    return [(name, one.title) for name, one in RESOURCES.items()]


class UploadForm(forms.Form):
    """A table and what it holds."""

    resource = forms.ChoiceField(label=_("导入什么"), choices=_choices)
    file = forms.FileField(
        label=_("文件"), error_messages={"required": _("先选一个 CSV 或 XLSX 文件")}
    )

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.fields["resource"].widget.attrs["class"] = "input"


@require_GET
@admin_required
def imports(request: GuideRequest) -> HttpResponse:
    """The latest runs, a place for a file, and how the sources stand that we read ourselves."""
    return _list_page(request, UploadForm())


@require_POST
@admin_required
def upload(request: GuideRequest) -> HttpResponse:
    """Try a file; nothing is imported yet."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list_page(request, form, status=422)
    try:
        run = start_import(
            resource=form.cleaned_data["resource"],
            upload=form.cleaned_data["file"],
            actor_userid=request.actor.guide.userid,
        )
    except FileRefused as refusal:
        form.add_error("file", str(refusal.message))
        return _list_page(request, form, status=422)
    return redirect("imports:run", run.pk)


@require_GET
@admin_required
def one_run(request: GuideRequest, run_id: int) -> HttpResponse:
    """How far a run is, and the first things that were wrong with the file."""
    run = get_object_or_404(ImportRun, pk=run_id)
    findings = list(run.findings.order_by("row", "pk")[: _FINDINGS + 1])
    context = {
        "run": run,
        "title": RESOURCES[run.resource].title if run.resource in RESOURCES else run.resource,
        "is_over": run.state in _OVER,
        "findings": findings[:_FINDINGS],
        "has_more": len(findings) > _FINDINGS,
        "is_fresh": has_fresh_qr_login(request),
        "section": "imports",
    }
    return render_fragment(request, "integration/imports_run.html", "progress", context)


@require_POST
@admin_required
@fresh_login(_("正式导入"))
def confirm(request: GuideRequest, run_id: int) -> HttpResponse:
    """Import a file that was tried."""
    run = confirm_import(
        run=get_object_or_404(ImportRun, pk=run_id), actor_userid=request.actor.guide.userid
    )
    return redirect("imports:run", run.pk)


@require_GET
@admin_required
def report(request: GuideRequest, run_id: int) -> HttpResponse:
    """What was wrong, row by row, as a file."""
    run = get_object_or_404(ImportRun, pk=run_id)
    return _download(report_of(run), f"import-{run.pk}-report.csv")


@require_GET
@admin_required
def template(request: GuideRequest, resource: str) -> HttpResponse:
    """An empty table with the headings of a resource."""
    wanted = RESOURCES.get(resource)
    if wanted is None:
        return redirect("imports:list")
    return _download("\ufeff" + ",".join(headings(wanted)) + "\r\n", f"{resource}.csv")


def _download(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _list_page(request: GuideRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    runs = list(ImportRun.objects.order_by("-pk")[:_RUNS])
    titles = {name: one.title for name, one in RESOURCES.items()}
    context = {
        "form": form,
        "runs": [(run, titles.get(run.resource, run.resource)) for run in runs],
        "titles": titles.items(),
        "sources": [
            (state, titles.get(state.resource, state.resource))
            for state in ConnectorState.objects.annotate(waiting=Count("kept")).order_by(
                "name", "resource"
            )
        ],
        "limits": gettext("CSV 或 XLSX，%(mb)sMB、%(rows)s 行以内")
        % {"mb": MAX_MB, "rows": f"{MAX_ROWS:,}"},
        "section": "imports",
    }
    return render(request, "integration/imports.html", context, status=status)
