"""The one table of rules behind 下一步: priority, version and words of each.

`evidence` is what a sentence is made of; a missing part reads —. Keys that end in `_at` hold ISO
times, those that end in `_on` ISO days. Keys of each rule:
- unpaid_order: order_no, amount_fen, ordered_at
- birthday: birthday_on
- coupon_expiring: coupon (its title), expires_on, coupons (how many end with it)
- wanted_size_back: product, size, stored_at
- viewed_material: title, times, viewed_at, dwell_ms
- new_customer: source {add_way, state}, added_at, welcome
- invite_to_card: added_at, or scanned_at where a till saw TA buy by scanning
- silent: last_sign_at, sign (viewed, bought, added), days
The customer's name is always there as `name`.

Evidence is stored as codes and worded for whoever reads it; rows from before hold the words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import today
from guideapp.core.money import yuan
from guideapp.core.templatetags.page import day, duration, mask_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a room proposes a suggestion, and how it is said. The smallest priority comes first."""

    name: str
    version: int  # raise it when the trigger changes: each row keeps the version that made it
    priority: int
    label: str | Promise  # of the rule, for headquarters
    what: str | Promise
    how: str | Promise
    action: str | Promise  # ≤ 6 characters, on the button
    trigger: str | Promise  # behind 为什么
    message: str | Promise  # title of the guide's message
    rest_days: int  # 没用 keeps the rule silent about this customer for so long
    done_by_send: bool = False  # sending something is what the rule asks for
    replaces: tuple[str, ...] = ()  # rules whose reason is gone with this one's fact
    has_source: bool = True  # False: the room that sees the fact is not installed yet


_RULES = (
    Rule(
        name="unpaid_order",
        version=1,
        priority=4,
        label=_("有订单没付款"),
        what=_("TA 有一单 %(amount_fen)s 还没付"),
        how=_("问问是不是尺码拿不准，帮 TA 看看"),
        action=_("发素材"),
        trigger=_("TA 下了单没有付款，3 天内有效"),
        message=_("%(name)s 有一单 %(amount_fen)s 还没付"),
        rest_days=1,
    ),
    Rule(
        name="birthday",
        version=1,
        priority=6,
        label=_("3 天内生日"),
        what=_("TA %(birthday_on)s生日，送句祝福"),
        how=_("先祝福，生日礼遇放在后面说"),
        action=_("发祝福"),
        trigger=_("TA 的生日在 3 天以内"),
        message=_("%(name)s %(birthday_on)s生日"),
        rest_days=300,
    ),
    Rule(
        name="coupon_expiring",
        version=1,
        priority=8,
        label=_("券 3 天内到期"),
        what=_("TA 的「%(coupon)s」%(expires_on)s到期"),
        how=_("提醒 TA 用掉，顺手推一件合适的"),
        action=_("发素材"),
        trigger=_("TA 手里有一张没用的券，3 天内到期；TA 没有拒绝营销信息"),
        message=_("%(name)s 的券%(expires_on)s到期"),
        rest_days=7,
    ),
    Rule(
        name="wanted_size_back",
        version=1,
        priority=9,
        label=_("想要的尺码到货"),
        what=_("TA 要的《%(product)s》%(size)s 到货了"),
        how=_("先帮 TA 留一件，再问几时来试"),
        action=_("发素材"),
        trigger=_("TA 想要的尺码回到了你的门店"),
        message=_("%(name)s 要的《%(product)s》到货了"),
        rest_days=14,
        done_by_send=True,
        has_source=False,
    ),
    Rule(
        name="viewed_material",
        version=1,
        priority=10,
        label=_("看了素材"),
        what=_("TA 在看《%(title)s》，趁热跟进"),
        how=_("发一条相关的，问问 TA 的想法"),
        action=_("发素材"),
        trigger=_("TA 在 30 分钟内看过你发的素材，或者一天里看了两次"),
        message=_("%(name)s 看了《%(title)s》"),
        rest_days=3,
        done_by_send=True,
        replaces=("silent",),
    ),
    Rule(
        name="new_customer",
        version=1,
        priority=20,
        label=_("新客户，还没联系"),
        what=_("新客户，先打个招呼"),
        how=_("挑一条素材发给 TA，让 TA 记住你"),
        action=_("发素材"),
        trigger=_("TA 刚成为你的客户，还没收到过你亲手发的素材"),
        message=_("%(name)s 加了你"),
        rest_days=365,
        done_by_send=True,
    ),
    Rule(
        name="invite_to_card",
        version=1,
        priority=30,
        label=_("还没开卡"),
        what=_("TA 还没开卡，请 TA 成为会员"),
        how=_("说清开卡有什么，一句话就够"),
        action=_("发素材"),
        trigger=_("TA 加你满一天、不到 30 天，还没有会员卡；或者刚扫码买过"),
        message=_("%(name)s 还没开卡"),
        rest_days=90,
    ),
    Rule(
        name="silent",
        version=1,
        priority=40,
        label=_("30 天没动静"),
        what=_("TA %(days)s 天没有动静，问候一声"),
        how=_("发一条 TA 可能喜欢的，不催单"),
        action=_("发素材"),
        trigger=_("30 天里 TA 没看素材、没买东西，你 7 天内也没发过；只算我们看得见的"),
        message=_("%(name)s %(days)s 天没有动静"),
        rest_days=30,
        done_by_send=True,
    ),
)
RULES = {rule.name: rule for rule in _RULES}
DONE_BY_SEND = tuple(rule.name for rule in _RULES if rule.done_by_send)


class Words(dict[str, Any]):
    """Evidence and name as parts of a sentence; what is missing reads —."""

    def __missing__(self, key: str) -> str:
        return "—"


# Evidence that 为什么 shows, in this order, under these names.
FACTS: dict[str, str | Promise] = {
    "order_no": _("订单"),
    "amount_fen": _("金额"),
    "ordered_at": _("下单时间"),
    "birthday_on": _("生日"),
    "coupon": _("券"),
    "coupons": _("同时到期"),
    "expires_on": _("到期"),
    "product": _("商品"),
    "size": _("尺码"),
    "stored_at": _("到货时间"),
    "title": _("素材"),
    "times": _("看过次数"),
    "viewed_at": _("最近一次"),
    "dwell_ms": _("停留"),
    "source": _("来源"),
    "added_at": _("添加时间"),
    "welcome": _("欢迎语"),
    "scanned_at": _("扫码购买"),
    "last_sign_at": _("最近一次动静"),
    "sign": _("那次是"),
}

_WELCOMES: dict[str, str | Promise] = {
    "sent": _("已发出"),
    "missed": _("没发出去"),
    "uncertain": _("不确定发出没有"),
    "none": _("没有发"),
}
_SIGNS: dict[str, str | Promise] = {
    "viewed": _("看了素材"),
    "bought": _("买了东西"),
    "added": _("加了你"),
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


def _sign(value: Any) -> str:
    return str(_SIGNS.get(value, value))


def _near_day(value: Any) -> str:
    """今天, 明天, 后天, else 11月25日; for days that are near."""
    on = date.fromisoformat(str(value))
    near = {0: gettext("今天"), 1: gettext("明天"), 2: gettext("后天")}
    return near.get((on - today()).days) or day(on)


# How a value of the evidence reads where it is not simply a text.
WORDS: dict[str, Callable[[Any], str]] = {
    "source": _source,
    "welcome": _welcome,
    "dwell_ms": lambda value: duration(int(value)),
    "order_no": lambda value: mask_number(str(value)),
    "amount_fen": lambda value: yuan(int(value)),
    "birthday_on": _near_day,
    "expires_on": _near_day,
    "coupons": lambda value: gettext("%(n)s 张") % {"n": value},
    "sign": _sign,
}


def worded(evidence: dict[str, Any], name: str) -> Words:
    """Evidence as parts of a sentence in the reader's language; `name` is the customer's."""
    said = {key: WORDS[key](value) for key, value in evidence.items() if key in WORDS}
    return Words(evidence | said | {"name": name})
