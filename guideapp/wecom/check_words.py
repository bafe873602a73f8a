"""What a finding of the set-up check means, and what exactly to click to put it right."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guideapp.core.templatetags.page import ago_within
from guideapp.wecom.check import Finding
from guideapp.wecom.errcodes import meaning_of

type Text = str | Promise


@dataclass(frozen=True, slots=True)
class Said:
    """A finding in words. `what`: how it stands; `fix`: what to do, '' where nothing is to do."""

    title: str
    what: str
    fix: str


TITLES: dict[str, Text] = {
    "address": _("站点地址"),
    "migrations": _("数据库"),
    "cache": _("缓存"),
    "worker": _("后台任务进程"),
    "sdk": _("JS-SDK 文件"),
    "secret": _("企业 ID 和应用密钥"),
    "clock": _("时钟"),
    "ip": _("企业可信 IP"),
    "range": _("应用可见范围"),
    "customers": _("客户联系权限"),
    "contacts_secret": _("通讯录同步密钥"),
    "domain": _("可信域名"),
    "corp_ticket": _("企业 JS-SDK 票据"),
    "app_ticket": _("应用 JS-SDK 票据"),
    "callback": _("回调地址"),
    "events": _("收到回调"),
    "unionid": _("客户的 unionid"),
}

_BLOCKED: tuple[Text, Text] = (_("前面一项没通过，还查不了"), "")
_NO_DATABASE: tuple[Text, Text] = (_("数据库还不能用，查不了"), "")
_REFUSED: tuple[Text, Text] = (
    _("企业微信拒绝了：%(errcode)s %(meaning)s"),
    _("照错误码的意思改好，再查一次"),
)
_RUN_AGAIN = _("填好后重启网页和后台任务进程，再查一次")
_SECRET_FIX = _(
    "管理后台 → 应用管理 → 自建 → 这个应用 → Secret → 查看，填到 WECOM_SECRET；"
    "企业 ID 在 我的企业 → 企业信息 最下面"
)

# (name, problem) → (what it is, what to do). Names in %(…)s are the finding's facts.
WORDS: dict[tuple[str, str], tuple[Text, Text]] = {
    ("address", ""): ("%(url)s", ""),
    ("address", "not_https"): (
        _("SITE_URL 是 %(url)s，不是 https，企业微信不会打开"),
        _("给域名装好证书，把 SITE_URL 改成 https:// 开头"),
    ),
    ("address", "not_allowed"): (
        _("SITE_URL 的域名 %(host)s 不在 ALLOWED_HOSTS 里，页面会回 400"),
        _("把 %(host)s 加进 ALLOWED_HOSTS，重启"),
    ),
    ("migrations", "no_database"): (
        _("连不上数据库"),
        _("看 DATABASE_URL 的地址、用户、密码，数据库要开着"),
    ),
    ("migrations", "missing"): (
        _("还有 %(count)s 个迁移没跑"),
        _("运行 python manage.py migrate"),
    ),
    ("cache", "broken"): (
        _("缓存存不进东西"),
        _("没用 Redis 就运行 python manage.py createcachetable；用了就看 REDIS_URL"),
    ),
    ("worker", "none"): (
        _("没有后台任务进程在跑，欢迎语、同步都不会动"),
        _("运行 python manage.py worker --lanes urgent,normal,bulk"),
    ),
    ("worker", "lanes"): (
        _("这些队列没有进程在跑：%(lanes)s"),
        _("再起一个 python manage.py worker --lanes %(lanes)s"),
    ),
    ("sdk", "absent"): (
        _("没有 %(file)s，侧边栏认不出客户"),
        _("运行 npm ci --omit=dev --ignore-scripts，再运行 python manage.py fetch_sdk"),
    ),
    ("sdk", "another"): (
        _("%(file)s 不是官方文件（校验值不同）"),
        _("删掉 node_modules 和这个文件，重新运行 npm ci 和 python manage.py fetch_sdk"),
    ),
    ("secret", "wrong"): (_("密钥不对（%(errcode)s）"), _SECRET_FIX),
    ("secret", "wrong_corp"): (
        _("企业 ID 不对（40013）"),
        _("管理后台 → 我的企业 → 企业信息 最下面的企业 ID，填到 WECOM_CORP_ID"),
    ),
    ("secret", "unreachable"): (
        _("连不上企业微信（%(failure)s）"),
        _("这台机器要能访问 qyapi.weixin.qq.com 的 443 端口；看防火墙和 WECOM_API_BASE_URL"),
    ),
    ("secret", "refused"): _REFUSED,
    ("clock", ""): (_("和企业微信相差 %(seconds)s 秒"), ""),
    ("clock", "off"): (
        _("和企业微信相差 %(seconds)s 秒，回调会被当成过期的拒绝"),
        _("打开这台机器的自动对时（NTP）"),
    ),
    ("clock", "not_told"): (_("对方没有报时间，查不了"), ""),
    ("ip", "foreign"): (
        _("服务器出口 IP %(ip)s 不在可信名单里（60020）"),
        _("管理后台 → 应用管理 → 这个应用 → 企业可信 IP → 配置，加上 %(ip)s，约一分钟生效"),
    ),
    ("ip", "refused"): _REFUSED,
    ("range", ""): (_("看得到 %(count)s 个部门"), ""),
    ("range", "empty"): (
        _("应用看不到任何部门"),
        _("管理后台 → 应用管理 → 这个应用 → 可见范围 → 编辑，选上门店所在的部门"),
    ),
    ("range", "refused"): _REFUSED,
    ("customers", ""): (_("%(count)s 人有客户联系功能"), ""),
    ("customers", "not_listed"): (
        _("应用不在“可调用接口的应用”里（48002），读不到任何客户"),
        _("管理后台 → 客户与上下游 → 客户联系 → API → 可调用接口的应用，勾选这个应用"),
    ),
    ("customers", "nobody"): (
        _("可见范围里没有人有客户联系功能"),
        _("管理后台 → 客户与上下游 → 客户联系 → 权限配置 → 使用范围，加上导购"),
    ),
    ("customers", "refused"): _REFUSED,
    ("contacts_secret", "absent"): (
        _("没有配，只能读到应用可见范围里的人"),
        _("要读全部账号：管理后台 → 管理工具 → 通讯录同步 → Secret，填到 WECOM_CONTACTS_SECRET"),
    ),
    ("contacts_secret", "wrong"): (
        _("密钥不对（%(errcode)s）"),
        _("管理后台 → 管理工具 → 通讯录同步 → Secret → 查看，填到 WECOM_CONTACTS_SECRET"),
    ),
    ("contacts_secret", "wrong_corp"): (_("企业 ID 不对（40013）"), _SECRET_FIX),
    ("contacts_secret", "unreachable"): (_("连不上企业微信（%(failure)s）"), ""),
    ("contacts_secret", "refused"): _REFUSED,
    ("contacts_secret", "no_right"): (
        _("密钥能用，但读不了部门：%(errcode)s %(meaning)s"),
        _("管理后台 → 管理工具 → 通讯录同步：开启 API 接口同步，并把服务器 IP 加进企业可信 IP"),
    ),
    ("domain", ""): ("%(host)s", ""),
    ("domain", "not_ours"): (
        _("%(host)s 不在 WECOM_TRUSTED_HOSTS 里，或不是 https，页面不会签名"),
        _("把 %(host)s 加进 WECOM_TRUSTED_HOSTS（空着就是 ALLOWED_HOSTS），重启"),
    ),
    ("domain", "not_told"): (
        _("企业微信没告诉我们填的是哪个，请人工看一眼是不是 %(host)s"),
        _("管理后台 → 应用管理 → 这个应用 → 网页授权及 JS-SDK → 设置可信域名"),
    ),
    ("domain", "none"): (
        _("应用还没有可信域名，登录会报 50001，侧边栏打不开"),
        _(
            "管理后台 → 应用管理 → 这个应用 → 网页授权及 JS-SDK → 设置可信域名，填 %(host)s；"
            "企业微信授权登录的授权回调域也填它"
        ),
    ),
    ("domain", "another"): (
        _("企业微信里填的是 %(told)s，SITE_URL 是 %(host)s"),
        _("管理后台 → 应用管理 → 这个应用 → 网页授权及 JS-SDK，把可信域名改成 %(host)s"),
    ),
    ("domain", "closed"): (
        _("应用被停用了"),
        _("管理后台 → 应用管理 → 这个应用 → 右上角打开“已启用”"),
    ),
    ("domain", "other_agent"): (
        _("这个密钥不是 AgentId %(agent)s 的（301002）"),
        _("管理后台 → 应用管理 → 这个应用，AgentId 和 Secret 要抄同一页上的"),
    ),
    ("corp_ticket", "refused"): _REFUSED,
    ("app_ticket", "refused"): _REFUSED,
    ("callback", ""): (_("%(url)s 自己验证通过"), ""),
    ("callback", "bad_key"): (
        _("WECOM_CALLBACK_AES_KEY 不是 43 位字母数字"),
        _("管理后台 → 应用管理 → 这个应用 → 接收消息 → 设置 API 接收，照抄 EncodingAESKey"),
    ),
    ("callback", "no_answer"): (
        _("从这台机器打不开 %(url)s（%(failure)s）"),
        _(
            "网页进程要开着，域名解析、443 端口、证书要对。内网打不开自己的公网地址时，"
            "请从外面用浏览器打开这个地址，看到 403 就是通的"
        ),
    ),
    ("callback", "other_keys"): (
        _("%(url)s 打得开，但网页进程用的 Token 或 EncodingAESKey 和这里不一样"),
        _RUN_AGAIN,
    ),
    ("callback", "other_page"): (
        _("%(url)s 回的不是导购台（HTTP %(status)s）"),
        _("看反向代理：/wecom/callback/ 要原样转给导购台，不能跳转、不能要登录"),
    ),
    ("events", ""): (_("最近一次：%(when)s"), ""),
    ("events", "never"): (
        _("企业微信还没有打过来"),
        _(
            "管理后台 → 应用管理 → 这个应用 → 接收消息 → 设置 API 接收：URL 填 SITE_URL 加 "
            "/wecom/callback/，保存，再勾选“外部联系人变更回调”"
        ),
    ),
    ("events", "quiet"): (
        _("最近一次是%(when)s，太久了"),
        _("加一位客户试试。还没有，就看 接收消息 的设置在不在、回调地址能不能打开"),
    ),
    ("events", "no_customers"): (
        _("企业微信打过来了（%(when)s），但没有一次说的是客户"),
        _(
            "管理后台 → 应用管理 → 这个应用 → 接收消息，勾选“外部联系人变更回调”；"
            "已经勾了就加一位客户试试"
        ),
    ),
    ("unionid", ""): (_("最近的客户里 %(count)s 位有"), ""),
    ("unionid", "no_customers"): (_("还没有客户，同步后再看"), ""),
    ("unionid", "missing"): (
        _("最近 %(count)s 位客户都没有 unionid，现在只能按手机号认会员"),
        _(
            "管理后台 → 客户与上下游 → 客户联系 → API → 微信开发者 ID，绑定公众号或小程序，"
            "它要和会员系统在同一个开放平台账号下；绑定后重新同步客户"
        ),
    ),
}


def worded(finding: Finding) -> Said:
    """The finding in the language of the moment."""
    title = str(TITLES.get(finding.name, finding.name))
    what, fix = WORDS.get((finding.name, finding.problem), _otherwise(finding.problem))
    facts = dict(finding.facts)
    if "errcode" in facts:
        facts["meaning"] = meaning_of(facts["errcode"], str(facts.get("failure", "")))
    if "failure" in facts:
        facts["failure"] = meaning_of(None, str(facts["failure"]))
    if "at" in facts:
        facts["when"] = ago_within(datetime.fromisoformat(facts["at"]))
    return Said(title, str(what) % facts, str(fix) % facts)


def _otherwise(problem: str) -> tuple[Text, Text]:
    if problem == "database":
        return _NO_DATABASE
    if problem == "blocked":
        return _BLOCKED
    return ("", "") if not problem else (gettext("没通过"), "")
