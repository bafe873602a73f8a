"""The history of a material on headquarters' desk."""

from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from guideapp.materials.services import MaterialText, save_material
from tests.browser_support import Windows
from tests.factories import make_guide, make_material
from tests.screens import axe_findings, shoot, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_an_earlier_version_can_be_read(
    windows: Windows, live_server: Any, as_content: Any, look: str
) -> None:
    material = make_material(title="双面羊毛大衣", body="第一行\n第二行", summary="轻而暖")
    save_material(
        material=material,
        kind=material.kind,
        text=MaterialText(
            title="燕麦色大衣", category=material.category, link_url=material.link_url
        ),
        only_stores=[],
        editor=make_guide(name="王思"),
    )
    page = windows.desk(color_scheme=look)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": as_content.cookies[name].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto(reverse("materials:hq_edit", args=[material.pk]))
    history = page.get_by_role("region", name="以前的版本")
    history.get_by_text("第 1 版").click()
    expect(history.get_by_text("双面羊毛大衣")).to_be_visible()
    expect(history.get_by_text("第一行")).to_be_visible()
    shoot(page, f"hq-material-versions-{look}")
    assert (axe_findings(page), sideways(page)) == ([], [])
