"""What people type on the room's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guideapp.integration.services import RESOURCES
from guideapp.organisation.models import Brand

_WRITE_ONLY = {"points", "events"}


def scope_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """For each resource: its title, and (scope, word) of what a client may do with it."""
    return [
        (
            str(resource.title),
            [
                (f"{name}:write", str(_("写入"))),
                *([] if name in _WRITE_ONLY else [(f"{name}:read", str(_("读取")))]),
            ],
        )
        for name, resource in RESOURCES.items()
    ]


class BrandsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # as core.fields
    """Brands and malls by their names."""

    def label_from_instance(self, brand: Any) -> str:
        """`青禾`."""
        return str(brand.name)


class ClientForm(forms.Form):
    """A new client of the API."""

    name = forms.RegexField(
        label=_("名称"),
        regex=r"^[\w .·-]{2,40}$",
        max_length=40,
        error_messages={"invalid": _("2 到 40 个字，用文字、数字、空格和横线")},
        widget=forms.TextInput({"class": "input", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("可以做什么"),
        choices=lambda: [pair for _title, pairs in scope_choices() for pair in pairs],
        error_messages={"required": _("至少选一项")},
    )
    brands = BrandsField(
        label=_("只限这些品牌"),
        queryset=Brand.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def grouped_scopes(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """As `scope_choices`, with what is ticked."""
        chosen: Any = self["scopes"].value() or []
        return [
            (title, [(scope, word, scope in chosen) for scope, word in pairs])
            for title, pairs in scope_choices()
        ]
