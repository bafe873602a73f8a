"""What people type on the operator's page and in the audit log."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guideapp.core.jobs.lanes import LANES
from guideapp.core.models import Job
from guideapp.members.models import MergeCandidate
from guideapp.wecom.models import CallbackEvent, OutboxCall, SyncRun
from guideapp.workbench.operator_words import READINGS

WINDOWS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
_WINDOW_CHOICES = [
    ("1h", _("近 1 小时")),
    ("24h", _("近 24 小时")),
    ("7d", _("近 7 天")),
    ("30d", _("近 30 天")),
]
_PK_MAX = 2**63 - 1


def _anything(choices: Any) -> list[Any]:
    return [("", _("全部")), *choices]


class ListForm(forms.Form):
    """A filter of a list; `after` is the number of the last row of the page before.

    What cannot be read is dropped, so that an old bookmark still opens the list.
    """

    default_window = "24h"

    window = forms.ChoiceField(required=False, choices=_WINDOW_CHOICES)
    after = forms.IntegerField(required=False, min_value=1, max_value=_PK_MAX)

    def chosen(self) -> dict[str, Any]:
        """Every field, empty where nothing (usable) was given."""
        self.is_valid()
        found = {name: self.cleaned_data.get(name) or "" for name in self.fields}
        return found | {"window": found["window"] or self.default_window}


class InboxForm(ListForm):
    """Events by state and kind."""

    state = forms.ChoiceField(required=False, choices=_anything(CallbackEvent.State.choices))
    kind = forms.CharField(required=False, max_length=64)


class OutboxForm(ListForm):
    """Calls we owe by state and kind."""

    default_window = "7d"

    state = forms.ChoiceField(required=False, choices=_anything(OutboxCall.State.choices))
    kind = forms.CharField(required=False, max_length=64)


class JobsForm(ListForm):
    """Jobs by state, task and lane."""

    state = forms.ChoiceField(required=False, choices=_anything(Job.State.choices))
    kind = forms.CharField(required=False, max_length=64)
    lane = forms.ChoiceField(required=False, choices=_anything((name, name) for name in LANES))


class CallsForm(ListForm):
    """Calls of the ledger by outcome, path and code."""

    default_window = "1h"

    state = forms.ChoiceField(
        required=False,
        choices=_anything([("ok", _("成功")), ("refused", _("被拒绝")), ("lost", _("没有回应"))]),
    )
    kind = forms.CharField(required=False, max_length=64)
    errcode = forms.IntegerField(required=False, min_value=-1, max_value=2**31 - 1)


class ReadingsForm(ListForm):
    """Runs by state and reading."""

    default_window = "7d"

    state = forms.ChoiceField(required=False, choices=_anything(SyncRun.State.choices))
    kind = forms.ChoiceField(required=False, choices=_anything(READINGS.items()))


class AuditForm(forms.Form):
    """Who, what, on which day."""

    person = forms.CharField(required=False, max_length=64)
    action = forms.CharField(required=False, max_length=64)
    day = forms.DateField(required=False)
    after = forms.IntegerField(required=False, min_value=1, max_value=_PK_MAX)

    def chosen(self) -> dict[str, Any]:
        """Every field, empty where nothing (usable) was given."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class IdentityForm(forms.Form):
    """Questions about one person by state."""

    state = forms.ChoiceField(required=False, choices=_anything(MergeCandidate.State.choices))
    after = forms.IntegerField(required=False, min_value=1, max_value=_PK_MAX)

    def chosen(self) -> dict[str, Any]:
        """Every field, empty where nothing (usable) was given."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class ReasonForm(forms.Form):
    """Why somebody does what is kept in the audit log."""

    reason = forms.CharField(
        label=_("为什么"),
        min_length=2,
        max_length=200,
        widget=forms.TextInput({"class": "input", "autocomplete": "off"}),
    )


class CallAgainForm(ReasonForm):
    """`seen` is how often the call had been tried when the person looked."""

    seen = forms.IntegerField(min_value=0, max_value=32767, widget=forms.HiddenInput)


class JobAgainForm(ReasonForm):
    """`seen` is the fence of the job when the person looked."""

    seen = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class RepeatForm(ReasonForm):
    """`about`: a userid, an external_userid or a department, where the interface needs one."""

    about = forms.RegexField(
        label=_("查谁"),
        regex=r"^[0-9A-Za-z_.@-]{1,64}$",
        required=False,
        error_messages={"invalid": _("只能填账号或编号")},
        widget=forms.TextInput({"class": "input", "autocomplete": "off"}),
    )
