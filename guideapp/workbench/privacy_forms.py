"""What the privacy officer types."""

from django import forms
from django.utils.translation import gettext_lazy as _

from guideapp.workbench.operator_forms import ReasonForm


class FindForm(ReasonForm):
    """Something that is one person's alone, and why they are looked up."""

    who = forms.CharField(max_length=64)


class ExportForm(ReasonForm):
    """As data or to read."""

    shape = forms.ChoiceField(choices=[("html", _("能直接看的")), ("json", _("数据文件"))])


class EraseForm(ReasonForm):
    """Both boxes have to be ticked."""

    is_proven = forms.BooleanField(error_messages={"required": _("先核对是不是本人")})
    is_final = forms.BooleanField(error_messages={"required": _("勾上才能删除")})
