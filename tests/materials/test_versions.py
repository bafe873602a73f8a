"""What a live material said before is kept and shown: who changed what, and when."""

from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.materials.models import Material, MaterialVersion
from guideapp.materials.services import MaterialText, save_material, withdraw_material
from tests.factories import make_guide, make_material

pytestmark = pytest.mark.django_db


def page_of(client, material):
    return client.get(reverse("materials:hq_edit", args=[material.pk])).text


def save(material, *, editor=None, **more):
    """Save the form of a link as the editor would send it."""
    text = {
        "title": material.title,
        "category": material.category,
        "link_url": material.link_url,
        "drawing": material.drawing,
    }
    return save_material(
        material=material,
        kind=material.kind,
        text=MaterialText(**(text | more)),
        only_stores=[],
        editor=editor or make_guide(name="王思"),
    )


def test_the_old_text_of_a_live_one_is_kept(as_content):
    material = make_material(title="旧标题", body="旧的正文")
    save(material, title="新标题", body="新的正文")
    kept = MaterialVersion.objects.get()
    assert (kept.version, kept.changed) == (1, ["body", "title"])
    assert (kept.content["title"], kept.content["body"]) == ("旧标题", "旧的正文")


def test_the_page_says_who_changed_what_and_how_it_read_before(as_content):
    material = make_material(title="旧标题")
    save(material, title="新标题", earn_hint_fen=2400)
    page = page_of(as_content, material)
    assert "以前的版本" in page
    assert "王思 刚刚改过：标题、导购成交约赚" in page
    assert "原来的标题" in page
    assert "旧标题" in page
    assert "g-coat" not in page.partition("以前的版本")[2]


def test_each_version_is_one_line_the_newest_first(as_content):
    material = make_material(title="一")
    for title in ("二", "三", "四"):
        save(Material.objects.get(pk=material.pk), title=title)
    versions = as_content.get(reverse("materials:hq_edit", args=[material.pk])).context["versions"]
    assert [(one.number, one.before[0][1]) for one in versions] == [(3, "三"), (2, "二"), (1, "一")]


def test_saving_without_a_change_keeps_nothing():
    material = make_material()
    save(material)
    assert (material.version, MaterialVersion.objects.count()) == (1, 0)


def test_a_draft_has_no_versions(as_content):
    material = make_material(status="draft")
    save(material, title="新标题")
    assert not MaterialVersion.objects.exists()
    assert "以前的版本" not in page_of(as_content, material)


def test_two_who_save_at_once_both_leave_their_text():
    material = make_material(title="一")
    hers, his = (Material.objects.get(pk=material.pk) for _ in range(2))
    save(hers, title="她的")
    save(his, title="他的")
    assert his.version == 3
    kept = MaterialVersion.objects.order_by("version")
    assert [row.content["title"] for row in kept] == ["一", "她的"]


def test_a_page_that_was_open_does_not_bring_a_withdrawn_one_back():
    material = make_material(title="一")
    open_page = Material.objects.get(pk=material.pk)
    withdraw_material(material_id=material.pk, editor=None)
    Material.objects.filter(pk=material.pk).update(sent_count=7)
    save(open_page, title="二")
    material.refresh_from_db()
    assert (material.title, material.status, material.sent_count) == ("二", "withdrawn", 7)


def test_times_read_as_shanghai_times_and_old_text_cannot_run(as_content):
    until = now() + timedelta(days=3)
    material = make_material(title="<script>alert(1)</script>", valid_until=until)
    save(material, title="好标题")
    page = page_of(as_content, material)
    assert "<script>alert(1)" not in page
    assert "结束时间" in page
