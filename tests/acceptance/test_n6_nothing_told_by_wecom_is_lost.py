"""A callback that could not be handled waits on the operator's page, and is replayed from there."""

import pytest
from playwright.sync_api import expect

from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.members import handlers
from guideapp.members.models import FollowRelation
from guideapp.wecom.errors import WeComUnavailable
from guideapp.wecom.models import CallbackEvent
from tests.acceptance.conftest import Story
from tests.acceptance.test_r6_calls_to_wecom_listed_and_replayed import office
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_a_callback_whose_handling_fails_is_kept_and_replayed(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    zhou = story.wecom.customer("zhou")
    follow = FollowRelation.objects.active().get(
        guide__userid="linxm", contact__external_userid=zhou
    )
    page = office(story)
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "MAX_ATTEMPTS", 1)
        broken.setattr(handlers, "refresh_soon", fail)
        story.wecom.raise_event(
            "edit_external_contact", userid="linxm", external_userid=zhou, remark="新备注"
        )
        for _try in range(40):
            page.goto("/hq/wecom/inbox/?state=dead")
            if page.get_by_role("row").filter(has_text="改了客户资料").count():
                break
            page.wait_for_timeout(250)
        line = page.get_by_role("row").filter(has_text="改了客户资料")
        expect(line).to_contain_text("放弃")
    line.get_by_role("link", name="看").click()
    expect(page.get_by_text("-1 system busy")).to_be_visible()
    page.get_by_label("为什么").fill("企业微信恢复了")
    page.get_by_role("button", name="重放事件").click()
    expect(page.get_by_text("已经安排")).to_be_visible()
    for _try in range(40):
        follow.refresh_from_db()
        if follow.remark == "新备注":
            break
        page.wait_for_timeout(250)
    assert follow.remark == "新备注"
    assert CallbackEvent.objects.get().state == CallbackEvent.State.DONE


def fail(*_whom: str) -> None:
    raise WeComUnavailable(-1, "system busy", "externalcontact/get")


def test_an_event_that_was_given_up_is_replayed_and_takes_effect(story: Story):
    zhou = story.wecom.customer("zhou")
    follow = FollowRelation.objects.active().get(
        guide__userid="linxm", contact__external_userid=zhou
    )
    given_up = CallbackEvent.objects.create(
        corp_id="ww0a1b2c3d4e5f6071",
        digest="d" * 64,
        event="change_external_contact",
        change_type="edit_external_contact",
        fields={"UserID": "linxm", "ExternalUserID": zhou},
        created_at=now(),
        received_at=now(),
        state=CallbackEvent.State.DEAD,
        error="guideapp.wecom.errors.WeComUnavailable: externalcontact/get: -1 system busy",
    )
    FollowRelation.objects.filter(pk=follow.pk).update(remark="旧备注")  # what the event would fix
    page = office(story)
    page.goto("/hq/wecom/inbox/")
    page.get_by_role("link", name="放弃 1").click()
    line = page.get_by_role("row").filter(has_text="改了客户资料")
    expect(line).to_contain_text("放弃")
    line.get_by_role("link", name="看").click()
    expect(page.get_by_text("-1 system busy")).to_be_visible()
    shoot(page, "n6-given-up")
    page.get_by_label("为什么").fill("企业微信恢复了")
    page.get_by_role("button", name="重放事件").click()
    expect(page.get_by_text("已经安排")).to_be_visible()
    for _try in range(20):
        page.reload()
        if page.get_by_text("已处理").is_visible():
            break
        page.wait_for_timeout(250)
    expect(page.get_by_text("已处理")).to_be_visible()
    given_up.refresh_from_db()
    follow.refresh_from_db()
    assert given_up.state == CallbackEvent.State.DONE
    assert follow.remark != "旧备注"
    page.goto("/hq/audit/")
    entry = page.get_by_role("row").filter(has_text="重放事件")
    expect(entry).to_contain_text("企业微信恢复了")
