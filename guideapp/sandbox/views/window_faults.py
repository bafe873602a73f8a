"""The faults of the window's toolbar (故障): one click turns one on or off for everything."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from guideapp.core.access import public
from guideapp.sandbox.models.control import Fault
from guideapp.sandbox.services import faults

Name = Fault.Name
RATES: tuple[tuple[str, str | Promise], ...] = (
    ("1", _("每次")),
    ("0.3", _("三成")),
    ("0.05", _("百分之五")),
)
_REOPENING = frozenset({Name.NO_BRIDGE, Name.OLD_CLIENT})  # the app begins anew to notice
_LABELS: dict[str | Promise, dict[str, str | Promise]] = {
    _("接口"): {
        Name.LATENCY: _("慢 2 秒"),
        Name.HANG: _("30 秒不回应"),
        Name.BUSY: _("系统繁忙 -1"),
        Name.RATE: _("调用超频 45009"),
        Name.CONCURRENCY: _("并发太多 45033"),
        Name.TOKEN_EXPIRED: _("令牌过期 42001"),
        Name.TOKEN_UNKNOWN: _("令牌无效 40014"),
        Name.SECRET: _("密钥不对 40001"),
        Name.HTML: _("回一页 HTML"),
        Name.TRUNCATED: _("JSON 只有半截"),
        Name.RESET: _("连接被掐断"),
    },
    _("回调"): {
        Name.CALLBACK_DUPLICATE: _("事件重复"),
        Name.CALLBACK_SHUFFLE: _("事件乱序"),
        Name.CALLBACK_DROP: _("事件丢失"),
        Name.CALLBACK_SIGNATURE: _("签名不对"),
        Name.CALLBACK_CORPID: _("别家企业的事件"),
        Name.CALLBACK_PLAIN: _("不带 CDATA"),
        Name.CALLBACK_NO_WELCOME: _("没有 WelcomeCode"),
    },
    _("客户端"): {
        Name.NO_BRIDGE: _("没有 JS 接口"),
        Name.OLD_CLIENT: _("客户端太旧"),
        Name.NO_PERMISSION: _("接口没有权限"),
        Name.DEAD_LINK: _("链接打不开"),
    },
}
_KNOWN = {name for labels in _LABELS.values() for name in labels}


@dataclass(frozen=True)
class Switch:
    """One fault of the panel; on when it is on for any path."""

    key: str
    label: str | Promise
    is_on: bool
    reopens: bool


@public("the sandbox is a played WeCom: settings refuse it on a public installation")
@require_POST
@csrf_exempt  # the window clears the app's cookies, its CSRF token among them
def fault(request: HttpRequest) -> HttpResponse:
    """Turn `fault` on at `rate`, or off where it is on; `none` clears all."""
    name, rate = request.POST.get("fault", ""), request.POST.get("rate", "")
    if name not in _KNOWN | {faults.NONE} or rate not in dict(RATES):
        raise Http404
    is_on = Fault.objects.filter(name=name).exists()
    faults.turn(name, rate=0 if is_on else float(rate))
    return JsonResponse({"said": ""})


def panel() -> dict[str, object]:
    """fault_groups [(label, [Switch])] · faults_on (how many) · fault_rates [(value, label)]."""
    on = {row.name for row in faults.standing()}
    groups = [
        (label, [Switch(key, text, key in on, key in _REOPENING) for key, text in names.items()])
        for label, names in _LABELS.items()
    ]
    return {"fault_groups": groups, "faults_on": len(on), "fault_rates": RATES}
