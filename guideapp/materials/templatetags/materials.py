"""Words of the library in templates: how a row reads, and how long a view lasted."""

from datetime import datetime, timedelta
from typing import Any, cast

from django import template
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from guideapp.core.clock import SHANGHAI, today
from guideapp.core.templatetags.page import ago, day, icon, pct
from guideapp.materials.models import Material, Share, Visit
from guideapp.materials.services.library import LastShare
from guideapp.members.models import TimelineEvent

register = template.Library()

_READ = "materials_dwell"  # on the request: one query a page and customer
_KIND_ICONS = {
    Material.Kind.TEXT: "chat",
    Material.Kind.IMAGE: "image",
    Material.Kind.VIDEO: "play",
    Material.Kind.FILE: "file",
    Material.Kind.LINK: "link",
    Material.Kind.MINI_PROGRAM: "box",
}


@register.simple_tag(takes_context=True)
def dwell_of(context: Context, event: TimelineEvent) -> int | None:
    """Milliseconds that the view of a `material_viewed` event lasted; it may still grow.

    An event is written once, so the time is read from the visits: one query for all the events of
    a customer on the page; none where the reader of the events has read it with them.
    """
    if hasattr(event, "dwell_ms"):
        return cast(int | None, event.dwell_ms)
    request = context.get("request")
    read: dict[Any, dict[int, int]] = vars(request).setdefault(_READ, {}) if request else {}
    contact_id = event.contact_id
    if contact_id not in read:
        visits = Visit.objects.filter(link__contact=contact_id, counted=True)
        latest = visits.order_by("-opened_at").values_list("pk", "dwell_ms")[:100]
        read[contact_id] = dict(latest)
    return read[contact_id].get(event.params.get("visit", 0))


@register.filter
def share_note(last: LastShare) -> str:
    """What became of the guide's latest send, beside its button."""
    words = {
        Share.State.SENT: gettext("%(when)s发过"),
        Share.State.CANCELLED: gettext("你取消了发送"),
        Share.State.FAILED: gettext("没发出去"),
        Share.State.UNKNOWN: gettext("%(when)s点过，结果未知"),
    }
    return words[Share.State(last.state)] % {"when": _when(last)}


def _when(last: LastShare) -> str:
    words = ago(last.at)
    return f"{words} " if words[-1:].isdigit() else words


@register.filter
def unseen_note(material: Material) -> str:
    """Why views of this kind cannot be seen; '' for kinds that open our own page."""
    if material.kind == Material.Kind.TEXT:
        return gettext("发的是文字，看不到 TA 看没看")
    if material.kind == Material.Kind.MINI_PROGRAM:
        return gettext("小程序里看没看，这里不知道")
    return ""


@register.simple_tag
def kind_icon(kind: str, size: str = "") -> SafeString:
    """The drawing that stands for a kind of material or file."""
    return icon(_KIND_ICONS.get(Material.Kind(kind), "file"), size)


@register.filter
def deadline(moment: datetime) -> str:
    """When something ends: 今天 20:00, 明天 08:00, 11月22日 23:59."""
    local = moment.astimezone(SHANGHAI)
    if local.date() == today():
        return gettext("今天 %(time)s") % {"time": f"{local:%H:%M}"}
    if local.date() == today() + timedelta(days=1):
        return gettext("明天 %(time)s") % {"time": f"{local:%H:%M}"}
    return f"{day(local.date())} {local:%H:%M}"


@register.filter
def change(rate: float) -> str:
    """How much a figure moved, without its sign: 0.082 → 8.2%."""
    return pct(abs(rate))
