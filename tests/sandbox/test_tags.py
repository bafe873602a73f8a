"""Customer tags through the API and in the console."""

import pytest

from guideapp.sandbox.models import CorpTag, CorpTagGroup, Follow

ADD, LIST = "externalcontact/add_corp_tag", "externalcontact/get_corp_tag_list"
EDIT, DELETE = "externalcontact/edit_corp_tag", "externalcontact/del_corp_tag"
MARK = "externalcontact/mark_tag"


def made(played, token, *names, group="跟进") -> dict:
    body = {"group_name": group, "tag": [{"name": name} for name in names]}
    return played.post(ADD, token, body)


def console_tag(name: str) -> str:
    return CorpTag.objects.get(name=name).tag_id


def test_all_tags_come_in_groups_largest_order_first(played):
    groups = played.post(LIST, played.token(), {})["tag_group"]
    assert [group["group_name"] for group in groups] == ["会员等级", "偏好"]
    assert [tag["name"] for tag in groups[0]["tag"]] == ["金卡", "银卡", "普通卡"]
    assert "deleted" not in groups[0]


def test_tags_asked_for_by_id_say_whether_they_are_deleted(played):
    tag_id = console_tag("金卡")
    played.raise_event("delete_tag", id=tag_id)
    (group,) = played.post(LIST, played.token(), {"tag_id": [tag_id]})["tag_group"]
    assert group["deleted"] is False
    assert [(tag["name"], tag["deleted"]) for tag in group["tag"]] == [("金卡", True)]


def test_a_group_asked_for_hides_the_tags_asked_for(played):
    group_id = CorpTagGroup.objects.get(name="偏好").group_id
    body = {"group_id": [group_id], "tag_id": [console_tag("金卡")]}
    (group,) = played.post(LIST, played.token(), body)["tag_group"]
    assert group["group_name"] == "偏好"


def test_new_tags_are_answered_alone_in_an_object(played):
    answer = made(played, played.token(), "待回访", "已约", "待回访")
    assert answer["tag_group"]["group_name"] == "跟进"
    assert [tag["name"] for tag in answer["tag_group"]["tag"]] == ["待回访", "已约"]
    assert played.waiting() == []


def test_tags_join_the_group_of_that_name(played):
    token = played.token()
    first = made(played, token, "待回访")["tag_group"]["group_id"]
    assert made(played, token, "已约")["tag_group"]["group_id"] == first


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"group_name": "会员等级", "tag": [{"name": "金卡"}]}, 40071),
        ({"group_name": "跟进", "tag": [{"name": "长" * 31}]}, 40072),
        ({"group_name": "跟进", "tag": []}, 40063),
        ({"group_id": "etNone", "tag": [{"name": "新"}]}, 40068),
    ],
)
def test_tags_that_are_refused(played, body, errcode):
    assert played.post(ADD, played.token(), body)["errcode"] == errcode


def test_the_app_edits_and_deletes_its_own_tags(played):
    token = played.token()
    group = made(played, token, "待回访")["tag_group"]
    tag_id = group["tag"][0]["id"]
    assert played.post(EDIT, token, {"id": tag_id, "name": "要回访"})["errcode"] == 0
    assert CorpTag.objects.get(tag_id=tag_id).name == "要回访"
    assert played.post(DELETE, token, {"tag_id": [tag_id]})["errcode"] == 0
    assert CorpTagGroup.objects.get(group_id=group["group_id"]).deleted


def test_the_consoles_tags_are_not_the_apps(played):
    token, tag_id = played.token(), console_tag("金卡")
    assert played.post(EDIT, token, {"id": tag_id, "name": "黑卡"})["errcode"] == 40068
    assert played.post(DELETE, token, {"tag_id": [tag_id]})["errcode"] == 40068
    assert played.post(DELETE, token, {})["errcode"] == 40063


def test_marking_adds_and_removes_for_one_relation_only(played):
    zhou = played.customer("zhou")
    body = {
        "userid": "linxm",
        "external_userid": zhou,
        "add_tag": [console_tag("通勤")],
        "remove_tag": [console_tag("大衣")],
    }
    assert played.post(MARK, played.token(), body)["errcode"] == 0
    names = {tag["name"] for tag in played.follow("linxm", zhou)["tags"]}
    assert names == {"金卡", "通勤"}
    assert played.follow("zhaoke", zhou)["tags"] == []
    assert played.waiting() == []


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"add_tag": ["etUnknown"]}, 40068),
        ({}, 40063),
        ({"add_tag": ["x"], "external_userid": "wmNobody"}, 40096),
    ],
)
def test_marks_that_are_refused(played, change, errcode):
    body = {"userid": "linxm", "external_userid": played.customer("zhou")} | change
    assert played.post(MARK, played.token(), body)["errcode"] == errcode


def test_a_tag_deleted_in_the_console_leaves_every_customer(played):
    played.raise_event("delete_tag", id=console_tag("金卡"))
    assert not Follow.objects.filter(tags__name="金卡").exists()
    assert [row.change_type for row in played.waiting()] == ["delete"]


def test_the_console_tells_of_a_new_group_and_each_new_tag(played):
    played.raise_event("create_tag", group_name="来源", names=["门店", "直播"])
    kinds = ["tag_group" in row.plain for row in played.waiting()]
    assert kinds == [True, False, False]


def test_the_console_shuffles_and_renames(played):
    group = CorpTagGroup.objects.get(name="偏好")
    played.raise_event(
        "shuffle_tags", id=group.group_id, tag_ids=[console_tag("通勤"), console_tag("大衣")]
    )
    played.raise_event("update_tag", id=group.group_id, name="喜好")
    (shown,) = played.post(LIST, played.token(), {"group_id": [group.group_id]})["tag_group"]
    assert shown["group_name"] == "喜好"
    assert [tag["name"] for tag in shown["tag"]][:2] == ["通勤", "大衣"]
    assert [row.change_type for row in played.waiting()] == ["shuffle", "update"]
