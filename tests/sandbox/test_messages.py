"""message/send: who gets it, what is cut, what is refused, what is dropped in silence."""

from datetime import timedelta

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.clock import now
from guideapp.sandbox.models import AppMessage, User
from guideapp.sandbox.models.address_book import MemberTag
from guideapp.sandbox.services import media

SEND = "message/send"
RECALL = "message/recall"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
MP4 = b"\0\0\0\x18ftypmp42" + b"0" * 64


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
        ({"msgtype": "mpnews", "mpnews": {"articles": []}}, 44004),
        (
            {"msgtype": "mpnews", "mpnews": {"articles": [{"title": "x", "thumb_media_id": "x"}]}},
            40007,
        ),
        ({"safe": 2}, 40058),
        ({"msgtype": "news", "news": {"articles": [{"title": "x", "url": "u"}]}, "safe": 1}, 40074),
        ({"toparty": "|".join(["1"] * 101)}, 82002),
        ({"totag": "|".join(["1"] * 101)}, 82003),
        ({"msgtype": "miniprogram_notice", "miniprogram_notice": {}}, 90200),
        ({"msgtype": "miniprogram_notice", "miniprogram_notice": {"appid": "wx"}}, 90206),
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


def test_a_thousand_an_hour_to_one_member_whatever_the_minute(played):
    member = User.objects.get(userid="linxm")
    earlier = now() - timedelta(minutes=30)
    sent = AppMessage.objects.bulk_create(
        AppMessage(msgid=str(number), msgtype="text", payload={}, created_at=earlier)
        for number in range(999)
    )
    member.app_messages.set(sent)
    assert send(played)["errcode"] == 0
    assert send(played, text={"content": "一千零一"})["errcode"] == 0
    assert AppMessage.objects.last().dropped == ["linxm"]
    clock.advance(1900)  # the first ones are older than an hour by now
    assert send(played)["errcode"] == 0
    assert AppMessage.objects.last().dropped == []


def test_an_uploaded_voice_can_be_sent(played):
    sound = b"#!AMR\n" + (b"\x3c" + b"\0" * 31) * 50
    row = media.upload(kind="voice", filename="话.amr", content_type="", content=sound)
    assert send(played, msgtype="voice", voice={"media_id": row.media_id})["errcode"] == 0
    assert played.app_messages("linxm")[0]["payload"]["media_id"] == row.media_id
    assert send(played, msgtype="voice", voice={"media_id": "none"})["errcode"] == 40007


def test_a_member_tag_names_its_members_and_departments(played):
    tag = MemberTag.objects.create(id=7, name="店长", slug="app", departments=[4])
    tag.users.add(User.objects.get(userid="linxm"))
    assert send(played, touser="", totag="7|8")["invalidtag"] == "8"
    assert len(played.app_messages("linxm")) == 1
    assert len(played.app_messages("zhaoke")) == 1


def test_an_article_with_its_own_page_and_a_video_with_words(played):
    picture = media.upload(kind="image", filename="图.png", content_type="", content=PNG)
    article = {"title": "周报", "thumb_media_id": picture.media_id, "content": "<p>好</p>"}
    assert send(played, msgtype="mpnews", mpnews={"articles": [article]}, safe=2)["errcode"] == 0
    video = media.upload(kind="video", filename="a.mp4", content_type="", content=MP4)
    words = {"media_id": video.media_id, "title": "长" * 50}
    assert send(played, msgtype="video", video=words)["errcode"] == 0
    assert played.app_messages("linxm")[-1]["payload"]["title"] == "长" * 42


def test_a_message_can_be_taken_back_for_a_day_by_the_app_that_sent_it(played):
    msgid = send(played)["msgid"]
    foreign = played.token(played.state()["corp"]["second_secret"])
    assert played.post(RECALL, foreign, {"msgid": msgid})["errcode"] == 40058
    assert played.post(RECALL, played.token(), {"msgid": msgid})["errcode"] == 0
    assert AppMessage.objects.get(msgid=msgid).recalled_at is not None
    assert played.post(RECALL, played.token(), {"msgid": "none"})["errcode"] == 40058


def test_after_a_day_a_message_stays(played):
    msgid = send(played)["msgid"]
    clock.advance(24 * 3600 + 1)
    assert played.post(RECALL, played.token(), {"msgid": msgid})["errcode"] == 42052
