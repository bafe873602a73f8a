"""Nobody can read the address-book secret, and an account made by hand stands out."""

import logging
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, expect

from guideapp.core.logs import JsonFormatter, MaskFilter
from guideapp.organisation.models import Guide
from guideapp.organisation.services import import_people, make_plan
from guideapp.wecom.client import client
from tests.acceptance.conftest import Story
from tests.conftest import GuideClient
from tests.screens import shoot

pytestmark = pytest.mark.browser


class Kept(logging.Handler):
    """The lines that a log file would hold, made as production makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.addFilter(MaskFilter())
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Any:
    """Everything that is logged, down to what libraries say of each connection."""
    handler, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


def database() -> str:
    """Every value of every table, as a reader of the file would find it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            found += [repr(row) for row in cursor.fetchall()]
    return "\n".join(found)


def office(story: Story) -> Page:
    """A desk at headquarters, just logged in by QR code."""
    page = story.windows.desk()
    name = settings.SESSION_COOKIE_NAME
    value = GuideClient(story.guide("wangsi")).cookies[name].value
    page.context.add_cookies([{"name": name, "value": value, "url": story.wecom.url}])
    return page


def know_everybody() -> None:
    """HR's register: everybody whom WeCom has now."""
    people = Guide.objects.select_related("store")
    rows = [
        {
            "staff_no": f"QH-{guide.userid}",
            "userid": guide.userid,
            "name": guide.name,
            "position": guide.position,
            "store": guide.store.code if guide.store else "",
        }
        for guide in people
    ]
    import_people(rows, source="OA")


def test_the_secret_is_in_no_table_no_log_and_no_page(story: Story, log: Kept):
    secret = settings.WECOM_CONTACTS_SECRET
    know_everybody()
    client().address_book.user_ids()  # has a token fetched with the secret
    client().address_book.update_user("linxm", {"position": "资深导购"})
    make_plan()
    page = office(story)
    for path in ("/hq/hr/", "/hq/wecom/", "/hq/wecom/check/", "/hq/organisation/"):
        page.goto(path)
        assert secret not in page.content()
    kept = database()
    assert "linxm" in kept
    assert secret not in kept
    assert log.lines
    assert secret not in "\n".join(log.lines)


def test_an_account_made_by_hand_is_not_in_hr_within_one_sync(story: Story):
    know_everybody()
    page = office(story)
    page.goto("/hq/hr/")
    expect(page.get_by_text("没有，企业微信里的人花名册都有")).to_be_visible()
    story.wecom.raise_event(
        "create_user", userid="byhand", name="手工加的", departments=[3], mobile="13900009999"
    )
    page.goto("/hq/organisation/")
    page.get_by_role("button", name="现在同步").click()
    page.goto("/hq/hr/")
    for _try in range(40):
        if page.get_by_text("byhand").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    strangers = page.get_by_role("region", name="不在花名册")
    expect(strangers).to_contain_text("手工加的")
    shoot(page, "r5-not-in-hr")
    page.get_by_role("button", name="重新核对").click()
    expect(strangers).to_contain_text("手工加的")
    expect(page.get_by_text("企业微信和花名册一致")).to_be_visible()  # never deleted by itself
