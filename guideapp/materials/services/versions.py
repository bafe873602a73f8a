"""What a live material said before: kept with each change, read by headquarters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.core.money import yuan
from guideapp.materials.models import DRAWINGS, Material, MaterialVersion
from guideapp.organisation.models import Guide

_SHOWN = 20

# The fields that a version keeps, in the order of the form.
_LABELS: dict[str, str | Promise] = {
    "title": _("标题"),
    "category": _("分类"),
    "summary": _("一句话说明"),
    "body": _("正文"),
    "link_url": _("链接地址"),
    "mini_program_appid": _("小程序 AppID"),
    "mini_program_page": _("小程序页面路径"),
    "file": _("文件"),
    "cover": _("封面"),
    "drawing": _("配图"),
    "tags": _("标签"),
    "earn_hint_fen": _("导购成交约赚"),
    "valid_from": _("上线时间"),
    "valid_until": _("结束时间"),
}


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """A version that is over: who replaced it and when, and what the replaced fields said."""

    number: int
    replaced_by: str  # a name; empty: the system
    replaced_at: datetime
    before: tuple[tuple[str, str], ...]  # (label, text; empty where nothing was filled in)


def keep_version(before: Material, *, changed: Iterable[str], editor: Guide | None) -> None:
    """Keep what `before` says, in the transaction that replaces it; its row is locked."""
    MaterialVersion.objects.create(
        material=before,
        version=before.version,
        content={name: _stored(before, name) for name in _LABELS},
        changed=sorted(changed),
        replaced_by=editor,
        replaced_at=now(),
    )


def earlier_versions(material: Material) -> list[EarlierVersion]:
    """The latest twenty, newest first, in one query."""
    rows = MaterialVersion.objects.filter(material=material).select_related("replaced_by")
    return [
        EarlierVersion(
            number=row.version,
            replaced_by=row.replaced_by.name if row.replaced_by else "",
            replaced_at=row.replaced_at,
            before=tuple(
                (str(label), _text_of(name, row.content.get(name)))
                for name, label in _LABELS.items()
                if name in row.changed
            ),
        )
        for row in rows.order_by("-version")[:_SHOWN]
    ]


def _stored(material: Material, name: str) -> Any:
    value = getattr(material, name)
    if isinstance(value, datetime):
        return value.isoformat()
    return getattr(value, "name", value)  # a category and a file have one


def _text_of(name: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    if name == "earn_hint_fen":
        return yuan(value)
    if name == "drawing":
        return str(dict(DRAWINGS).get(value, value))
    moment = parse_datetime(value) if name in {"valid_from", "valid_until"} else None
    return f"{localtime(moment):%Y-%m-%d %H:%M}" if moment else str(value)
