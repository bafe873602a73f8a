"""HR says who joins, moves and leaves; a dry run lists it, one tap makes WeCom follow, once."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from guideapp.core.clock import today
from guideapp.organisation.models import Guide, HrPerson
from guideapp.organisation.services import import_people
from guideapp.sandbox.models import User
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import shoot, sideways

pytestmark = pytest.mark.browser


def office(story: Story) -> Page:
    """A desk at headquarters, just logged in by QR code."""
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("wangsi")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    return page


def know_everybody() -> None:
    """HR's register as it was until yesterday: everybody as WeCom has them."""
    rows = [
        {
            "staff_no": f"QH10{number:02}",
            "userid": guide.userid,
            "name": guide.name,
            "position": guide.position,
            "store": guide.store.code if guide.store else "",
        }
        for number, guide in enumerate(Guide.objects.select_related("store").order_by("pk"))
    ]
    import_people(rows, source="OA")


def joiner(number: int, name: str, gender: int) -> dict[str, Any]:
    return {
        "staff_no": f"QH20{number:02}",
        "userid": f"new{number}",
        "name": name,
        "gender": gender,
        "phone": f"1390000100{number}",
        "position": "导购",
        "store": "QH001",
    }


def feed() -> None:
    """HR's news of today: three joiners, one mover, one leaver."""
    numbers = dict(HrPerson.objects.values_list("userid", "staff_no"))
    joiners = [joiner(1, "唐果", 2), joiner(2, "沈一舟", 1), joiner(3, "许知夏", 2)]
    mover = {"staff_no": numbers["chenyu"], "store": "QH002"}
    leaver = {"staff_no": numbers["zhaoke"], "left_on": today()}
    import_people([*joiners, mover, leaver], source="OA")


def reload_until(page: Page, text: str, times: int) -> None:
    """Read the page again until `text` stands on it so often."""
    for _try in range(40):
        if page.get_by_text(text, exact=True).count() == times:
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_text(text, exact=True)).to_have_count(times)


def test_three_joiners_a_mover_and_a_leaver_are_listed_applied_and_gone_from_the_list(
    story: Story,
):
    know_everybody()
    feed()
    page = office(story)
    page.goto("/hq/people/")
    page.get_by_role("link", name="人事同步").click()
    page.get_by_role("button", name="重新核对").click()
    lines = page.get_by_role("table").get_by_role("row")
    expect(lines).to_have_count(1 + 5)
    expect(lines.filter(has_text="入职")).to_have_count(3)
    expect(lines.filter(has_text="陈屿")).to_contain_text("武康路店")
    expect(lines.filter(has_text="赵可")).to_contain_text("离职")
    expect(page.get_by_text("13900001001")).to_have_count(0)
    assert not User.objects.filter(userid="new1").exists()  # nothing happened yet
    assert sideways(page) == []
    shoot(page, "r4-dry-run")

    page.get_by_role("button", name="执行 5 项").click()
    reload_until(page, "已写进", 5)
    shoot(page, "r4-applied")
    directory = {user.userid: user for user in User.objects.present()}
    assert {"new1", "new2", "new3"} <= directory.keys()
    assert "zhaoke" not in directory
    assert (directory["new1"].name, directory["new1"].mobile) == ("唐果", "13900001001")
    assert directory["chenyu"].department_ids() == [4]

    page.get_by_role("button", name="重新核对").click()
    expect(page.get_by_text("企业微信和花名册一致")).to_be_visible()
    shoot(page, "r4-nothing-left")
