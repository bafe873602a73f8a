"""The one table of rules behind 下一步: priority, version and words of each.

`evidence` is what a sentence is made of; a missing part reads —. Keys that end in `_at` hold ISO
times. Known keys: title, times, viewed_at, dwell_ms (viewed_material) · source {add_way, state},
added_at, welcome (new_customer). The customer's name is always there as `name`.

Evidence is stored as codes and worded for whoever reads it; rows from before hold the words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.templatetags.page import duration


@dataclass(frozen=True, slots=True)
class Rule:
    """When a room proposes a suggestion, and how it is said. The smallest priority comes first."""

    name: str
    version: int  # raise it when the trigger changes: each row keeps the version that made it
    priority: int
    what: str | Promise
    how: str | Promise
    action: str | Promise  # ≤ 6 characters, on the button
    trigger: str | Promise  # behind 为什么
    message: str | Promise  # title of the guide's message
    rest_days: int  # 没用 keeps the rule silent about this customer for so long


_RULES = (
    Rule(
        name="viewed_material",
        version=1,
        priority=10,
        what=_("TA 在看《%(title)s》，趁热跟进"),
        how=_("发一条相关的，问问 TA 的想法"),
        action=_("发素材"),
        trigger=_("TA 在 30 分钟内看过你发的素材，或者一天里看了两次"),
        message=_("%(name)s 看了《%(title)s》"),
        rest_days=3,
    ),
    Rule(
        name="new_customer",
        version=1,
        priority=20,
        what=_("新客户，先打个招呼"),
        how=_("挑一条素材发给 TA，让 TA 记住你"),
        action=_("发素材"),
        trigger=_("TA 刚成为你的客户，还没收到过你亲手发的素材"),
        message=_("%(name)s 加了你"),
        rest_days=365,
    ),
)
RULES = {rule.name: rule for rule in _RULES}


class Words(dict[str, Any]):
    """Evidence and name as parts of a sentence; what is missing reads —."""

    def __missing__(self, key: str) -> str:
        return "—"


# Evidence that 为什么 shows, in this order, under these names.
FACTS: dict[str, str | Promise] = {
    "title": _("素材"),
    "times": _("看过次数"),
    "viewed_at": _("最近一次"),
    "dwell_ms": _("停留"),
    "source": _("来源"),
    "added_at": _("添加时间"),
    "welcome": _("欢迎语"),
}

_WELCOMES: dict[str, str | Promise] = {
    "sent": _("已发出"),
    "missed": _("没发出去"),
    "uncertain": _("不确定发出没有"),
    "none": _("没有发"),
}
# `add_way` of externalcontact/get: an open set, whatever is not here has no words.
_WAYS: dict[int, str | Promise] = {
    1: _("扫码添加"),
    2: _("搜手机号"),
    3: _("名片分享"),
    4: _("群聊"),
    5: _("手机通讯录"),
    6: _("微信联系人"),
    9: _("搜邮箱"),
    10: _("视频号"),
    13: _("原来的微信好友"),
    16: _("获客链接"),
    201: _("同事分享"),
    202: _("管理员分配"),
}


def _source(value: Any) -> str:
    """扫码添加 · store31-qr7: the way and the channel's state, as far as known; else empty."""
    if not isinstance(value, dict):
        return str(value)
    parts = [str(_WAYS.get(value.get("add_way", 0), "")), str(value.get("state", ""))]
    return " · ".join(part for part in parts if part)


def _welcome(value: Any) -> str:
    return str(_WELCOMES.get(value, value))


# How a value of the evidence reads where it is not simply a text.
WORDS: dict[str, Callable[[Any], str]] = {
    "source": _source,
    "welcome": _welcome,
    "dwell_ms": lambda value: duration(int(value)),
}
