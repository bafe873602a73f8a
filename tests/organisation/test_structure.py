"""/hq/organisation/: the department tree, what stands for what, and the last reading."""

import pytest
from django.urls import reverse

from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from guideapp.organisation.models import Brand, Department, Guide, Region, Role, Store
from guideapp.organisation.services import sync_address_book
from guideapp.sandbox.services import directory
from guideapp.wecom.models import SyncCursor
from tests.factories import make_department, make_guide, make_region, make_store

TREE = reverse("organisation:tree")


def url(name: str, department: Department) -> str:
    return reverse(f"organisation:{name}", args=[department.wecom_id])


def shown(response: object) -> list[str]:
    return [node.row.name for node in response.context["nodes"]]  # type: ignore[attr-defined]


@pytest.fixture
def top(db: None) -> Department:
    """The company, with a region and a store below it."""
    return make_department(wecom_id=1, parent_wecom_id=0, name="青禾")


def test_the_tree_shows_stores_at_once_and_leads_further_down(as_admin, top):
    region = make_department(name="华东", parent_wecom_id=1)
    store = make_department(name="星河里店", parent_wecom_id=region.wecom_id)
    make_department(name="女装组", parent_wecom_id=store.wecom_id)
    page = as_admin.get(TREE)
    assert shown(page) == ["青禾", "华东", "星河里店"]
    assert page.context["nodes"][2].has_more
    assert shown(as_admin.get(TREE, {"at": store.wecom_id})) == ["女装组"]


def test_a_level_with_several_departments_shows_the_one_below(as_admin, top):
    for name in ("华东", "华南"):
        region = make_department(name=name, parent_wecom_id=1)
        make_department(name=f"{name}店", parent_wecom_id=region.wecom_id)
    assert shown(as_admin.get(TREE, {"at": 1})) == ["华东", "华东店", "华南", "华南店"]


def test_a_loop_in_the_tree_hangs_nobody(as_admin, top):
    make_department(wecom_id=5, parent_wecom_id=6, name="甲")
    make_department(wecom_id=6, parent_wecom_id=5, name="乙")
    assert as_admin.get(TREE, {"at": 5}).status_code == 200


@pytest.mark.parametrize("at", ["", "x", "-1", "999", "9" * 30])
def test_an_unknown_place_in_the_tree_shows_the_top(as_admin, top, at):
    assert shown(as_admin.get(TREE, {"at": at})) == ["青禾"]


def test_the_top_of_the_visible_range_is_shown_though_its_parent_is_unknown(as_admin):
    make_department(name="门店部", parent_wecom_id=4711)
    assert shown(as_admin.get(TREE)) == ["门店部"]


def test_larger_order_comes_first_and_the_deleted_are_left_out(as_admin, top):
    make_department(name="后", parent_wecom_id=1, order=10)
    make_department(name="先", parent_wecom_id=1, order=20)
    make_department(name="没了", parent_wecom_id=1, gone_at="2026-01-01T00:00:00Z")
    assert shown(as_admin.get(TREE)) == ["青禾", "先", "后"]


@pytest.mark.parametrize("stores", [1, 50])
def test_the_tree_costs_four_queries_however_many_stores(
    as_admin, top, stores, django_assert_num_queries
):
    for _n in range(stores):
        make_department(parent_wecom_id=1, store=make_store())
    with django_assert_num_queries(4):
        as_admin.get(TREE)


def test_a_store_shows_how_many_people_work_there(as_admin, top):
    store = make_store()
    make_department(parent_wecom_id=1, store=store)
    make_guide(store=store)
    make_guide(store=store, left_at="2026-01-01T00:00:00Z")
    node = as_admin.get(TREE).context["nodes"][1]
    assert node.row.people == 1


def test_a_department_becomes_a_region_of_a_new_brand(as_admin, top):
    response = as_admin.post(url("make_region", top), {"brand_name": "青禾", "name": "华东区"})
    assert response["Location"] == TREE
    top.refresh_from_db()
    assert (top.region.name, top.region.brand) == ("华东区", Brand.objects.get())
    entry = AuditEntry.objects.get(action="department_linked")
    assert entry.actor == as_admin.guide.userid
    assert entry.detail["after"]["region"] == top.region_id


def test_a_department_becomes_a_store_and_its_people_get_there(as_admin, top):
    guide = make_guide(store=None, roles=(), departments=[1], led_departments=[1])
    form = {"region": make_region().pk, "code": "S01", "name": "星河里店", "city": "上海"}
    as_admin.post(url("make_store", top), form)
    run_due()
    guide.refresh_from_db()
    assert guide.store == Store.objects.get(code="S01", city="上海")
    roles = set(guide.grants.values_list("role", flat=True))
    assert roles == {Role.GUIDE, Role.STORE_MANAGER}


def test_the_region_above_is_offered_first(as_admin, top):
    make_region()
    above = make_region()
    Department.objects.filter(pk=top.pk).update(region=above)
    below = make_department(parent_wecom_id=1)
    page = as_admin.get(url("department", below))
    assert page.context["store_form"]["region"].value() == above.pk


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("make_region", {"brand_name": "青禾", "name": ""}, "必填"),
        ("make_region", {"brand_name": "", "name": "华东"}, "必填"),
        ("make_store", {"code": "有空格 的", "name": "甲"}, "编号用字母"),
        ("make_store", {"code": "", "name": "甲" * 41}, "必填"),
    ],
)
def test_a_bad_form_is_refused_beside_the_field(as_admin, top, name, form, words):
    make_region()
    response = as_admin.post(url(name, top), form)
    assert response.status_code == 422
    assert words in response.text
    top.refresh_from_db()
    assert (top.store, top.region) == (None, None)


def test_a_store_that_stands_elsewhere_is_refused(as_admin, top):
    store = make_store(code="S01")
    make_department(store=store)
    form = {"region": store.region.pk, "code": "S01", "name": "甲"}
    response = as_admin.post(url("make_store", top), form)
    assert response.status_code == 409
    assert "已经对应了另一个部门" in response.text


def test_a_store_whose_department_was_deleted_can_be_linked_again(as_admin, top):
    store = make_store(code="S01")
    make_department(store=store, gone_at="2026-01-01T00:00:00Z")
    as_admin.post(url("make_store", top), {"region": store.region.pk, "code": "S01", "name": "甲"})
    top.refresh_from_db()
    assert top.store == store


def test_undoing_a_link_keeps_the_store(as_admin, top):
    Department.objects.filter(pk=top.pk).update(store=make_store())
    as_admin.post(url("unlink", top))
    top.refresh_from_db()
    assert top.store is None
    assert Store.objects.count() == 1
    assert AuditEntry.objects.filter(action="department_unlinked").exists()


def test_a_second_region_of_the_same_name_is_the_same_region(as_admin, top):
    region = make_region(name="华东")
    form = {"brand_name": region.brand.name, "name": "华东"}
    as_admin.post(url("make_region", top), form)
    assert Region.objects.get() == region


def test_an_unknown_department_is_a_404(as_admin):
    assert as_admin.get(reverse("organisation:department", args=[4711])).status_code == 404


def test_the_button_has_the_address_book_read_once_however_often_it_is_pressed(as_admin):
    for _twice in range(2):
        as_admin.post(reverse("organisation:sync"))
    assert Job.objects.filter(dedupe_key="organisation:address_book").count() == 1
    assert AuditEntry.objects.filter(action="sync_asked").count() == 2


def test_before_the_first_reading_the_page_says_so(as_admin):
    assert "还没同步过" in as_admin.get(TREE).text


def test_a_reading_that_broke_off_is_named(as_admin):
    SyncCursor.objects.create(name="address_book", started_at="2026-01-01T00:00:00Z")
    assert "上次没同步完" in as_admin.get(TREE).text


def test_the_page_names_what_the_last_reading_changed(wecom, client_for):
    admin = client_for(make_guide(userid="wangsi", roles=(Role.HQ_ADMIN,), store=None))
    sync_address_book()
    directory.delete_user(userid="linxm")
    directory.create_user(userid="xinren", name="新人", departments=[3])
    sync_address_book()
    page = admin.get(TREE)
    told = {str(item.label): item.count for item in page.context["sync"].differences}
    assert told == {"新来的": 1, "离职的": 1}
    assert "林小满" in page.text
    assert Guide.objects.get(userid="xinren").name in page.text
