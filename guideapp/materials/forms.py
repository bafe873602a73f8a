"""What people type about materials: shaped and worded here, decided in the services."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.materials.models import DRAWINGS, Category, Material, MaterialFile, Standing
from guideapp.materials.services import MaterialText
from guideapp.materials.services.library import MOST, PAGE
from guideapp.organisation.models import Store

_TOO_LONG = _("最多 %(limit_value)d 个字，现在 %(show_value)d 个")
_REQUIRED = _("这一项要填")


def _text(label: Any, limit: int, *, required: bool = False, **more: Any) -> forms.CharField:
    """A text whose refusals name the limit and the length."""
    return forms.CharField(
        label=label,
        max_length=limit,
        required=required,
        error_messages={"max_length": _TOO_LONG, "required": _REQUIRED},
        **more,
    )


class CategoryField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """A shelf, by its brand's name where there are several brands."""

    def label_from_instance(self, obj: Any) -> str:
        """`新品 · 青禾`."""
        return f"{obj.name} · {obj.brand.name}"


class StoresField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # nor this
    """Stores by name."""

    def label_from_instance(self, obj: Any) -> str:
        """The store's own name."""
        return str(obj.name)


class LibraryFilterForm(forms.Form):
    """What a guide looks for. A bad value is dropped, so that an old address still opens."""

    q = forms.CharField(required=False, max_length=50)
    category = forms.IntegerField(required=False, min_value=1)
    limit = forms.IntegerField(required=False, min_value=1, max_value=MOST)
    customer = forms.CharField(required=False, max_length=64)

    def wanted(self) -> tuple[str, int | None, int]:
        """The words, the category's id, how many rows."""
        self.is_valid()
        data = self.cleaned_data
        return data.get("q", ""), data.get("category"), data.get("limit") or PAGE


class SignalForm(forms.Form):
    """How far a page knows the customer's views."""

    after = forms.IntegerField(required=False, min_value=0)
    since = forms.IntegerField(required=False, min_value=0, max_value=2**33)

    def known(self) -> dict[str, Any]:
        """`after` and `since` as `newest_view` takes them."""
        since = self.cleaned_data.get("since")
        moment = datetime.fromtimestamp(since, UTC) if since else None
        return {"after": self.cleaned_data.get("after") or 0, "since": moment}


class SendForm(forms.Form):
    """One tap on 发送."""

    customer = forms.CharField(max_length=64)
    nonce = forms.CharField(max_length=36)
    form = forms.ChoiceField(choices=[("card", ""), ("original", "")])
    again = forms.BooleanField(required=False)


class ResultForm(forms.Form):
    """What WeCom's client said; `detail` begins with the bridge's reason."""

    outcome = forms.ChoiceField(
        choices=[("sent", ""), ("cancelled", ""), ("failed", ""), ("unknown", "")]
    )
    detail = forms.CharField(required=False)


class BeaconForm(forms.Form):
    """What a public page tells while it is read."""

    visit = forms.CharField(max_length=80)
    dwell_ms = forms.IntegerField(min_value=0, max_value=24 * 3600 * 1000)
    depth = forms.IntegerField(min_value=0, max_value=100)
    left = forms.BooleanField(required=False)


class HqFilterForm(forms.Form):
    """Headquarters' list: words, standing, category, page."""

    q = forms.CharField(required=False, max_length=50)
    status = forms.ChoiceField(
        required=False, choices=[("", _("全部")), *Standing.choices, ("quiet", _("没人发的"))]
    )
    category = forms.ModelChoiceField(Category.objects.all(), required=False)
    page = forms.IntegerField(required=False, min_value=1)


class MaterialForm(forms.Form):
    """A material of one kind; fields that the kind does not have are taken out."""

    title = _text(_("标题（导购看到的）"), 40, required=True)
    category = CategoryField(
        Category.objects.select_related("brand").order_by("brand", "order", "name"),
        label=_("分类"),
        empty_label=None,
        error_messages={"required": _REQUIRED, "invalid_choice": _("没有这个分类")},
    )
    summary = _text(_("一句话说明（卡片上的小字）"), 80)
    body = _text(_("正文"), 2000, widget=forms.Textarea(attrs={"rows": 6}))
    link_url = forms.URLField(
        label=_("链接地址"),
        required=False,
        max_length=1024,
        assume_scheme="https",
        error_messages={"invalid": _("链接要以 https:// 开头"), "max_length": _TOO_LONG},
    )
    mini_program_appid = forms.RegexField(
        r"^wx[0-9a-z]{4,30}$",
        label=_("小程序 AppID"),
        required=False,
        error_messages={"invalid": _("AppID 以 wx 开头，只有小写字母和数字")},
    )
    mini_program_page = forms.RegexField(
        r"^[^\s?#]+\.html(\?\S*)?$",
        label=_("小程序页面路径"),
        required=False,
        max_length=512,
        error_messages={
            "invalid": _("页面路径要以 .html 结尾，例如 pages/goods/index.html"),
            "max_length": _TOO_LONG,
        },
    )
    file = forms.FileField(label=_("文件"), required=False)
    cover = forms.FileField(label=_("封面（5:4，不传就用配图）"), required=False)
    drawing = forms.ChoiceField(label=_("配图"), required=False, choices=DRAWINGS)
    tags = _text(_("标签（空格隔开，能搜到）"), 120)
    earn_yuan = forms.DecimalField(
        label=_("导购成交约赚（元，不填就不显示）"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal("99999"),
        max_digits=7,
        decimal_places=2,
        error_messages={"invalid": _("填数字，例如 24"), "min_value": _("要大于 0")},
    )
    only_stores = StoresField(
        Store.objects.order_by("region", "name"),
        label=_("只给这些门店（不选就是全部）"),
        required=False,
    )
    valid_from = forms.DateTimeField(label=_("上线时间（不填就是发布时）"), required=False)
    valid_until = forms.DateTimeField(label=_("结束时间（不填就一直有效）"), required=False)

    _OWN = {
        "link_url": {Material.Kind.LINK},
        "mini_program_appid": {Material.Kind.MINI_PROGRAM},
        "mini_program_page": {Material.Kind.MINI_PROGRAM},
        "file": {Material.Kind.IMAGE, Material.Kind.VIDEO, Material.Kind.FILE},
    }

    def __init__(self, *args: Any, kind: str, material: Material | None = None, **kw: Any) -> None:
        if material is not None:
            kw.setdefault("initial", _initial_of(material))
        super().__init__(*args, **kw)
        for name, kinds in self._OWN.items():
            if kind not in kinds:
                del self.fields[name]
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("class", "input")
            if name in ("valid_from", "valid_until"):
                field.widget = forms.DateTimeInput(
                    attrs={"type": "datetime-local", "class": "input"}, format="%Y-%m-%dT%H:%M"
                )

    def clean(self) -> dict[str, Any]:
        """The end comes after the beginning."""
        data = super().clean() or self.cleaned_data
        begins, ends = data.get("valid_from"), data.get("valid_until")
        if ends and begins and ends <= begins:
            self.add_error("valid_until", gettext("结束时间要晚于上线时间"))
        return data

    def text(self, *, file: MaterialFile | None, cover: MaterialFile | None) -> MaterialText:
        """The cleaned fields as the service takes them."""
        data = self.cleaned_data
        earn = data.get("earn_yuan")
        return MaterialText(
            title=data["title"],
            category=data["category"],
            summary=data["summary"],
            body=data["body"],
            tags=" ".join(data["tags"].split()),
            link_url=data.get("link_url", ""),
            mini_program_appid=data.get("mini_program_appid", ""),
            mini_program_page=data.get("mini_program_page", ""),
            earn_hint_fen=int(earn * 100) if earn is not None else None,
            drawing=data["drawing"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
            file=file,
            cover=cover,
        )


def _initial_of(material: Material) -> dict[str, Any]:
    names = ("title", "summary", "body", "link_url", "mini_program_appid", "mini_program_page")
    more = ("tags", "drawing", "valid_from", "valid_until", "category")
    initial = {name: getattr(material, name) for name in (*names, *more)}
    earn = material.earn_hint_fen
    initial["earn_yuan"] = f"{earn / 100:g}" if earn else None
    initial["only_stores"] = list(material.only_stores.all())
    return initial


class UploadedForm(forms.Form):
    """The panel beside the list: uploaded files become materials, one each."""

    category = forms.ModelChoiceField(
        Category.objects.all(), error_messages={"required": _("先选一个分类")}
    )
    earn_yuan = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_digits=7,
        decimal_places=2,
        error_messages={"invalid": _("填数字，例如 24"), "min_value": _("要大于 0")},
    )
    timed = forms.ChoiceField(required=False, choices=[("", ""), ("timed", "")])
    valid_from = forms.DateTimeField(
        required=False, error_messages={"invalid": _("时间写成 2026-11-22 08:00")}
    )

    def clean(self) -> dict[str, Any]:
        """定时 needs a time that is still to come."""
        data = super().clean() or self.cleaned_data
        if data.get("timed") and not self.errors.get("valid_from"):
            at = data.get("valid_from")
            if at is None or at <= now() + timedelta(seconds=1):
                self.add_error("valid_from", gettext("选一个还没到的时间"))
        return data

    def titles(self) -> dict[int, str]:
        """Title by file id, of the rows that the uploads added to the form."""
        found = {}
        for name, value in self.data.items():
            prefix, _mark, number = name.partition("title-")
            if not prefix and number.isdigit():
                found[int(number)] = str(value).strip()
        return found


class CategoryForm(forms.Form):
    """A shelf's name and place."""

    name = _text(_("分类名"), 12, required=True)
    order = forms.IntegerField(required=False, min_value=0, max_value=9999)


def stores_of(form: MaterialForm) -> QuerySet[Store]:
    """The stores that the form picked."""
    picked: QuerySet[Store] = form.cleaned_data["only_stores"]
    return picked
