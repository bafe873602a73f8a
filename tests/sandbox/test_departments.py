"""Departments as the address-book sync writes them."""

import pytest

from guideapp.sandbox.models import Corp, Department


@pytest.fixture
def sync(played):
    return played.token(secret="test-contacts-secret")


def test_a_department_gets_the_next_id(played, sync):
    answer = played.post("department/create", sync, {"name": "新店", "parentid": 2})
    assert (answer["errmsg"], answer["id"]) == ("created", 10)
    assert Department.objects.get(pk=10).parent_id == 2
    assert played.waiting() == []


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"name": ""}, 60001),
        ({"name": "长" * 33}, 60001),
        ({"name": "a:b"}, 60009),
        ({"parentid": 77}, 60004),
        ({"id": 3}, 60008),
        ({"name": "武康路店"}, 60008),
    ],
)
def test_departments_that_cannot_be_made(played, sync, change, errcode):
    body = {"name": "新店", "parentid": 2} | change
    assert played.post("department/create", sync, body)["errcode"] == errcode


def test_the_tree_has_at_most_fifteen_levels(played, sync):
    for level in range(2, 17):
        parent = 1 if level == 2 else 100 + level - 1
        body = {"id": 100 + level, "name": f"层{level}", "parentid": parent}
        answer = played.post("department/create", sync, body)
    assert answer["errcode"] == 81002


def test_a_department_is_renamed_and_moved_but_not_into_itself(played, sync):
    assert played.post("department/update", sync, {"id": 4, "name": "安福路店"})["errmsg"] == (
        "updated"
    )
    row = Department.objects.get(pk=4)
    assert (row.name, row.parent_id, row.order) == ("安福路店", 2, 10)
    assert played.post("department/update", sync, {"id": 2, "parentid": 4})["errcode"] == 60010
    assert played.post("department/update", sync, {"id": 77, "name": "x"})["errcode"] == 60003


@pytest.mark.parametrize(("id", "errcode"), [(1, 60007), (2, 60006), (3, 60005), (77, 60003)])
def test_departments_that_cannot_be_deleted(played, sync, id, errcode):
    assert played.get("department/delete", access_token=sync, id=id)["errcode"] == errcode


def test_a_company_that_wants_it_hears_of_all_three(played, sync):
    Corp.objects.update(tells_api_changes=True)
    played.post("department/create", sync, {"name": "新店", "parentid": 2})
    played.post("department/update", sync, {"id": 10, "name": "新新店"})
    assert played.get("department/delete", access_token=sync, id=10)["errmsg"] == "deleted"
    kinds = [row.change_type for row in played.waiting()]
    assert kinds == ["create_party", "update_party", "delete_party"]


def test_the_app_may_not_write_departments(played):
    body = {"name": "新店", "parentid": 2}
    assert played.post("department/create", played.token(), body)["errcode"] == 48002
