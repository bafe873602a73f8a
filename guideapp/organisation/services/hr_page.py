"""What the page of the staff register shows: a plan in words, and who is in WeCom without HR."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Lower, TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import SHANGHAI
from guideapp.organisation.models import Department, Guide, HrChange, HrPerson, HrPlan
from guideapp.organisation.services.hr_accounts import accounts_dated_from
from guideapp.organisation.services.hr_plan import NO_DEPARTMENT, NO_PHONE, USERID_WAITS
from guideapp.wecom.errcodes import meaning_of
from guideapp.wecom.models import OutboxCall

PAGE = 100
_LISTED = 20
_GENDERS = {1: _("男"), 2: _("女")}
_FIELDS: dict[str, Promise] = {
    "name": _("姓名"),
    "position": _("职务"),
    "gender": _("性别"),
    "department": _("部门"),
    "phone": _("手机号"),
}
_REASONS: dict[str, Promise] = {
    NO_PHONE: _("缺手机号，企业微信建不了账号"),
    NO_DEPARTMENT: _("门店还没对应部门，去组织页设一下"),
    USERID_WAITS: _("账号还是离职同事的，等 TA 的删掉后再建"),
}


@dataclass(frozen=True)
class Value:
    """One field of a change in words; `before` is '' for a new account."""

    label: Promise
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """One change of a plan, with the call that made it (None before it is owed)."""

    change: HrChange
    values: list[Value]
    call: OutboxCall | None

    @property
    def why(self) -> str:
        """What WeCom said about a call that it refused."""
        return meaning_of(self.call.errcode) if self.call and self.call.errcode else ""


@dataclass(frozen=True)
class Register:
    """How many people HR knows, and when it last said something."""

    people: int
    as_of: Any
    source: str


def register() -> Register:
    """The staff register in one query, its newest source in another."""
    told = HrPerson.objects.aggregate(people=Count("pk"), as_of=Max("as_of"))
    newest = HrPerson.objects.order_by("-as_of", "-pk").values_list("source", flat=True)
    return Register(told["people"], told["as_of"], newest.first() or "")


def lines_of(plan: HrPlan, after: int = 0) -> tuple[list[Line], int | None]:
    """A page of a plan's changes, and the id after which the next page begins."""
    rows = list(
        plan.changes.filter(pk__gt=after)
        .select_related("person")
        .defer("person__phone")
        .order_by("pk")[: PAGE + 1]
    )
    shown = rows[:PAGE]
    calls = OutboxCall.objects.in_bulk([row.call_id for row in shown if row.call_id])
    names = _department_names(shown)
    lines = [Line(row, _values(row, names), calls.get(row.call_id or 0)) for row in shown]
    return lines, shown[-1].pk if len(rows) > PAGE else None


def counts_of(plan: HrPlan) -> dict[str, int]:
    """How many changes of each kind."""
    counted = plan.changes.values_list("kind").annotate(n=Count("pk"))
    return dict.fromkeys(HrChange.Kind.values, 0) | dict(counted)


def strangers() -> QuerySet[Guide]:
    """Whoever is in the address book and not in the staff register: an account made by hand.

    That of somebody who left before it was made is such a one too (see `owners_of`).
    """
    named = HrPerson.objects.alias(key=Lower("userid")).filter(key=OuterRef("key"))
    known = named.filter(Q(left_on=None) | Q(left_on__gte=OuterRef("made_on")))
    is_dated = Q(created_at__gte=accounts_dated_from())
    present = Guide.objects.filter(left_at=None).alias(
        key=Lower("userid"), made_on=TruncDate("created_at", tzinfo=SHANGHAI)
    )
    unknown = present.filter(~Exists(known), is_dated | ~Exists(named))
    return unknown.select_related("store").order_by("-created_at", "-pk")


def held_of(plan: HrPlan) -> list[tuple[HrPerson, Promise]]:
    """The first people who could not be planned, each with the reason in words."""
    some = plan.held[:_LISTED]
    people = HrPerson.objects.defer("phone").in_bulk([pk for pk, _reason in some])
    return [(people[pk], _REASONS[reason]) for pk, reason in some if pk in people]


def _values(change: HrChange, names: dict[int, str]) -> list[Value]:
    told = change.before if change.kind == HrChange.Kind.DELETE else change.after
    return [
        Value(
            label,
            _in_words(name, change.before.get(name), names),
            _in_words(name, change.after.get(name), names),
        )
        for name, label in _FIELDS.items()
        if told.get(name) or change.before.get(name)
        if name != "name" or change.kind == HrChange.Kind.UPDATE
    ]


def _in_words(name: str, value: Any, names: dict[int, str]) -> str:
    """A stored value as people read it; a phone number is only named, never shown."""
    if not value:
        return ""
    if name == "department":
        return "、".join(names.get(one, str(one)) for one in value)
    if name == "gender":
        return str(_GENDERS.get(value, ""))
    return gettext("按花名册") if name == "phone" else str(value)


def _department_names(changes: Iterable[HrChange]) -> dict[int, str]:
    wanted = {
        one
        for change in changes
        for side in (change.before, change.after)
        for one in side.get("department", [])
    }
    rows = Department.objects.filter(wecom_id__in=wanted)
    return dict(rows.values_list("wecom_id", "name"))
