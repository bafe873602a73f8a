"""What WeCom's codes mean, in words for the person who looks after the installation.

Source: developer.work.weixin.qq.com/document/path/90313
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

MEANINGS: dict[int, str | Promise] = {
    -1: lazy("企业微信忙，稍后再试"),
    0: lazy("成功"),
    40001: lazy("密钥不对，或应用被停用"),
    40003: lazy("没有这个账号"),
    40006: lazy("素材大小不对"),
    40007: lazy("素材已失效"),
    40009: lazy("图片大小不对"),
    40013: lazy("企业 ID 不对"),
    40014: lazy("令牌无效，会自动换新"),
    40029: lazy("登录码用过或过期"),
    40031: lazy("账号名单里有人不存在"),
    40032: lazy("名单太长"),
    40056: lazy("AgentId 不对"),
    40058: lazy("参数不对"),
    40063: lazy("少了参数"),
    40066: lazy("部门名单不对"),
    40068: lazy("没有这个标签"),
    40071: lazy("标签重名"),
    40091: lazy("密钥不属于这个企业"),
    40093: lazy("页面签名不对"),
    40096: lazy("没有这位客户，或不在可见范围"),
    40097: lazy("成员还没离职"),
    40098: lazy("接手人没有实名"),
    40099: lazy("接手人的客户已满"),
    40100: lazy("正在交接中"),
    40128: lazy("这位客户转接太频繁"),
    40129: lazy("这位客户在等交接"),
    40130: lazy("原跟进人和接手人是同一个人"),
    40131: lazy("原跟进人没有这位客户"),
    41001: lazy("没带令牌"),
    41002: lazy("没带企业 ID"),
    41004: lazy("没带密钥"),
    41009: lazy("没带账号"),
    41035: lazy("没带客户编号"),
    41045: lazy("联系我二维码的数量用完"),
    41050: lazy("欢迎语的码用过，或过了 20 秒"),
    41051: lazy("客户已经聊过，或别的应用先发了"),
    41054: lazy("成员没有激活"),
    41057: lazy("没有绑定微信开发者 ID"),
    41096: lazy("别的应用正在发欢迎语"),
    42001: lazy("令牌过期，会自动换新"),
    42003: lazy("登录码过期"),
    42012: lazy("票据用错了地方"),
    42022: lazy("登录码用过"),
    45009: lazy("调用太多，等这段时间过去"),
    45024: lazy("账号数量用完"),
    45031: lazy("应用在企业微信里欠着费用"),
    45033: lazy("同时调用太多"),
    46004: lazy("没有这个成员"),
    48001: lazy("应用没有这个接口的权限"),
    48002: lazy("应用不在“可调用接口的应用”里"),
    50001: lazy("域名不在可信名单"),
    50002: lazy("成员不在应用可见范围"),
    50003: lazy("应用被停用"),
    60003: lazy("没有这个部门"),
    60011: lazy("不在应用可见范围"),
    60020: lazy("服务器 IP 不在可信名单"),
    60021: lazy("成员不在应用可见范围"),
    60111: lazy("没有这个账号"),
    60123: lazy("部门编号不对"),
    60136: lazy("没有这条记录"),
    81013: lazy("全部不存在或不在可见范围"),
    84061: lazy("没有客户关系"),
    84074: lazy("没有客户联系权限"),
    84083: lazy("成员没有客户联系功能"),
    84084: lazy("成员没有跟进这位客户"),
    91040: lazy("票据种类不对"),
    301002: lazy("密钥和 AgentId 不是同一个应用的"),
}
FAILURES: dict[str, str | Promise] = {
    "timeout": lazy("等太久没有回应"),
    "no_connection": lazy("连不上"),
    "connection": lazy("连接断了"),
    "truncated": lazy("回应断在半路"),
    "html": lazy("回的是网页，不是数据"),
    "bad_json": lazy("回的数据读不懂"),
    "bad_shape": lazy("回的数据格式不对"),
    "request": lazy("请求没发出去"),
    "certificate": lazy("证书不对"),
}


def meaning_of(errcode: int | None, failure: str = "") -> str:
    """`errcode` in words; without one, why there was no answer."""
    if errcode is not None and not failure:
        return str(MEANINGS.get(errcode, _("错误码没有收录，请查企业微信文档")))
    if failure.startswith("http_"):
        return _("对方回了 HTTP %(status)s") % {"status": failure.removeprefix("http_")}
    return str(FAILURES.get(failure, failure))
