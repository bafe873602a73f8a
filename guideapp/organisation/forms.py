"""What people type on the room's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guideapp.organisation.models import Region, Role, Store

_REGIONS = Region.objects.select_related("brand").order_by("name")


class PeopleFilterForm(forms.Form):
    """Search words and a role."""

    q = forms.CharField(required=False, max_length=40)
    role = forms.ChoiceField(required=False, choices=[("", _("全部")), *Role.choices])
    after = forms.IntegerField(required=False, min_value=1)


class StyledForm(forms.Form):
    """Fields with the look of the pages."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"


class RegionChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # as core.fields
    """A region by its name, with its brand's."""

    def label_from_instance(self, region: Any) -> str:
        """`华东大区 · 青禾`."""
        return f"{region.name} · {region.brand.name}"


class GrantForm(StyledForm):
    """A role and where it holds."""

    role = forms.ChoiceField(label=_("角色"), choices=Role.choices)
    store = forms.CharField(
        label=_("门店编号（店长填）"),
        required=False,
        max_length=20,
        widget=forms.TextInput({"list": "stores", "autocomplete": "off"}),
    )
    region = RegionChoiceField(
        label=_("大区（区域经理选）"),
        required=False,
        queryset=_REGIONS,
        empty_label="—",
    )

    def clean_store(self) -> Store | None:
        """The store with that code."""
        code = self.cleaned_data["store"]
        if not code:
            return None
        store = Store.objects.filter(code__iexact=code).first()
        if store is None:
            raise forms.ValidationError(_("没有这个门店编号"))
        return store

    def clean(self) -> dict[str, Any]:
        """The place must fit the role; a place that the role has no use for is dropped."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        role = cleaned.get("role")
        if role == Role.STORE_MANAGER and "store" not in self.errors and not cleaned.get("store"):
            self.add_error("store", _("店长要填门店编号"))
        if role == Role.REGIONAL_MANAGER and not cleaned.get("region"):
            self.add_error("region", _("区域经理要选大区"))
        cleaned["store"] = cleaned.get("store") if role == Role.STORE_MANAGER else None
        cleaned["region"] = cleaned.get("region") if role == Role.REGIONAL_MANAGER else None
        return cleaned


class RegionForm(StyledForm):
    """A department stands for this region."""

    brand_name = forms.CharField(
        label=_("品牌"), max_length=40, widget=forms.TextInput({"list": "brands"})
    )
    name = forms.CharField(label=_("大区名称"), max_length=40)


class StoreForm(StyledForm):
    """A department stands for this store."""

    region = RegionChoiceField(label=_("所属大区"), queryset=_REGIONS, empty_label=None)
    code = forms.RegexField(
        label=_("门店编号"),
        regex=r"^[0-9A-Za-z_-]{1,20}$",
        error_messages={"invalid": _("编号用字母、数字、横线，20 个以内")},
    )
    name = forms.CharField(label=_("门店名称"), max_length=40)
    city = forms.CharField(label=_("城市"), max_length=20, required=False)
