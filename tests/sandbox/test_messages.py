"""message/send: who gets it, what is cut, what is refused, what is dropped in silence."""

import pytest

from guideapp.core.clock import now
from guideapp.sandbox.models import AppMessage, User
from guideapp.sandbox.services import media

SEND = "message/send"


def send(played, **change):
    body = {"touser": "linxm", "msgtype": "text", "agentid": 1000002, "text": {"content": "看一下"}}
    return played.post(SEND, played.token(), body | change)


def test_a_text_reaches_the_member(played):
    answer = send(played)
    assert (answer["errcode"], answer["invaliduser"]) == (0, "")
    (message,) = played.app_messages("linxm")
    assert message["payload"] == {"content": "看一下"}


def test_bad_names_are_listed_in_lower_case_while_the_rest_is_sent(played):
    User.objects.filter(userid="zhaoke").update(in_scope=False)
    answer = send(played, touser="linxm|Ghost01|zhaoke", toparty="77", totag="5")
    assert answer["errcode"] == 0
    assert answer["invaliduser"] == "ghost01|zhaoke"
    assert (answer["invalidparty"], answer["invalidtag"]) == ("77", "5")
    assert len(played.app_messages("linxm")) == 1


def test_a_department_and_everybody(played):
    send(played, touser="", toparty="4")
    send(played, touser="@all")
    assert len(played.app_messages("zhaoke")) == 2
    assert len(played.app_messages("linxm")) == 1


def test_an_over_long_text_is_cut_at_2048_bytes(played):
    send(played, text={"content": "长" * 1000})
    assert played.app_messages("linxm")[0]["payload"]["content"] == "长" * 682


def test_a_text_card_has_a_button(played):
    card = {"title": "新客户", "description": "TA 刚加了你", "url": "https://a.example/g/"}
    send(played, msgtype="textcard", textcard=card)
    assert played.app_messages("linxm")[0]["payload"] == card | {"btntxt": "详情"}


def test_news_and_markdown_are_accepted(played):
    article = {"title": "上新", "url": "https://a.example/", "description": "", "picurl": ""}
    assert send(played, msgtype="news", news={"articles": [article]})["errcode"] == 0
    assert send(played, msgtype="markdown", markdown={"content": "**好**"})["errcode"] == 0


def test_an_uploaded_file_can_be_sent(played):
    row = media.upload(kind="file", filename="价目.pdf", content_type="", content=b"%PDF-1.7 x")
    assert send(played, msgtype="file", file={"media_id": row.media_id})["errcode"] == 0


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "ghost"}, 81013),
        ({"touser": ""}, 82001),
        ({"touser": "|".join(["x"] * 1001)}, 40032),
        ({"agentid": 7}, 301002),
        ({"agentid": None}, 41011),
        ({"msgtype": "telepathy"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"msgtype": "markdown", "markdown": {"content": "长" * 700}}, 45002),
        ({"msgtype": "textcard", "textcard": {"title": "缺地址", "description": "x"}}, 40058),
        (
            {
                "msgtype": "textcard",
                "textcard": {"title": "长" * 43, "description": "x", "url": "u"},
            },
            40058,
        ),
        ({"msgtype": "news", "news": {"articles": [{"title": "x", "url": "u"}] * 9}}, 45008),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
    ],
)
def test_messages_that_are_refused_reach_nobody(played, change, errcode):
    assert send(played, **change)["errcode"] == errcode
    assert not AppMessage.objects.exists()


def test_the_same_request_again_is_dropped_when_asked_for(played):
    first = send(played, enable_duplicate_check=1)
    again = send(played, enable_duplicate_check=1)
    assert again["msgid"] == first["msgid"]
    assert len(played.app_messages("linxm")) == 1


def test_more_than_thirty_a_minute_to_one_member_are_dropped_in_silence(played):
    member = User.objects.get(userid="linxm")
    for number in range(30):
        sent = AppMessage.objects.create(
            msgid=str(number), msgtype="text", payload={}, created_at=now()
        )
        sent.recipients.add(member)
    answer = send(played, touser="linxm|chenyu")
    assert (answer["errcode"], answer["invaliduser"]) == (0, "")
    assert len(played.app_messages("linxm")) == 30
    assert played.app_messages("chenyu")[0]["dropped"] == ["linxm"]
