"""The audit log as headquarters reads it: who did what to which row, and who looked at whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import day_range, now
from guideapp.core.logs import mask
from guideapp.core.models import AccessLog, AuditEntry
from guideapp.organisation.models import Guide, Role
from guideapp.workbench.operator_lists import page_of

_LATEST = timedelta(days=30)  # without a day
_DETAIL_MAX = 60

ACTIONS: dict[str, str | Promise] = {
    "refused": _("被拒绝"),
    "role_granted": _("给角色"),
    "role_revoked": _("收回角色"),
    "department_linked": _("指定部门"),
    "department_unlinked": _("取消指定部门"),
    "guide_renamed": _("改了账号"),
    "sync_asked": _("要求同步"),
    "material.create": _("新建素材"),
    "material.edit": _("改素材"),
    "material.publish": _("上线素材"),
    "material.withdraw": _("下架素材"),
    "material_file.upload": _("上传文件"),
    "category.create": _("新建分类"),
    "category.edit": _("改分类"),
    "category.remove": _("删分类"),
    "welcome.create": _("新建欢迎语"),
    "welcome.edit": _("改欢迎语"),
    "welcome.on": _("启用欢迎语"),
    "welcome.off": _("停用欢迎语"),
    "inbox.replay": _("重放事件"),
    "inbox.replay_dead": _("重放全部放弃的事件"),
    "outbox.retry": _("重发"),
    "outbox.drop": _("作废"),
    "job.retry": _("重跑任务"),
    "call.repeat": _("重放调用"),
    "check.run": _("接入检查"),
    "identity.merge": _("合并会员"),
    "identity.apart": _("标记不是同一人"),
    "identity.undo": _("撤销关联"),
    "identity.lookup": _("用手机号查了会员卡"),
    "identity.ask": _("请顾客确认会员卡"),
    "privacy.find": _("查找个人资料"),
    "privacy.export": _("导出个人资料"),
    "privacy.erase": _("要求删除个人资料"),
    "privacy.erased": _("删完个人资料"),
    "phone.reveal": _("看手机号"),
    "consent.withdraw": _("撤回同意"),
    "retention.run": _("到期清理"),
    "api_client_made": _("新建接口客户端"),
    "api_client_revoked": _("停用接口客户端"),
    "api_read": _("接口读了资料"),
    "import_tried": _("试导入文件"),
    "import_started": _("正式导入文件"),
    "hr_plan_applied": _("执行人事方案"),
    "save_tag_rule": _("改标签规则"),
    "switch_tag_rule": _("启停标签规则"),
    "change_tag_group": _("改标签组"),
    "add_topic": _("加了不能记的词"),
    "remove_topic": _("删了不能记的词"),
    "backup.restored": _("恢复了备份"),
    "demo_seeded": _("写入演示数据"),
}
SUBJECTS: dict[str, str | Promise] = {
    "guide": _("人员"),
    "contact": _("客户"),
    "erased": _("已删除的客户"),
    "retention": _("到期清理"),
    "privacy": _("个人信息"),
    "follow": _("客户关系"),
    "customer": _("客户"),
    "store": _("门店"),
    "department": _("部门"),
    "material": _("素材"),
    "material_file": _("文件"),
    "category": _("分类"),
    "welcome": _("欢迎语"),
    "view": _("页面"),
    "event": _("收到的事件"),
    "call": _("要发出的"),
    "job": _("后台任务"),
    "api_call": _("调用记录"),
    "organisation": _("组织"),
    "wecom": _("企业微信"),
    "inbox": _("收到的事件"),
    "login": _("登录"),
    "member": _("会员"),
    "follower": _("公众号粉丝"),
    "candidate": _("待合并"),
    "api_client": _("接口客户端"),
    "import": _("文件导入"),
    "hr_plan": _("人事方案"),
    "tag_rule": _("标签规则"),
    "tag_group": _("标签组"),
    "topic": _("不能记的词"),
    "installation": _("整个系统"),
    "demo": _("演示数据"),
}
SCREENS: dict[str, str | Promise] = {
    "sidebar": _("聊天侧边栏"),
    "customer": _("客户页"),
    "tags": _("标签"),
    "note": _("跟进记录"),
    "purchases": _("购买记录"),
    "privacy": _("个人信息页"),
    "identity": _("同一人对照"),
    "phone": _("看了完整手机号"),
}
_ROLES = {role.value: role.label for role in Role}


@dataclass(frozen=True, slots=True)
class Act:
    """An audit entry in words. `who` is None for the system, or somebody no longer known."""

    row: AuditEntry
    who: Guide | None
    action: str
    subject: str
    detail: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Look:
    """A read of a customer's profile in words."""

    row: AccessLog
    who: Guide | None
    subject: str
    screen: str


def acts(chosen: dict[str, Any]) -> tuple[list[Act], int | None]:
    """Deliberate acts and refusals, newest first. Two queries."""
    found = _of_day(AuditEntry.objects.all(), chosen["day"])
    if chosen["person"]:
        found = found.filter(actor__iexact=chosen["person"])
    if chosen["action"]:
        found = found.filter(action=chosen["action"])
    rows, next_after = page_of(found, chosen["after"])
    people = Guide.objects.with_userids({row.actor for row in rows if row.actor})
    names = {guide.userid.lower(): guide for guide in people}
    return [_act(row, names.get(row.actor.lower())) for row in rows], next_after


def looks(chosen: dict[str, Any]) -> tuple[list[Look], int | None]:
    """Reads of customers' profiles, newest first. At most three queries."""
    found = _of_day(AccessLog.objects.all(), chosen["day"])
    if chosen["person"]:
        found = found.filter(actor_id__in=_pks_of(chosen["person"]))
    if chosen["action"]:
        found = found.filter(screen=chosen["action"])
    rows, next_after = page_of(found, chosen["after"])
    people = Guide.objects.in_bulk({row.actor_id for row in rows})
    looks = [
        Look(row, people.get(row.actor_id), subject_words(row.subject), _word(SCREENS, row.screen))
        for row in rows
    ]
    return looks, next_after


def _of_day[Row: Model](found: QuerySet[Row], day: date | str) -> QuerySet[Row]:
    if not isinstance(day, date):
        return found.filter(at__gte=now() - _LATEST)
    start, end = day_range(day)
    return found.filter(at__gte=start, at__lt=end)


def _pks_of(userid: str) -> list[int]:
    """Everybody who ever held the userid, leavers too."""
    return list(Guide.objects.filter(userid__iexact=userid).values_list("pk", flat=True)[:20])


def _act(row: AuditEntry, who: Guide | None) -> Act:
    action = _word(ACTIONS, row.action)
    return Act(row, who, action, subject_words(row.subject), list(_detail(row.detail)))


def subject_words(subject: str) -> str:
    """`guide:12` → 人员 12. Ids only, as they were written."""
    kind, _colon, key = subject.partition(":")
    return f"{_word(SUBJECTS, kind)} {mask(key)}".strip()


def _detail(detail: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Ids, codes and counts; of anything longer only that it is there."""
    for name, value in detail.items():
        if value not in (None, "", [], {}):
            text = _ROLES.get(value, value) if isinstance(value, str) else value
            kept = mask(str(text))
            yield name, kept if len(kept) <= _DETAIL_MAX else "…"


def _word(words: dict[str, str | Promise], key: str) -> str:
    return str(words.get(key, key))
