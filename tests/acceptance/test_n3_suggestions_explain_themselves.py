"""A suggestion shows trigger, evidence, dates and rule version; snooze and 没用 are heeded."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from guideapp.core.clock import now, today
from guideapp.members.models import ImportantDate, MemberAsset, Suggestion
from guideapp.members.services import PurchaseLine, order_waits, reconsider, record_purchase
from tests.acceptance.conftest import Story
from tests.screens import axe_findings, shoot

pytestmark = pytest.mark.browser


def test_why_is_answered_and_snooze_takes_the_suggestion_away(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    story.greet_newcomer(page, "wutong", "吴桐")
    card = sidebar.get_by_role("region", name="下一步")
    card.get_by_text("为什么").click()
    expect(card.get_by_text("提出时间")).to_be_visible()
    expect(card.get_by_text("规则 new_customer · 第 1 版")).to_be_visible()
    shoot(page, "n3-why", whole=False)
    card.get_by_role("button", name="明天再说").click()
    expect(card).to_have_count(0)
    assert Suggestion.objects.get().snoozed_until is not None


def test_no_use_is_remembered(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    story.greet_newcomer(page, "wutong", "吴桐")
    card = sidebar.get_by_role("region", name="下一步")
    card.get_by_role("button", name="没用").click()
    expect(card).to_have_count(0)
    page.reload()
    expect(sidebar.get_by_role("heading", level=1, name="吴桐")).to_be_visible()
    expect(card).to_have_count(0)
    assert Suggestion.objects.get().state == Suggestion.State.DISMISSED


def know_more_about_zhou(story: Story) -> None:
    """Her birthday is tomorrow, a coupon ends the day after, an order waits for its payment."""
    contact, tomorrow = story.contact("zhou"), today() + timedelta(days=1)
    ImportantDate.objects.create(
        member=contact.member,
        kind=ImportantDate.Kind.BIRTHDAY,
        month=tomorrow.month,
        day=tomorrow.day,
        at=now(),
    )
    MemberAsset.objects.create(
        member=contact.member,
        brand=story.brand,
        code="Q1",
        title="满 1,000 减 120",
        expires_at=now() + timedelta(days=2),
    )
    order_waits(
        member_id=contact.member_id,
        brand_id=story.brand.pk,
        order_no="QH20261122",
        amount_fen=189900,
        at=now() - timedelta(hours=2),
    )
    reconsider([contact.member_id])


def test_row_one_thing_first_and_the_rest_below_each_with_its_evidence(story: Story):
    know_more_about_zhou(story)
    page, sidebar = story.chat("林小满", "周晚晴")
    first = sidebar.get_by_role("region", name="下一步")
    expect(first.get_by_role("heading")).to_have_text("TA 有一单 ¥1,899 还没付")
    first.get_by_text("为什么").click()
    expect(first.get_by_text("QH****1122")).to_be_visible()
    expect(first.get_by_text("规则 unpaid_order · 第 1 版")).to_be_visible()
    more = sidebar.get_by_role("region", name="还可以做")
    expect(more.locator("summary")).to_have_text(
        ["TA 明天生日，送句祝福", "TA 的「满 1,000 减 120」后天到期"]
    )
    more.locator("summary").first.click()
    expect(more.get_by_text("TA 的生日在 3 天以内")).to_be_visible()
    shoot(page, "n3-more", whole=False)
    first.get_by_role("button", name="做完了").click()
    expect(first.get_by_role("heading")).to_have_text("TA 明天生日，送句祝福")
    expect(more.locator("summary")).to_have_count(1)
    more.locator("summary").click()
    more.get_by_role("button", name="没用").click()
    expect(more).to_have_count(0)
    hers = Suggestion.objects.filter(guide=story.guide("linxm"))  # 陈屿 knows her too
    states = dict(hers.values_list("rule", "state"))
    assert states == {"unpaid_order": "done", "birthday": "open", "coupon_expiring": "dismissed"}


def test_row_headquarters_sees_what_became_of_each_rule(
    story: Story, client_for, live_server, settings
):
    know_more_about_zhou(story)
    _page, sidebar = story.chat("林小满", "周晚晴")
    first = sidebar.get_by_role("region", name="下一步")
    first.get_by_role("button", name="做完了").click()
    expect(first.get_by_role("heading")).to_have_text("TA 明天生日，送句祝福")
    record_purchase(
        member=story.contact("zhou").member,
        order_no="QH20261122",
        lines=[PurchaseLine("K011-1M", "双面羊毛大衣", "燕麦", "M", 1, 189900)],
        store=story.guide("linxm").store,
        at=now() + timedelta(seconds=1),
    )
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = client_for(story.guide("wangsi")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    page.goto("/hq/suggestions/")
    unpaid = page.get_by_role("row", name="有订单没付款")
    expect(unpaid.get_by_role("cell").nth(1)).to_have_text("1")
    expect(unpaid.get_by_role("cell").nth(2)).to_contain_text("100%")
    expect(unpaid.get_by_role("cell").nth(5)).to_contain_text("1")
    expect(page.get_by_role("row", name="想要的尺码到货")).to_contain_text("还没有数据来源")
    shoot(page, "n3-rules")
    assert axe_findings(page) == []
