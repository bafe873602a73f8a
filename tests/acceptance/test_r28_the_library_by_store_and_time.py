"""Headquarters fills the library; store A sees four, store B three; an expired one disappears."""

from datetime import timedelta

import pytest
from playwright.sync_api import FrameLocator, expect

from guideapp.core.clock import now
from guideapp.materials.models import Material
from guideapp.organisation.models import Store
from tests.acceptance.conftest import Story, make_live, picture
from tests.screens import shoot

pytestmark = pytest.mark.browser


def titles(sidebar: FrameLocator) -> set[str]:
    sidebar.get_by_role("link", name="素材").click()
    expect(sidebar.get_by_role("searchbox")).to_be_visible()
    return set(sidebar.locator("article h3").all_inner_texts())


def test_each_store_sees_its_own_and_an_expired_one_is_gone_at_the_minute(story: Story):
    make_live(
        story.brand, "只给星河里", only_stores=[Store.objects.get(code="QH001")], kind="image"
    )
    _page, first = story.chat("林小满", "周晚晴")
    assert len(titles(first)) == 4
    page, second = story.chat("赵可", "沈清")
    assert len(titles(second)) == 3
    Material.objects.filter(title__startswith="羊绒").update(
        valid_until=now() - timedelta(seconds=1)
    )
    page.reload()
    assert "羊绒不起球，记住这 3 步" not in titles(page.frame_locator("iframe"))
    shoot(page, "r28-store-b", whole=False)


def test_headquarters_uploads_and_publishes_in_the_browser(story: Story):
    page = story.windows.desk()
    page.goto("/hq/materials/")
    page.get_by_role("link", name="王思").click()  # scans the QR code
    page.wait_for_url("**/hq/materials/")  # with its scripts
    page.get_by_label("选文件").set_input_files(
        {"name": "新款主图.png", "mimeType": "image/png", "buffer": picture("#3f6b58")}
    )
    title = page.get_by_label("新款主图.png 的标题")
    expect(title).to_be_visible()
    shoot(page, "r28-hq-upload", whole=False)
    title.fill("新款连衣裙到店")
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("已上线").first).to_be_visible()
    page.get_by_role("link", name="素材库", exact=True).click()
    expect(page.get_by_role("table").get_by_text("新款连衣裙到店")).to_be_visible()

    _window, sidebar = story.chat("林小满", "周晚晴")
    assert "新款连衣裙到店" in titles(sidebar)


def test_a_file_of_the_wrong_kind_is_refused_with_the_reason(story: Story):
    story.windows.forgive("status of 4")
    page = story.windows.desk()
    page.goto("/hq/materials/")
    page.get_by_role("link", name="王思").click()
    page.wait_for_url("**/hq/materials/")
    page.get_by_label("选文件").set_input_files(
        {"name": "主图.png", "mimeType": "image/png", "buffer": b"not a picture at all"}
    )
    expect(page.get_by_role("alert").filter(has_text="jpg")).to_be_visible()
