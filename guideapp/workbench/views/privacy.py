"""/hq/privacy/: find a person, hand their data to them, erase them; what is kept for how long."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import requires
from guideapp.core.audit import record_access, record_audit
from guideapp.core.clock import today
from guideapp.core.limits import hit
from guideapp.members.models import Consent
from guideapp.members.services import (
    ERASED_WITHIN_DAYS,
    Subject,
    ask_erasure,
    consents_of,
    export_subject,
    find_subjects,
    held_about,
    subject_of,
    withdraw_consent,
)
from guideapp.organisation.auth import (
    GuideRequest,
    fresh_login,
    refuse_foreign,
    scan_hint,
)
from guideapp.organisation.models import Role
from guideapp.workbench.operator_audit import subject_words
from guideapp.workbench.operator_forms import ReasonForm
from guideapp.workbench.privacy import erasures, looks_at, periods, tombstones
from guideapp.workbench.privacy_forms import EraseForm, ExportForm, FindForm
from guideapp.workbench.privacy_readable import moment_words, readable

_SECTION = {"section": "privacy"}
_FINDS_AN_HOUR = 30
_LOOKS = 20

privacy_required = requires(Role.PRIVACY_OFFICER)


@require_GET
@privacy_required
def privacy(request: GuideRequest) -> HttpResponse:
    """个人信息: find somebody; erasures, tombstones and periods."""
    return _overview(request, FindForm())


@require_POST
@privacy_required
def find(request: GuideRequest) -> HttpResponse:
    """Look somebody up by what is theirs alone. A POST: a number belongs into no address."""
    form = FindForm(request.POST)
    if not form.is_valid():
        return _overview(request, form, status=422)
    hit("privacy_find", str(request.actor.guide.pk), limit=_FINDS_AN_HOUR, seconds=3600)
    found = find_subjects(form.cleaned_data["who"])
    keys = [subject.log_key for subject in found]
    record_audit(
        actor=request.actor.guide.userid,
        action="privacy.find",
        subject=keys[0] if len(keys) == 1 else "privacy:several" if keys else "privacy:nobody",
        reason=form.cleaned_data["reason"],
        **({"found": keys} if len(keys) > 1 else {}),
    )
    if not found:
        form.add_error("who", _("没有找到，号码要一字不差"))
    if len(found) != 1:
        return _overview(request, form, found)
    return redirect("workbench:privacy_person", found[0].key)


@require_GET
@privacy_required
def person(request: GuideRequest, key: str) -> HttpResponse:
    """Who it is, masked; what stands about them; consent; who looked."""
    return _person_page(request, _subject(request, key), ExportForm())


@require_POST
@privacy_required
@fresh_login(gettext_lazy("导出个人资料"))
def export(request: GuideRequest, key: str) -> HttpResponse:
    """A copy for the person, as JSON or to read."""
    subject, form = _subject(request, key), ExportForm(request.POST)
    if not form.is_valid():
        return _person_page(request, subject, form, status=422)
    reason = form.cleaned_data["reason"]
    data = export_subject(subject, by=request.actor.guide, reason=reason)
    name = f"{subject.key}-{today():%Y%m%d}"
    if form.cleaned_data["shape"] == "json":
        options = {"ensure_ascii": False, "indent": 2}
        return _download(JsonResponse(data, json_dumps_params=options), f"{name}.json")
    made_at = moment_words(data["made_at"])
    context = {"tables": readable(data), "made_at": made_at, "subject": subject}
    page = render(request, "workbench/privacy_export.html", context)
    return _download(page, f"{name}.html")


@require_POST
@privacy_required
@fresh_login(gettext_lazy("撤回同意"))
def withdraw(request: GuideRequest, key: str, consent_id: int) -> HttpResponse:
    """The customer asked us to: close one consent."""
    subject = _subject(request, key)
    members = [row.pk for row in subject.members]
    rows = Consent.objects.select_related("member", "brand").filter(member__in=members)
    row = rows.filter(pk=consent_id).first()
    if row is None:
        refuse_foreign(request, f"consent:{consent_id}")
    withdraw_consent(row.member, row.brand, row.purpose, by=request.actor.guide.userid)
    return redirect("workbench:privacy_person", subject.key)


@require_GET
@privacy_required
def confirm(request: GuideRequest, key: str) -> HttpResponse:
    """The second look before somebody is erased."""
    return _confirm_page(request, _subject(request, key), EraseForm())


@require_POST
@privacy_required
@fresh_login(gettext_lazy("删除个人资料"))
def erase(request: GuideRequest, key: str) -> HttpResponse:
    """Erase: tombstones now, the rest by a job."""
    subject, form = _subject(request, key), EraseForm(request.POST)
    if not form.is_valid():
        return _confirm_page(request, subject, form, status=422)
    ask_erasure(subject, by=request.actor.guide.userid, reason=form.cleaned_data["reason"])
    return redirect("workbench:privacy")


def _subject(request: GuideRequest, key: str) -> Subject:
    """The person, and a row that says who looked; unknown → 404."""
    subject = subject_of(key)
    if subject is None:
        refuse_foreign(request, f"subject:{key}")
    record_access(actor_id=request.actor.guide.pk, subject=subject.log_key, screen="privacy")
    return subject


def _overview(
    request: GuideRequest, form: FindForm, found: Sequence[Subject] = (), status: int = 200
) -> HttpResponse:
    """The first page. `found`: people who share what was looked for; listing them is a read."""
    for subject in found:
        record_access(actor_id=request.actor.guide.pk, subject=subject.log_key, screen="privacy")
    context = {
        "form": form,
        "found": [(subject, subject_words(subject.log_key)) for subject in found],
        "erasures": erasures(),
        "tombstones": tombstones(),
        "periods": periods(),
        "within": ERASED_WITHIN_DAYS,
    }
    return render(request, "workbench/privacy.html", _SECTION | context, status=status)


def _person_page(
    request: GuideRequest, subject: Subject, form: ReasonForm, status: int = 200
) -> HttpResponse:
    context = _about(request, subject) | {
        "form": form,
        "held": held_about(subject),
        "consents": consents_of(subject.members[0].pk) if subject.members else [],
        "looks": looks_at(subject, limit=_LOOKS),
    }
    return render(request, "workbench/privacy_person.html", context, status=status)


def _confirm_page(
    request: GuideRequest, subject: Subject, form: ReasonForm, status: int = 200
) -> HttpResponse:
    context = _about(request, subject) | {"form": form, "held": held_about(subject)}
    return render(request, "workbench/privacy_erase.html", context, status=status)


def _about(request: GuideRequest, subject: Subject) -> dict[str, Any]:
    return _SECTION | {
        "subject": subject,
        "known_as": subject_words(subject.log_key),
        "within": ERASED_WITHIN_DAYS,
        **scan_hint(request),
    }


def _download(response: HttpResponse, name: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
