"""素材库: headquarters fills it, publishes, withdraws; the figures come from rows."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from guideapp.core.clock import now, today
from guideapp.core.models import AuditEntry
from guideapp.core.search import search_terms
from guideapp.materials.models import Category, Material, MaterialDay, MaterialFile
from tests.factories import (
    make_brand,
    make_category,
    make_material,
    make_material_file,
    make_sensitive_word,
    make_share,
    make_store,
)

LIBRARY = "/hq/materials/"


def picture(name="羊毛连衣裙.png"):
    target = io.BytesIO()
    Image.new("RGB", (50, 40), "green").save(target, "PNG")
    return SimpleUploadedFile(name, target.getvalue())


def fields(category, **more):
    """A filled-in form of a link."""
    return {
        "title": "双面羊毛大衣",
        "category": category.pk,
        "link_url": "https://example.com/coat",
        "drawing": "g-coat",
    } | more


def create(client, kind="link", **more):
    return client.post(
        f"{reverse('materials:hq_new')}?kind={kind}", fields(make_category(), **more)
    )


def listed(response):
    return [material.title for material, _cover in response.context["rows"]]


def test_a_draft_is_saved_and_not_sendable(as_content):
    create(as_content)
    material = Material.objects.get()
    assert (material.status, material.version) == ("draft", 1)
    assert material.edited_by == as_content.guide


def test_publishing_puts_it_into_the_library_and_is_audited(as_content):
    create(as_content, publish="1")
    material = Material.objects.get()
    assert material.status == "live"
    assert AuditEntry.objects.filter(
        actor=as_content.guide.userid, action="material.publish", subject=f"material:{material.pk}"
    ).exists()


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("link", "链接地址"), ("text", "正文"), ("mini_program", "小程序 AppID"), ("image", "文件")],
)
def test_what_a_customer_needs_must_be_there_to_publish(as_content, kind, missing):
    response = create(as_content, kind, link_url="", publish="1")
    assert response.status_code == 422
    assert f"还缺{missing}" in response.text
    assert not Material.objects.exists()


def test_a_refused_word_is_named_and_nothing_typed_is_lost(as_content):
    make_sensitive_word(word="全网最低")
    response = create(as_content, body="今天全网最低，别错过", publish="1")
    assert response.status_code == 422
    assert "全网最低" in response.text
    assert "今天全网最低，别错过</textarea>" in response.text
    assert not Material.objects.exists()


def test_an_over_long_text_is_refused_with_both_numbers(as_content):
    response = create(as_content, title="长" * 41)
    assert "最多 40 个字，现在 41 个" in response.text
    assert "长" * 41 in response.text
    assert not Material.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("link_url", "javascript:alert(1)", "链接要以 https:// 开头"),
        ("earn_yuan", "很多", "填数字"),
        ("title", "a\x00b", ""),
    ],
)
def test_bad_values_are_refused_in_words(as_content, field, value, words):
    response = create(as_content, **{field: value})
    assert response.status_code == 422
    assert words in response.text
    assert not Material.objects.exists()


def test_the_end_comes_after_the_beginning(as_content):
    response = create(as_content, valid_from="2026-12-02T08:00", valid_until="2026-12-01T08:00")
    assert "结束时间要晚于上线时间" in response.text


def test_times_are_shanghai_times(as_content):
    create(as_content, valid_until="2027-01-02T08:00")
    assert Material.objects.get().valid_until.isoformat() == "2027-01-02T00:00:00+00:00"


def test_changing_a_live_one_makes_a_new_version(as_content):
    material = make_material(title="旧标题")
    body = fields(material.category, title="新标题", save="1")
    as_content.post(reverse("materials:hq_edit", args=[material.pk]), body)
    material.refresh_from_db()
    assert (material.title, material.version, material.status) == ("新标题", 2, "live")
    entry = AuditEntry.objects.get(action="material.edit")
    assert "title" in entry.detail["changed"]


def test_a_live_one_cannot_become_unfit(as_content):
    material = make_material(title="旧标题")
    body = fields(material.category, link_url="", save="1")
    response = as_content.post(reverse("materials:hq_edit", args=[material.pk]), body)
    assert "还缺链接地址" in response.text
    material.refresh_from_db()
    assert (material.title, material.version) == ("旧标题", 1)


def test_withdrawing_takes_it_away_at_once_and_again_changes_nothing(as_content):
    material = make_material()
    for _ in range(2):
        as_content.post(reverse("materials:hq_withdraw", args=[material.pk]))
    material.refresh_from_db()
    assert material.status == "withdrawn"
    assert AuditEntry.objects.filter(action="material.withdraw").count() == 1


def test_a_timed_one_is_live_from_its_time_on(as_content):
    create(as_content, publish="1", valid_from="2099-01-01T08:00")
    assert Material.objects.get().standing == "timed"


def test_only_some_stores_may_have_it(as_content):
    store = make_store()
    create(as_content, only_stores=[store.pk])
    assert list(Material.objects.get().only_stores.all()) == [store]


def test_search_terms_follow_title_and_tags(as_content):
    create(as_content, tags="通勤  羊毛")
    material = Material.objects.get()
    assert material.tags == "通勤 羊毛"
    assert material.search_terms == search_terms("双面羊毛大衣 通勤 羊毛")


def test_the_typed_yuan_becomes_fen(as_content):
    create(as_content, earn_yuan="24.5")
    assert Material.objects.get().earn_hint_fen == 2450


def test_uploaded_files_become_materials_one_each(as_content):
    category = make_category()
    files = [make_material_file(uploaded_by=as_content.guide) for _ in range(2)]
    body = {f"title-{file.pk}": f"素材{n}" for n, file in enumerate(files)}
    body |= {"category": category.pk, "earn_yuan": "8", "publish": "1"}
    as_content.post(reverse("materials:hq_create_from_files"), body)
    made = Material.objects.order_by("pk")
    assert [(m.title, m.kind, m.status) for m in made] == [
        ("素材0", "image", "live"),
        ("素材1", "image", "live"),
    ]
    assert {m.earn_hint_fen for m in made} == {800}


def test_without_script_the_files_come_with_the_form(as_content):
    body = {"category": make_category().pk, "draft": "1", "files": [picture(), picture("裙.png")]}
    as_content.post(reverse("materials:hq_create_from_files"), body)
    titles = set(Material.objects.values_list("title", flat=True))
    assert titles == {"羊毛连衣裙", "裙"}


def test_a_bad_file_among_good_ones_loses_nothing(as_content):
    bad = SimpleUploadedFile("坏.exe", b"MZ")
    body = {"category": make_category().pk, "files": [picture(), bad]}
    response = as_content.post(reverse("materials:hq_create_from_files"), body)
    assert "坏.exe：只收" in response.text
    kept = MaterialFile.objects.get()
    assert f'name="title-{kept.pk}"' in response.text
    assert not Material.objects.exists()


def test_somebody_elses_upload_cannot_be_taken(as_content):
    foreign = make_material_file()
    body = {f"title-{foreign.pk}": "别人的", "category": make_category().pk}
    response = as_content.post(reverse("materials:hq_create_from_files"), body)
    assert "先选文件" in response.text
    assert not Material.objects.exists()


def test_timed_uploads_need_a_time_that_is_to_come(as_content):
    file = make_material_file(uploaded_by=as_content.guide)
    body = {f"title-{file.pk}": "素材", "category": make_category().pk, "timed": "timed"}
    response = as_content.post(reverse("materials:hq_create_from_files"), body)
    assert "选一个还没到的时间" in response.text


def test_the_list_filters_by_words_status_and_category(as_content):
    make_material(title="羊毛大衣", search_terms=search_terms("羊毛大衣"))
    draft = make_material(title="围巾", status="draft")
    make_material(title="旧海报", valid_until=now() - timedelta(days=1))
    assert listed(as_content.get(LIBRARY, {"q": "羊毛"})) == ["羊毛大衣"]
    assert listed(as_content.get(LIBRARY, {"status": "draft"})) == ["围巾"]
    assert listed(as_content.get(LIBRARY, {"status": "expired"})) == ["旧海报"]
    assert listed(as_content.get(LIBRARY, {"category": draft.category_id})) == ["围巾"]


def test_the_list_pages(as_content):
    for _ in range(12):
        make_material()
    assert len(listed(as_content.get(LIBRARY))) == 10
    assert len(listed(as_content.get(LIBRARY, {"page": 2}))) == 2


def test_the_figures_are_counted_from_rows(as_content):
    material = make_material(published_at=now() - timedelta(days=8))
    MaterialDay.objects.create(material=material, day=today(), sent=40, viewed=10)
    MaterialDay.objects.create(
        material=material, day=today() - timedelta(days=7), sent=20, viewed=10
    )
    figures = as_content.get(LIBRARY).context["figures"]
    assert (figures.sent, figures.sent_change) == (40, 1.0)
    assert (figures.viewed_rate, figures.viewed_change) == (0.25, -0.25)
    assert (figures.live, figures.quiet) == (1, 1)


def test_where_nothing_changed_no_arrow_is_shown(as_content):
    material = make_material()
    for day in (today(), today() - timedelta(days=7)):
        MaterialDay.objects.create(material=material, day=day, sent=2_000, viewed=500)
    page = as_content.get(LIBRARY).text
    assert page.count("和上周持平") == 2
    assert "↑" not in page


def test_with_nothing_sent_no_figure_is_invented(as_content):
    page = as_content.get(LIBRARY)
    assert page.context["figures"].viewed_rate is None
    assert "—" in page.text


def test_headquarters_list_takes_the_same_queries_for_one_row_and_fifty(
    as_content, django_assert_num_queries
):
    for rows in (1, 50):
        for _ in range(rows):
            make_share()
        # session, guide; count, page, tabs, categories; days, live figures, guides
        with django_assert_num_queries(9):
            as_content.get(LIBRARY)


def test_a_swap_of_the_list_leaves_the_figures_alone(as_content, django_assert_num_queries):
    make_material()
    headers = {"HX-Request": "true", "HX-Target": "hq-list"}
    with django_assert_num_queries(6):
        response = as_content.get(LIBRARY, headers=headers)
    assert "近 7 天发送" not in response.text


def test_a_preview_is_no_visit(as_content):
    material = make_material()
    page = as_content.get(reverse("materials:hq_preview", args=[material.pk]))
    assert "这次打开不计数" in page.text
    assert not material.visits.exists()


def test_shelves_are_put_up_renamed_and_taken_down(as_content):
    brand = make_brand()
    url = reverse("materials:hq_categories")
    as_content.post(url, {"brand": brand.pk, "name": "新品"})
    category = Category.objects.get()
    change = reverse("materials:hq_change_category", args=[category.pk])
    as_content.post(change, {"name": "上新", "order": 3})
    category.refresh_from_db()
    assert (category.name, category.order) == ("上新", 3)
    as_content.post(change, {"name": "上新", "remove": "1"})
    assert not Category.objects.exists()


def test_a_shelf_with_materials_stays(as_content):
    material = make_material()
    url = reverse("materials:hq_change_category", args=[material.category_id])
    response = as_content.post(url, {"name": "x", "remove": "1"})
    assert "分类里还有素材" in response.text
    assert Category.objects.count() == 1


def test_two_shelves_cannot_have_one_name(as_content):
    category = make_category(name="新品")
    url = reverse("materials:hq_categories")
    response = as_content.post(url, {"brand": category.brand_id, "name": "新品"})
    assert "已经有这个分类" in response.text


@pytest.mark.parametrize("name", ["hq_library", "hq_new", "hq_categories"])
def test_the_library_belongs_to_headquarters(as_guide, as_manager, name):
    for client in (as_guide, as_manager):
        assert client.get(reverse(f"materials:{name}")).status_code == 403
