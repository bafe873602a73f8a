"""Members and departments as the API shows them."""

import pytest

from guideapp.sandbox.models import Corp, User

STRIPPED = {"mobile", "gender", "email", "avatar", "qr_code", "address"}


def test_a_member_is_shown_without_the_fields_stripped_in_2022(played):
    member = played.get("user/get", access_token=played.token(), userid="hejs")
    assert member["name"] == "何见山"
    assert member["department"] == [3]
    assert member["is_leader_in_dept"] == [1]
    assert member["status"] == 1
    assert not STRIPPED & set(member)


def test_an_old_app_still_sees_them(played):
    Corp.objects.update(privacy=False)
    member = played.get("user/get", access_token=played.token(), userid="linxm")
    assert (member["gender"], member["mobile"]) == ("2", "13900000001")


def test_userids_ignore_case(played):
    member = played.get("user/get", access_token=played.token(), userid="LinXM")
    assert member["userid"] == "linxm"


def test_an_unknown_a_missing_and_an_invisible_member(played):
    User.objects.filter(userid="zhaoke").update(in_scope=False)
    token = played.token()
    assert played.get("user/get", access_token=token, userid="ghost")["errcode"] == 60111
    assert played.get("user/get", access_token=token)["errcode"] == 41009
    assert played.get("user/get", access_token=token, userid="zhaoke")["errcode"] == 60011


def test_a_department_lists_its_members_and_with_fetch_child_those_below(played):
    token = played.token()
    here = played.get("user/list", access_token=token, department_id=2)
    below = played.get("user/simplelist", access_token=token, department_id=2, fetch_child=1)
    assert here["userlist"] == []
    assert [member["userid"] for member in below["userlist"]] == [
        "linxm",
        "chenyu",
        "hejs",
        "zhaoke",
        "sunlan",
    ]


def test_an_unknown_department_is_refused(played):
    token = played.token()
    assert played.get("user/list", access_token=token, department_id=77)["errcode"] == 60123
    assert played.get("department/list", access_token=token, id=77)["errcode"] == 60123
    assert played.get("department/get", access_token=token, id=77)["errcode"] == 60123


def test_the_department_tree_names_leaders(played):
    answer = played.get("department/list", access_token=played.token())
    stores = {row["id"]: row for row in answer["department"]}
    assert set(stores) == {1, 2, 3, 4, 9}
    assert stores[3]["department_leader"] == ["hejs"]
    assert stores[3]["parentid"] == 2


def test_a_subtree_comes_with_everything_below(played):
    answer = played.get("department/simplelist", access_token=played.token(), id=2)
    assert [row["id"] for row in answer["department_id"]] == [2, 3, 4]


def test_one_department_is_an_object(played):
    answer = played.get("department/get", access_token=played.token(), id=3)
    assert answer["department"]["name"] == "星河里店"


def test_the_sync_secret_reads_ids_page_by_page(played):
    token = played.token(secret="test-contacts-secret")
    first = played.post("user/list_id", token, {"limit": 4})
    rest = played.post("user/list_id", token, {"limit": 4, "cursor": first["next_cursor"]})
    seen = [row["userid"] for row in first["dept_user"] + rest["dept_user"]]
    assert seen == ["linxm", "chenyu", "hejs", "zhaoke", "sunlan", "wangsi"]
    assert rest["next_cursor"] == ""


def test_a_made_up_cursor_is_refused(played):
    token = played.token(secret="test-contacts-secret")
    assert played.post("user/list_id", token, {"cursor": "abc"})["errcode"] == 50100


@pytest.mark.parametrize("path", ["user/get", "user/list", "user/simplelist", "department/list"])
def test_the_sync_secret_reads_no_details(played, path):
    token = played.token(secret="test-contacts-secret")
    assert played.get(path, access_token=token, userid="linxm", department_id=3)["errcode"] == 48009


def test_a_member_who_left_is_gone(played):
    played.raise_event("delete_user", userid="chenyu")
    token = played.token()
    assert played.get("user/get", access_token=token, userid="chenyu")["errcode"] == 60111
    ids = played.get("externalcontact/get_follow_user_list", access_token=token)["follow_user"]
    assert ids == ["linxm", "hejs", "zhaoke", "sunlan"]


def test_the_addresses_that_callbacks_come_from_have_no_errcode(played):
    answer = played.get("getcallbackip", access_token=played.token())
    assert answer == {"ip_list": ["127.0.0.1"]}
