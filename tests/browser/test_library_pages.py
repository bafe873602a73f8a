"""Headquarters' library and the public page in a real browser: upload, reading time, axe."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from guideapp.materials.models import Material, Visit
from guideapp.organisation.models import Role
from tests.browser_support import Windows
from tests.conftest import GuideClient
from tests.factories import make_category, make_follow, make_guide, make_material, make_share
from tests.materials.test_uploads import picture
from tests.screens import axe_findings, shoot, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(windows: Windows, transactional_db: None) -> Callable[..., Page]:
    """A desktop window in which somebody of headquarters is logged in."""

    def opened(path: str, **options: Any) -> Page:
        page = windows.open(width=1280, height=860, **options)
        person = make_guide(roles=(Role.HQ_CONTENT,), store=None)
        name = settings.SESSION_COOKIE_NAME
        session = {"name": name, "value": GuideClient(person).cookies[name].value}
        page.context.add_cookies([session | {"url": windows.base_url}])
        page.goto(path)
        return page

    return opened


def files(folder: Path) -> list[Path]:
    """A good picture and one of a kind that the library does not take."""
    good, bad = folder / "羊毛连衣裙.png", folder / "说明.txt"
    good.write_bytes(picture())
    bad.write_bytes(b"text")
    return [good, bad]


def test_several_files_go_up_and_become_materials(
    desk: Callable[..., Page], windows: Windows, tmp_path: Path
) -> None:
    windows.forgive("422")
    make_category(name="新品")
    page = desk("/hq/materials/")
    page.get_by_label("选文件").set_input_files(files(tmp_path))
    expect(page.get_by_text("已上传")).to_be_visible()
    expect(page.get_by_text("只收 jpg、png、webp、gif、mp4、pdf、xlsx")).to_be_visible()
    page.get_by_label("羊毛连衣裙.png 的标题").fill("羊毛连衣裙，一件穿到过年")
    shoot(page, "hq-materials")
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_role("heading", name="羊毛连衣裙，一件穿到过年")).to_be_visible()
    assert Material.objects.get().status == "live"


def test_a_file_that_is_too_big_is_told_before_a_byte_is_sent(
    desk: Callable[..., Page], settings: Any, tmp_path: Path
) -> None:
    settings.MATERIAL_IMAGE_MAX_MB = 1
    make_category()
    big = tmp_path / "长图.png"
    big.write_bytes(b"\0" * (1024 * 1024 + 300_000))
    page = desk("/hq/materials/")
    page.on("request", lambda request: pytest.fail("sent") if "upload" in request.url else None)
    page.get_by_label("选文件").set_input_files(big)
    expect(page.get_by_text("1.3 MB，超过 1MB")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["hq_library", "hq_new", "hq_categories"])
def test_headquarters_pages_are_clean(desk: Callable[..., Page], name: str, dark: bool) -> None:
    make_material(title="长" * 40)
    page = desk(reverse(f"materials:{name}"), color_scheme="dark" if dark else "light")
    assert axe_findings(page) == []
    assert sideways(page) == []
    shoot(page, f"{name.replace('_', '-')}{'-dark' if dark else ''}")


@pytest.mark.parametrize("dark", [False, True])
def test_the_public_page_is_clean(windows: Windows, transactional_db: None, dark: bool) -> None:
    share = make_share(material=make_material(summary="驼色到店", body="正文" * 100))
    page = windows.open(width=360, color_scheme="dark" if dark else "light")
    page.goto(reverse("materials:public", args=[share.material_id, share.link.token]))
    assert axe_findings(page) == []
    assert sideways(page) == []
    shoot(page, f"public-page{'-dark' if dark else ''}")


def test_the_reading_time_is_true_to_a_second(windows: Windows, transactional_db: None) -> None:
    follow = make_follow()
    share = make_share(guide=follow.guide, contact=follow.contact)
    page = windows.phone()
    page.goto(reverse("materials:public", args=[share.material_id, share.link.token]))
    with page.expect_response("**/beacon/"):
        page.wait_for_timeout(4000)
    page.goto("about:blank")
    assert 3000 <= Visit.objects.get().dwell_ms <= 5200
