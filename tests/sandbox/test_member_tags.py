"""Tags of members, which are not the tags of customers."""

import pytest


@pytest.fixture
def tag(played) -> int:
    return int(played.post("tag/create", played.token(), {"tagname": "培训中"})["tagid"])


def add(played, tag, **lists) -> dict:
    return played.post("tag/addtagusers", played.token(), {"tagid": tag, **lists})


def remove(played, tag, **lists) -> dict:
    return played.post("tag/deltagusers", played.token(), {"tagid": tag, **lists})


def test_a_new_tags_id_comes_as_text(played):
    answer = played.post("tag/create", played.token(), {"tagname": "培训中", "tagid": 12})
    assert (answer["errmsg"], answer["tagid"]) == ("created", "12")
    listed = played.get("tag/list", access_token=played.token())["taglist"]
    assert listed == [{"tagid": 12, "tagname": "培训中"}]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [({"tagname": ""}, 40072), ({"tagname": "长" * 33}, 40072), ({"tagname": "培训中"}, 40071)],
)
def test_names_that_are_refused(played, tag, body, errcode):
    assert played.post("tag/create", played.token(), body)["errcode"] == errcode


def test_a_partial_failure_is_a_success_with_one_joined_text(played, tag):
    answer = add(played, tag, userlist=["linxm", "usr1", "usr2"], partylist=[3, 77])
    assert (answer["errcode"], answer["invalidlist"]) == (0, "usr1|usr2")
    assert answer["invalidparty"] == [77]
    shown = played.get("tag/get", access_token=played.token(), tagid=tag)
    assert shown["userlist"] == [{"userid": "linxm", "name": "林小满"}]
    assert (shown["tagname"], shown["partylist"]) == ("培训中", [3])


def test_all_invalid_has_another_code_for_adding_than_for_removing(played, tag):
    assert add(played, tag, userlist=["ghost"])["errcode"] == 40070
    answer = remove(played, tag, userlist=["linxm"])
    assert (answer["errcode"], answer["invalidlist"]) == (40031, "linxm")
    assert answer["errmsg"].startswith("all list invalid")


def test_removing_answers_deleted(played, tag):
    add(played, tag, userlist=["linxm"])
    assert remove(played, tag, userlist=["linxm", "chenyu"])["invalidlist"] == "chenyu"
    assert played.get("tag/get", access_token=played.token(), tagid=tag)["userlist"] == []


def test_what_an_app_changes_is_told_to_the_address_book_sync(played, tag):
    add(played, tag, userlist=["linxm", "chenyu"])
    (row,) = played.waiting()
    assert row.change_type == "update_tag"
    assert "<AddUserItems><![CDATA[linxm,chenyu]]></AddUserItems>" in row.plain


def test_only_the_maker_may_change_a_tag(played, tag):
    sync = played.token(secret="test-contacts-secret")
    assert played.post("tag/update", sync, {"tagid": tag, "tagname": "x"})["errcode"] == 81011
    assert played.get("tag/delete", access_token=sync, tagid=tag)["errcode"] == 81011
    renamed = played.post("tag/update", played.token(), {"tagid": tag, "tagname": "已培训"})
    assert renamed["errmsg"] == "updated"
    assert played.get("tag/delete", access_token=played.token(), tagid=tag)["errmsg"] == "deleted"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"userlist": ["a"] * 1001}, 81014),
        ({"userlist": ["linxm"], "tagid": 999}, 40068),
    ],
)
def test_calls_that_are_refused(played, tag, body, errcode):
    answer = played.post("tag/addtagusers", played.token(), {"tagid": tag} | body)
    assert answer["errcode"] == errcode


def test_the_console_changes_a_tag_too(played):
    played.raise_event("member_tag", id=5, name="店长群", add=["hejs"])
    assert "<AddUserItems><![CDATA[hejs]]></AddUserItems>" in played.waiting()[0].plain
