"""Filters and tags of every template: money, time, masks, icons."""

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from guideapp.core import clock
from guideapp.core.money import yuan

register = template.Library()

TINTS = ("sage", "clay", "sky", "plum", "sand")


@register.filter
def money(amount_fen: int | None) -> str:
    """Fen as yuan: `189900` → `¥1,899`; nothing known → —."""
    return "—" if amount_fen is None else yuan(amount_fen)


@register.filter
def pct(rate: float | None) -> str:
    """A rate 0–1 as a percentage: one decimal below ten percent, else whole; unknown → —."""
    if rate is None:
        return "—"
    value = rate * 100
    return f"{value:.1f}%" if 0 < value < 10 else f"{value:.0f}%"


@register.filter
def thousands(number: int | None) -> str:
    """`3260` → `3,260`; unknown → —."""
    return "—" if number is None else f"{number:,}"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago in words: 刚刚, 5 分钟前, 今天 09:42, 昨天 20:15, 11月3日, 2025年11月3日."""
    if moment is None:
        return "—"
    seconds = (clock.now() - moment).total_seconds()
    if 0 <= seconds < 60:
        return gettext("刚刚")
    if 0 <= seconds < 3600:
        return gettext("%(n)s 分钟前") % {"n": int(seconds // 60)}
    local = moment.astimezone(clock.SHANGHAI)
    if local.date() == clock.today():
        return gettext("今天 %(time)s") % {"time": f"{local:%H:%M}"}
    if local.date() == clock.today() - timedelta(days=1):
        return gettext("昨天 %(time)s") % {"time": f"{local:%H:%M}"}
    return day(local.date())


@register.filter
def ago_within(moment: datetime | None) -> str:
    """`ago` for the middle of a sentence, where English says it differently: updated just now."""
    text = ago(moment)
    if moment is None or get_language() != "en":
        return text
    local = moment.astimezone(clock.SHANGHAI)
    at = {"time": f"{local:%H:%M}"}
    words = {
        gettext("刚刚"): pgettext("in a sentence", "刚刚"),
        gettext("今天 %(time)s") % at: pgettext("in a sentence", "今天 %(time)s") % at,
        gettext("昨天 %(time)s") % at: pgettext("in a sentence", "昨天 %(time)s") % at,
    }
    return words.get(text, text)


@register.filter
def day(value: date | None) -> str:
    """11月3日 this year, 2025年11月3日 otherwise."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = clock.day_of(value)
    if get_language() == "en":
        return f"{value:%b} {value.day}" + (
            "" if value.year == clock.today().year else f", {value.year}"
        )
    text = f"{value.month}月{value.day}日"
    return text if value.year == clock.today().year else f"{value.year}年{text}"


@register.filter
def duration(milliseconds: int | None) -> str:
    """`72000` → 1 分 12 秒; `4000` → 4 秒; unknown → —."""
    if milliseconds is None:
        return "—"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    if minutes:
        return gettext("%(m)s 分 %(s)s 秒") % {"m": minutes, "s": seconds}
    return gettext("%(s)s 秒") % {"s": seconds}


@register.filter
def mask_phone(phone: str) -> str:
    """`+8613800002046` → `138****2046`; empty → —."""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 7 else "—"


@register.filter
def mask_number(number: str) -> str:
    """A member or order number: `HY20267731` → `HY****7731`."""
    return f"{number[:2]}****{number[-4:]}" if len(number) > 6 else number


@register.filter
def holds(actor: Any, roles: str) -> bool:
    """True when `actor` (organisation.Actor, or None) holds one of the space-separated roles."""
    return actor is not None and bool(actor.has(*roles.split()))


@register.filter
def tint(key: object) -> str:
    """The class of the colour that belongs to `key` for good, for avatars and covers."""
    digest = hashlib.sha256(str(key).encode()).digest()[0]
    return f"c-{TINTS[digest % len(TINTS)]}"


@register.filter
def initial(name: str) -> str:
    """The first character of a name, for an avatar without a picture."""
    return name.strip()[:1] or "·"


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A drawing of static/icons.svg: `{% icon "send" %}`, `{% icon "right" "s" %}`."""
    return _icon(static("icons.svg"), name, size)


@register.simple_tag
def drawing(name: str) -> SafeString:
    """A garment (`g-coat`) or an empty-state (`e-lock`) drawing of static/icons.svg."""
    return format_html(
        '<svg aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@lru_cache(maxsize=200)  # a page shows twenty, and they are always the same
def _icon(drawings: str, name: str, size: str) -> SafeString:
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" icon-{size}" if size else "",
        drawings,
        name,
    )
