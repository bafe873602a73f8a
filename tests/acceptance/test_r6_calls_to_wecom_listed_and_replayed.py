"""Each call to WeCom stands on the operator's page with its code and time, and can be replayed."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.sandbox.services import faults
from guideapp.wecom.errors import WeComError
from guideapp.wecom.models import ApiCall
from guideapp.wecom.tokens import credentials, our_app
from guideapp.wecom.transport import Call
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import shoot

pytestmark = pytest.mark.browser


def office(story: Story) -> Page:
    """A desk at headquarters, just logged in by QR code."""
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("wangsi")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    return page


def test_a_refused_call_is_listed_and_replayed_from_the_page(story: Story):
    faults.turn("latency", rate=1, path="user/get", seconds=0.3)
    with pytest.raises(WeComError):
        credentials.authorised(our_app(), Call("user/get", {"userid": "nobody"}))
    refused = ApiCall.objects.get(path="user/get", errcode=60111)
    assert 300 <= refused.duration_ms < 2_000
    page = office(story)
    page.goto("/hq/wecom/")
    page.get_by_role("link", name="调用记录").click()
    page.get_by_placeholder("接口").fill("user/get")
    page.get_by_role("button", name="筛选").click()
    line = page.get_by_role("row").filter(has_text="60111")
    expect(line).to_contain_text("没有这个账号")
    expect(line).to_contain_text(f"{refused.duration_ms:,} ms")
    shoot(page, "r6-calls")
    line.get_by_role("link", name="看").click()
    expect(page.get_by_label("查谁")).to_have_value("wangsi")
    page.get_by_label("为什么").fill("看看密钥还能不能用")
    page.get_by_role("button", name="重放调用").click()
    expect(page.get_by_text("已经安排")).to_be_visible()
    outcome = page.get_by_role("row").filter(has_text="看看密钥还能不能用")
    for _try in range(20):
        if outcome.get_by_text("成功").is_visible():
            break
        page.wait_for_timeout(250)
        page.get_by_role("link", name="刷新").click()
    expect(outcome).to_contain_text("成功")
    expect(outcome).to_contain_text("ms")
    shoot(page, "r6-replayed")
    assert ApiCall.objects.filter(path="user/get", request_id__startswith="job-").exists()
    page.goto("/hq/audit/")
    expect(page.get_by_role("row").filter(has_text="重放调用")).to_contain_text("wangsi")
