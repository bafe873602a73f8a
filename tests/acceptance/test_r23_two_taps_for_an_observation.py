"""R23: what a guide sees of a customer is kept in two taps; sensitive information is refused."""

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from guideapp.members.models import ImportantDate, Observation, Preference
from guideapp.members.services import load_default_topics
from tests.acceptance.conftest import Story
from tests.screens import shoot

pytestmark = pytest.mark.browser


def open_sheet(sidebar: FrameLocator) -> Locator:
    sidebar.locator("#note-add").click()
    sheet = sidebar.get_by_role("dialog")
    sheet.get_by_role("button", name="记下").wait_for()
    return sheet


def test_row_dresses_size_and_a_wedding_are_a_few_taps(story: Story):
    page, sidebar = story.chat("林小满", "周晚晴")
    sheet = open_sheet(sidebar)
    sizes = sheet.get_by_role("form", name="上装尺码")
    sizes.get_by_role("button", name="M", exact=True).click()
    expect(sizes.get_by_role("button", name="M", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    sizes.get_by_role("button", name="L", exact=True).click()
    expect(sizes.get_by_role("button", name="M", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    dresses = sheet.get_by_role("form", name="喜欢的品类").get_by_role("button", name="连衣裙")
    dresses.click()
    expect(dresses).to_have_attribute("aria-pressed", "true")
    days = sheet.get_by_role("form", name="重要日子")
    days.get_by_label("什么日子").select_option("wedding")
    days.locator("select[name=month]").select_option("5")
    days.get_by_role("button", name="记日子").click()
    expect(days.get_by_text("婚礼 · 5 月")).to_be_visible()
    shoot(page, "r23-observe", whole=False)
    page.keyboard.press("Escape")
    tags = sidebar.locator("#tags")
    for words in ("L 码", "连衣裙", "婚礼"):
        expect(tags.get_by_text(words).first).to_be_visible()
    expect(tags.get_by_text("M 码")).to_have_count(0)
    tags.scroll_into_view_if_needed()
    shoot(page, "r23-observed", whole=False)
    assert set(Preference.objects.filter(ended_at=None).values_list("value", flat=True)) == {
        "L",
        "连衣裙",
    }
    assert ImportantDate.objects.filter(kind="wedding", month=5).exists()


def test_row_a_medical_note_is_refused_with_the_reason(story: Story):
    load_default_topics()
    story.windows.forgive("422")
    before = Observation.objects.count()
    page, sidebar = story.chat("林小满", "周晚晴")
    sheet = open_sheet(sidebar)
    sheet.get_by_role("textbox").fill("TA 有糖尿病，少推甜点券")
    sheet.get_by_role("button", name="记下").click()
    expect(sidebar.get_by_text("“糖尿病”属于健康信息").first).to_be_visible()
    shoot(page, "r23-refused", whole=False)
    assert Observation.objects.count() == before
