"""What the client makes of odd answers: paging, empty lists, missing fields (scripted)."""

import json
from typing import Any

import pytest

from guideapp.wecom import errors
from guideapp.wecom.client import client
from guideapp.wecom.client.messages import clip
from tests.wecom.conftest import Upstream

pytestmark = pytest.mark.django_db

NO_RELATION = {"errcode": 84061, "errmsg": "not external contact", "external_userid": []}
BATCH = "externalcontact/batch/get_by_user"


def follow(userid: str) -> dict[str, Any]:
    return {"userid": userid, "createtime": 1760000000}


def row(external_userid: str, userid: str = "guide007") -> dict[str, Any]:
    return {
        "external_contact": {"external_userid": external_userid, "name": "小林"},
        "follow_info": {"userid": userid, "tag_id": []},
    }


def bodies(upstream: Upstream, path: str) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in upstream.asked(path)]


def test_a_guide_without_customers_has_an_empty_list(with_token: Upstream) -> None:
    with_token.answers("externalcontact/list", NO_RELATION)
    assert client().contacts.external_userids("guide007") == []


def test_guides_without_customers_give_nothing(with_token: Upstream) -> None:
    with_token.answers(BATCH, NO_RELATION)
    assert list(client().contacts.of_users(["guide007"])) == []


def test_a_customer_without_any_relation_is_not_found(with_token: Upstream) -> None:
    with_token.answers("externalcontact/get", NO_RELATION)
    with pytest.raises(errors.WeComNotFound):
        client().contacts.detail("wm_lin")


def test_followers_come_from_all_pages(with_token: Upstream) -> None:
    contact = {"external_userid": "wm_lin", "name": "小林"}
    first = {"external_contact": contact, "follow_user": [follow("a")], "next_cursor": "c1"}
    with_token.answers(
        "externalcontact/get", first, first | {"follow_user": [follow("b")], "next_cursor": ""}
    )
    detail = client().contacts.detail("wm_lin")
    assert [one["userid"] for one in detail["follow_user"]] == ["a", "b"]
    cursors = [request.params.get("cursor") for request in with_token.asked("externalcontact/get")]
    assert cursors == [None, "c1"]


def test_customers_are_asked_for_by_a_hundred_guides_page_by_page(with_token: Upstream) -> None:
    pages = [
        {"external_contact_list": [row("wm1")], "next_cursor": "c1"},
        {"external_contact_list": [], "next_cursor": "c2"},
        {"external_contact_list": [row("wm2")]},
        {"external_contact_list": [row("wm3")], "next_cursor": ""},
    ]
    with_token.answers(BATCH, *pages)
    found = client().contacts.of_users([f"guide{n}" for n in range(101)])
    assert [one["external_contact"]["external_userid"] for one in found] == ["wm1", "wm2", "wm3"]
    asked = [(len(body["userid_list"]), body["cursor"]) for body in bodies(with_token, BATCH)]
    assert asked == [(100, ""), (100, "c1"), (100, "c2"), (1, "")]


def test_a_cursor_that_comes_back_with_rows_is_an_error(with_token: Upstream) -> None:
    with_token.answers(BATCH, {"external_contact_list": [row("wm1")], "next_cursor": "same"})
    with pytest.raises(errors.WeComProtocol):
        list(client().contacts.of_users(["guide007"]))
    assert len(with_token.asked(BATCH)) == 2


def test_a_cursor_that_comes_back_without_rows_is_the_end(with_token: Upstream) -> None:
    with_token.answers(BATCH, {"external_contact_list": [], "next_cursor": "same"})
    assert list(client().contacts.of_users(["guide007"])) == []


@pytest.mark.parametrize(
    "answer",
    [{}, {"userlist": None}, {"userlist": {}}, {"userlist": ["a"]}, {"userlist": [{"name": "王"}]}],
)
def test_a_list_that_is_missing_or_odd_is_never_taken_for_an_empty_one(
    with_token: Upstream, answer: dict[str, Any]
) -> None:
    with_token.answers("user/list", answer)
    with pytest.raises(errors.WeComProtocol):
        client().address_book.users(12)


@pytest.mark.parametrize(
    "odd",
    [{"follow_info": {"userid": "a"}}, {"external_contact": {}, "follow_info": {"userid": "a"}}],
)
def test_a_customer_without_an_id_is_an_error(with_token: Upstream, odd: dict[str, Any]) -> None:
    with_token.answers(BATCH, {"external_contact_list": [odd]})
    with pytest.raises(errors.WeComProtocol):
        list(client().contacts.of_users(["a"]))


def test_every_userid_comes_once_though_departments_share_it(with_token: Upstream) -> None:
    rows = [{"userid": "a", "department": 1}, {"userid": "a", "department": 2}]
    more = [{"userid": "b", "department": 2}]
    with_token.answers(
        "user/list_id",
        {"dept_user": rows, "next_cursor": "c1"},
        {"dept_user": more, "next_cursor": ""},
    )
    assert client().address_book.user_ids() == ["a", "b"]


def test_without_the_address_book_secret_the_departments_are_walked(
    with_token: Upstream, settings: Any
) -> None:
    settings.WECOM_CONTACTS_SECRET = ""
    with_token.answers("department/list", {"department": [{"id": 1}, {"id": 2}]})
    with_token.answers(
        "user/list",
        {"userlist": [{"userid": "a"}]},
        {"userlist": [{"userid": "a"}, {"userid": "b"}]},
    )
    assert client().address_book.user_ids() == ["a", "b"]


def test_a_remark_sends_only_what_changes(with_token: Upstream) -> None:
    with_token.answers("externalcontact/remark", {"errcode": 0})
    pair = {"userid": "guide007", "external_userid": "wm_lin"}
    client().contacts.remark(**pair, remark="林女士")
    client().contacts.remark(**pair, remark="", remark_mobiles=[])
    client().contacts.remark(**pair)
    assert bodies(with_token, "externalcontact/remark") == [
        pair | {"remark": "林女士"},
        pair | {"remark": "", "remark_mobiles": [""]},
    ]


def test_nothing_to_tag_is_no_call(with_token: Upstream) -> None:
    with_token.answers("externalcontact/mark_tag", {"errcode": 0})
    pair = {"userid": "guide007", "external_userid": "wm_lin"}
    client().contacts.mark_tag(**pair)
    client().contacts.mark_tag(**pair, add=["etT1"])
    assert bodies(with_token, "externalcontact/mark_tag") == [pair | {"add_tag": ["etT1"]}]


def test_tags_are_asked_for_by_id_or_all(with_token: Upstream) -> None:
    group = {"group_id": "etG1", "group_name": "会员等级", "tag": [{"id": "etT1", "name": "金卡"}]}
    with_token.answers("externalcontact/get_corp_tag_list", {"tag_group": [group]})
    assert client().contacts.corp_tags() == [group]
    client().contacts.corp_tags(tag_ids=["etT1"])
    asked = bodies(with_token, "externalcontact/get_corp_tag_list")
    assert asked == [{}, {"tag_id": ["etT1"]}]


def test_a_welcome_message_leaves_out_what_is_empty(with_token: Upstream) -> None:
    path = "externalcontact/send_welcome_msg"
    with_token.answers(path, {"errcode": 0})
    client().contacts.send_welcome(welcome_code="code", text="您好")
    assert bodies(with_token, path) == [{"welcome_code": "code", "text": {"content": "您好"}}]


def test_a_message_is_cut_at_a_character_and_never_doubled_by_wecom(with_token: Upstream) -> None:
    with_token.answers("message/send", {"errcode": 0, "msgid": "m1", "invaliduser": "a|b"})
    result = client().messages.send_text_card(
        userids=["A", "B", "C"], title="新" * 50, description="看过秋装", url="https://x.example/"
    )
    (sent,) = bodies(with_token, "message/send")
    assert result == {"msgid": "m1", "invaliduser": ["a", "b"]}
    assert (sent["touser"], sent["agentid"], sent["msgtype"]) == ("A|B|C", 1000002, "textcard")
    assert (sent["textcard"]["title"], sent["enable_duplicate_check"]) == ("新" * 42, 1)


def test_more_than_a_thousand_receivers_are_several_messages(with_token: Upstream) -> None:
    with_token.answers("message/send", {"errcode": 0, "msgid": "m1", "invaliduser": ""})
    client().messages.send_text(userids=[f"g{n}" for n in range(1001)], text="您好")
    counts = [len(body["touser"].split("|")) for body in bodies(with_token, "message/send")]
    assert counts == [1000, 1]


@pytest.mark.parametrize(
    ("size", "kept"), [(0, ""), (2, ""), (3, "导"), (5, "导"), (6, "导购"), (99, "导购")]
)
def test_text_is_cut_inside_no_character(size: int, kept: str) -> None:
    assert clip("导购", size) == kept


def test_an_upload_keeps_a_chinese_file_name(with_token: Upstream) -> None:
    with_token.answers(
        "media/upload", {"media_id": "m1", "created_at": "1760000000", "type": "image"}
    )
    uploaded = client().media.upload("image", "秋装.jpg", b"\xff\xd8bytes")
    body = with_token.asked("media/upload")[0].body
    assert uploaded == {"type": "image", "media_id": "m1", "created_at": 1760000000}
    assert 'name="media"; filename="秋装.jpg"'.encode() in body
    assert b"Content-Type: image/jpeg" in body


@pytest.mark.parametrize(
    "answer", [{"media_id": "m1"}, {"created_at": 1}, {"media_id": "m", "created_at": "x"}]
)
def test_an_upload_without_id_or_time_is_an_error(
    with_token: Upstream, answer: dict[str, Any]
) -> None:
    with_token.answers("media/upload", answer)
    with pytest.raises(errors.WeComProtocol):
        client().media.upload("file", "a.pdf", b"%PDF-")
