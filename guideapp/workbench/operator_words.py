"""What the operator's page shows of rows: names in words, and only what is safe to show.

Never a token, a phone, a message text or a welcome code: names of fields are shown, and the values
of those that hold ids, states and times. Anything that is not known to be safe is a length.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guideapp.core.logs import mask
from guideapp.wecom.models import CallbackEvent

type Text = str | Promise

_SHOWN = frozenset(
    {
        "Event", "ChangeType", "MsgType", "AgentID", "CreateTime", "FromUserName", "UserID",
        "NewUserID", "ExternalUserID", "Department", "MainDepartment", "Id", "ParentId", "Status",
        "TagId", "TagType", "ChatId", "UpdateDetail", "JoinScene", "QuitScene", "MemChangeCnt",
        "FailReason", "Source", "JobId", "JobType", "ErrCode", "StrategyId", "IsLeaderInDept",
        "userid", "userids", "external_userid", "external_userids", "add", "remove", "after",
        "msgid", "department_id", "errcode",
    }
)  # fmt: skip
_VALUE_MAX = 64
_OURS = re.compile(r"^guideapp\.wecom\.errors\.\w+(: .*)?$", re.S)
_FRAME = re.compile(r'File ".*?/(guideapp/[^"]+)", line (\d+), in (\w+)')

KINDS: dict[str, Text] = {
    "mark_tag": _("给客户打标签"),
    "remark": _("改客户备注"),
    "send_welcome": _("欢迎语"),
    "message_text_card": _("给导购的卡片消息"),
    "message_text": _("给导购的文字消息"),
    "user_create": _("人事：建账号"),
    "user_update": _("人事：改账号"),
    "user_delete": _("人事：删账号"),
}
EVENTS: dict[tuple[str, str], Text] = {
    ("change_external_contact", "add_external_contact"): _("客户加了导购"),
    ("change_external_contact", "add_half_external_contact"): _("客户单方加了导购"),
    ("change_external_contact", "edit_external_contact"): _("改了客户资料"),
    ("change_external_contact", "del_external_contact"): _("导购删了客户"),
    ("change_external_contact", "del_follow_user"): _("客户删了导购"),
    ("change_external_contact", "transfer_fail"): _("客户没接替成"),
    ("change_external_tag", "create"): _("新建了标签"),
    ("change_external_tag", "update"): _("改了标签"),
    ("change_external_tag", "delete"): _("删了标签"),
    ("change_external_tag", "shuffle"): _("标签换了顺序"),
    ("change_external_chat", "create"): _("新建了客户群"),
    ("change_external_chat", "update"): _("客户群变了"),
    ("change_external_chat", "dismiss"): _("客户群解散"),
    ("change_contact", "create_user"): _("来了新成员"),
    ("change_contact", "update_user"): _("改了成员"),
    ("change_contact", "delete_user"): _("成员离开"),
    ("change_contact", "create_party"): _("新建了部门"),
    ("change_contact", "update_party"): _("改了部门"),
    ("change_contact", "delete_party"): _("删了部门"),
    ("change_contact", "update_tag"): _("改了成员标签"),
}
READINGS: dict[str, Text] = {
    "address_book": _("通讯录，每天全部"),
    "departments": _("部门"),
    "members.all": _("客户，每天全部"),
    "members.changed": _("客户，每 15 分钟核对"),
}
REPORT: dict[str, Text] = {
    "people": _("人数"),
    "guides": _("导购"),
    "repaired": _("补上"),
    "joined": _("新来"),
    "left": _("离职"),
    "moved": _("换店"),
    "closed": _("停用"),
    "departments_new": _("新部门"),
    "departments_gone": _("没了的部门"),
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as a template reads it: `event.pk` of the row itself would be an XML element."""

    pk: int
    name: str
    event: str
    change_type: str
    state: str
    state_label: str
    deliveries: int
    created_at: datetime
    received_at: datetime
    handled_at: datetime | None

    @classmethod
    def of(cls, row: CallbackEvent) -> Self:
        """The line of a row."""
        return cls(
            row.pk,
            name_of_event(row.event, row.change_type),
            row.event,
            row.change_type,
            row.state,
            row.get_state_display(),
            row.deliveries,
            row.created_at,
            row.received_at,
            row.handled_at,
        )


def name_of_reading(reading: str) -> str:
    """What a reading reads; one that is done in parts has the part's number behind its name."""
    words = READINGS.get(reading) or READINGS.get(reading.rpartition(".")[0])
    return str(words or reading)


def kind_of_call(kind: str) -> str:
    """What a call of the outbox does."""
    return str(KINDS.get(kind, kind))


def name_of_event(event: str, change_type: str) -> str:
    """What an event of the inbox says."""
    if event == "message":
        return gettext("成员发来消息")
    return str(EVENTS.get((event, change_type), "")) or f"{event} {change_type}".strip()


def name_of_task(task: str) -> str:
    """`guideapp.members.services.reconcile.reconcile_all` → `members · reconcile_all`."""
    parts = task.split(".")
    return f"{parts[1]} · {parts[-1]}" if len(parts) > 2 else task


def shown(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of every field, the value only where it is known to be harmless."""
    return [(str(name), _value(str(name), value)) for name, value in fields.items()]


def arguments(args: list[Any]) -> str:
    """The arguments of a job: numbers as they are, of texts no more than their length."""
    return ", ".join(str(arg) if isinstance(arg, int) else _hidden(arg) for arg in args)


def plain_error(text: str) -> str:
    """What went wrong, without what it was about: WeCom's refusal, or the kind of our error."""
    last = text.strip().rsplit("\n", 1)[-1]
    if _OURS.match(last):
        return mask(last.partition(": ")[2] or last.rpartition(".")[2])
    return mask(last.partition(":")[0])


def frames(trace: str) -> list[str]:
    """Where in our code a traceback went through: `guideapp/…:12 function`."""
    return [f"{path}:{line} {name}" for path, line, name in _FRAME.findall(trace)]


def figures(report: dict[str, Any]) -> list[tuple[str, int]]:
    """The counts of a reading's report, in words."""
    found = []
    for name, value in report.items():
        count = value.get("count") if isinstance(value, dict) else value
        if isinstance(count, int) and not isinstance(count, bool):
            found.append((str(REPORT.get(name, name)), count))
    return found


def _value(name: str, value: Any) -> str:
    if name not in _SHOWN:
        return _hidden(value)
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return mask(text)[:_VALUE_MAX]


def _hidden(value: Any) -> str:
    if isinstance(value, str):
        return gettext("已隐藏，%(n)s 个字") % {"n": len(value)}
    size = len(value) if isinstance(value, list | dict) else 1
    return gettext("已隐藏，%(n)s 项") % {"n": size}
