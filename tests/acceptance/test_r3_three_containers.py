"""The same app opens in the workbench, a single chat and a group, and says whom it is about."""

import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def test_the_header_names_you_this_customer_and_this_group(story: Story):
    page, app = story.chat("林小满", "周晚晴")
    expect(app.get_by_role("heading", level=1, name="周晚晴")).to_be_visible()
    shoot(page, "r3-customer", whole=False)

    page.get_by_role("link", name="群聊").click()
    expect(app.get_by_role("heading", level=1, name="这个群")).to_be_visible()
    shoot(page, "r3-group", whole=False)

    page.get_by_role("link", name="工作台").click()
    expect(app.get_by_role("heading", level=1, name="林小满")).to_be_visible()
    shoot(page, "r3-you", whole=False)
