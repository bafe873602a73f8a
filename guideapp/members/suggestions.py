"""The one table of rules behind 下一步: priority, version and words of each.

`evidence` is what a sentence is made of; a missing part reads —. Keys that end in `_at` hold ISO
times. Known keys: title, times, viewed_at, dwell_ms (viewed_material) · source, added_at,
welcome (new_customer). The customer's name is always there as `name`.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


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
