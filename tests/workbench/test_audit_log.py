"""/hq/audit/: who did what, who looked at whom; filtered, masked, and never changed."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from guideapp.core.audit import record_access, record_audit
from guideapp.core.clock import now
from guideapp.core.models import AuditEntry
from tests.factories import make_guide

AUDIT = reverse("workbench:audit")
ACCESSES = reverse("workbench:accesses")


def act(actor: str = "anzong", action: str = "role_granted", **kw: Any) -> AuditEntry:
    return record_audit(actor=actor, action=action, subject="guide:12", **kw)


def shown(response: Any) -> list[int]:
    return [item.row.pk for item in response.context["items"]]


@pytest.mark.parametrize("count", [1, 50])
def test_the_log_costs_four_queries_however_long(as_admin, count, django_assert_num_queries):
    make_guide(userid="anzong")
    for _n in range(count):
        act()
    with django_assert_num_queries(4):
        as_admin.get(AUDIT)


@pytest.mark.parametrize("count", [1, 50])
def test_the_accesses_cost_four_queries_too(as_admin, count, django_assert_num_queries):
    for _n in range(count):
        record_access(actor_id=as_admin.guide.pk, subject="contact:1", screen="sidebar")
    with django_assert_num_queries(4):
        as_admin.get(ACCESSES)


def test_an_entry_says_who_what_to_whom_and_why(as_admin):
    make_guide(userid="anzong", name="安总")
    act(reason="新来的同事", role="hq_content")
    page = as_admin.get(AUDIT).text
    for words in ("安总", "给角色", "人员 12", "新来的同事", "总部内容"):
        assert words in page


def test_the_log_is_filtered_by_person_action_and_day(as_admin):
    yesterday = now() - timedelta(days=1)
    with time_machine.travel(yesterday):
        old = act()
    other = act("wangsi", "role_revoked")
    assert shown(as_admin.get(AUDIT, {"person": "WangSi"})) == [other.pk]
    assert shown(as_admin.get(AUDIT, {"action": "role_granted"})) == [old.pk]
    day = yesterday.astimezone(old.at.tzinfo)
    found = shown(as_admin.get(AUDIT, {"day": f"{day:%Y-%m-%d}"}))
    assert other.pk not in found or found == [other.pk, old.pk]


def test_a_day_is_a_shanghai_day(as_admin):
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False):
        late = act()
    assert shown(as_admin.get(AUDIT, {"day": "2026-11-21"})) == [late.pk]
    assert shown(as_admin.get(AUDIT, {"day": "2026-11-20"})) == []


def test_the_log_goes_on_after_fifty(as_admin):
    for _n in range(51):
        act()
    first = as_admin.get(AUDIT)
    second = as_admin.get(AUDIT, {"after": first.context["next_after"]})
    assert (len(shown(first)), len(shown(second))) == (50, 1)


def test_a_bad_filter_is_dropped(as_admin):
    act()
    for address in (AUDIT, ACCESSES):
        bad = {"person": "x" * 99, "day": "gestern", "after": "0"}
        assert as_admin.get(address, bad).status_code == 200


def test_the_log_masks_what_somebody_typed(as_admin):
    act(phone="13800002046", long="x" * 200)
    page = as_admin.get(AUDIT).text
    assert "13800002046" not in page
    assert "138****2046" in page
    assert "x" * 61 not in page


def test_looks_say_who_looked_at_whom_and_where(as_admin):
    record_access(actor_id=as_admin.guide.pk, subject="contact:7", screen="sidebar")
    record_access(actor_id=0, subject="contact:8", screen="customer")
    page = as_admin.get(ACCESSES).text
    assert "聊天侧边栏" in page
    assert "客户 7" in page
    assert len(shown(as_admin.get(ACCESSES, {"person": as_admin.guide.userid}))) == 1
    assert len(shown(as_admin.get(ACCESSES, {"action": "customer"}))) == 1


def test_an_empty_log_says_so(as_admin):
    assert "没有符合的" in as_admin.get(AUDIT, {"person": "nobody"}).text
    assert "近 30 天没有记录" in as_admin.get(ACCESSES).text


def test_the_log_has_no_way_to_change_it(as_admin):
    act()
    assert as_admin.post(AUDIT).status_code == 405
    assert AuditEntry.objects.count() == 1
