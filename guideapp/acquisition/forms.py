"""The form of a welcome message. Rules stay in the service; nothing here cuts what was typed."""

from typing import Any, cast

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from guideapp.acquisition.models import WelcomeMessage
from guideapp.core.clock import now
from guideapp.materials.models import Material
from guideapp.organisation.models import Brand, Store


class MaterialChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """A material by its title; one that cannot be sent now says so."""

    sendable: frozenset[int] = frozenset()

    def label_from_instance(self, material: Material) -> str:
        """《大衣穿法》, or with the remark that it will be left out."""
        if material.pk in self.sendable:
            return material.title
        return str(_("%(title)s（现在不能发，会略过）") % {"title": material.title})


class WelcomeForm(forms.Form):
    """Text, material and switch of a brand's or a store's welcome."""

    text = forms.CharField(
        label=_("欢迎语"),
        required=False,  # the service words an empty one
        strip=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 7, "data-insert-into": "text"}),
    )
    material = MaterialChoice(
        label=_("附带素材"),
        queryset=Material.objects.none(),
        required=False,
        empty_label=_("不带素材"),
        widget=forms.Select(attrs={"class": "input"}),
    )
    is_active = forms.BooleanField(
        label=_("启用"), required=False, widget=forms.CheckboxInput(attrs={"class": "check"})
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        brand: Brand,
        store: Store | None,
        message: WelcomeMessage | None,
    ) -> None:
        initial: dict[str, Any] = {"is_active": True}
        if message:
            initial = {
                "text": message.text,
                "material": message.material_id,
                "is_active": message.is_active,
            }
        super().__init__(data, initial=initial)
        sendable = Material.objects.sendable(store=store, at=now()).filter(brand=brand)
        kept = Q(pk=message.material_id) if message and message.material_id else Q(pk__in=[])
        self.choice.queryset = Material.objects.filter(
            Q(pk__in=sendable.values("pk")) | kept
        ).order_by("title")
        self.choice.sendable = frozenset(sendable.values_list("pk", flat=True))

    @property
    def choice(self) -> MaterialChoice:
        """The field of the material."""
        return cast(MaterialChoice, self.fields["material"])

    @property
    def chosen(self) -> Material | None:
        """The material that the form shows as chosen, whether or not the form is valid."""
        value, choices = str(self["material"].value() or ""), self.choice.queryset
        return (
            choices.filter(pk=value).first() if choices is not None and value.isdecimal() else None
        )
