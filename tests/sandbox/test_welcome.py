"""send_welcome_msg: twenty seconds, once, before the two have talked."""

import re
from datetime import timedelta

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.models import WelcomeCode
from guideapp.sandbox.services import media, relations

SEND = "externalcontact/send_welcome_msg"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


def added(played, **data) -> tuple[str, str]:
    """external_userid and welcome code of somebody who just added linxm."""
    outcome = played.raise_event("add_external_contact", userid="linxm", name="新人", **data)
    return outcome["external_userid"], code_in(played.waiting()[-1].plain)


def code_in(xml: str) -> str:
    found = re.search(r"<WelcomeCode><!\[CDATA\[(\w+)\]\]>", xml)
    return found[1] if found else ""


def picture() -> str:
    row = media.upload(kind="image", filename="图.png", content_type="image/png", content=PNG)
    return row.media_id


def test_the_welcome_stands_in_the_chat_text_first(played):
    customer, code = added(played)
    body = {
        "welcome_code": code,
        "text": {"content": "您好，我是林小满"},
        "attachments": [
            {"msgtype": "image", "image": {"media_id": picture()}},
            {"msgtype": "link", "link": {"title": "秋装", "url": "https://example.com/v/1"}},
        ],
    }
    assert played.post(SEND, played.token(), body)["errcode"] == 0
    bubbles = played.chat("linxm", customer)
    assert [bubble["msgtype"] for bubble in bubbles] == ["text", "image", "link"]
    assert {bubble["source"] for bubble in bubbles} == {"welcome"}
    assert bubbles[1]["payload"]["filename"] == "图.png"


def test_a_code_works_once(played):
    customer, code = added(played)
    body = {"welcome_code": code, "text": {"content": "您好"}}
    played.post(SEND, played.token(), body)
    assert played.post(SEND, played.token(), body)["errcode"] == 41051
    assert len(played.chat("linxm", customer)) == 1


def test_a_code_dies_after_twenty_seconds(played):
    customer, code = added(played)
    row = WelcomeCode.objects.get(code=code)
    assert row.expires_at - row.created_at == timedelta(seconds=20)
    WelcomeCode.objects.update(expires_at=relations.now())
    body = {"welcome_code": code, "text": {"content": "您好"}}
    assert played.post(SEND, played.token(), body)["errcode"] == 41050
    assert played.chat("linxm", customer) == []


def test_once_the_guide_typed_something_it_is_too_late(played):
    customer, code = added(played)
    played.raise_event("user_message", userid="linxm", external_userid=customer, text="你好")
    body = {"welcome_code": code, "text": {"content": "您好"}}
    assert played.post(SEND, played.token(), body)["errcode"] == 41051


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"welcome_code": ""}, 41049),
        ({"welcome_code": "made-up"}, 41050),
        ({"text": {"content": ""}}, 40058),
        ({"text": {"content": "长" * 1334}}, 40058),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "none"}}]}, 40007),
        ({"attachments": [{"msgtype": "image", "image": {}}]}, 40058),
        ({"attachments": [{"msgtype": "link", "image": {"media_id": "x"}}]}, 41065),
        ({"attachments": [{"msgtype": "poem", "poem": {}}]}, 41065),
        ({"attachments": [{"msgtype": "link", "link": {"title": "缺地址"}}]}, 40058),
        (
            {"attachments": [{"msgtype": "link", "link": {"title": "短", "url": "javascript:1"}}]},
            40058,
        ),
        (
            {
                "attachments": [
                    {"msgtype": "link", "link": {"title": "长" * 43, "url": "https://a.b"}}
                ]
            },
            40058,
        ),
        ({"attachments": [{"msgtype": "file", "file": {"media_id": "x"}}] * 10}, 41064),
    ],
)
def test_welcomes_that_are_refused_say_nothing_to_the_customer(played, change, errcode):
    customer, code = added(played)
    body = {"welcome_code": code, "text": {"content": "您好"}} | change
    assert played.post(SEND, played.token(), body)["errcode"] == errcode
    assert played.chat("linxm", customer) == []


def test_a_refused_welcome_does_not_use_up_the_code(played):
    _customer, code = added(played)
    bad = {"welcome_code": code, "attachments": [{"msgtype": "image", "image": {"media_id": "x"}}]}
    played.post(SEND, played.token(), bad)
    good = {"welcome_code": code, "text": {"content": "您好"}}
    assert played.post(SEND, played.token(), good)["errcode"] == 0


def test_there_is_no_code_when_the_console_greets(played):
    _customer, code = added(played, welcome=False)
    assert code == ""


def test_there_is_no_second_code_for_somebody_greeted_half_way(played):
    outcome = played.raise_event("add_half_external_contact", userid="linxm", name="半个")
    code = code_in(played.waiting()[-1].plain)
    played.post(SEND, played.token(), {"welcome_code": code, "text": {"content": "您好"}})
    played.raise_event(
        "add_external_contact", userid="linxm", **{k: outcome[k] for k in ("external_userid",)}
    )
    assert [row.change_type for row in played.waiting()] == [
        "add_half_external_contact",
        "add_external_contact",
    ]
    assert code_in(played.waiting()[-1].plain) == ""


def test_while_another_app_sends_it_is_not_yet_decided(played):
    customer, code = added(played)
    pair = {"userid": "linxm", "external_userid": customer}
    played.raise_event("other_app_welcome", **pair, seconds=5)
    body = {"welcome_code": code, "text": {"content": "您好"}}
    assert played.post(SEND, played.token(), body)["errcode"] == 41096
    clock.advance(6)
    assert played.post(SEND, played.token(), body)["errcode"] == 41051
    assert played.chat("linxm", customer) == []


def test_when_the_other_app_fails_ours_still_gets_through(played):
    customer, code = added(played)
    pair = {"userid": "linxm", "external_userid": customer}
    played.raise_event("other_app_welcome", **pair, seconds=5, fails=True)
    body = {"welcome_code": code, "text": {"content": "您好"}}
    assert played.post(SEND, played.token(), body)["errcode"] == 41096
    clock.advance(6)
    assert played.post(SEND, played.token(), body)["errcode"] == 0
    assert len(played.chat("linxm", customer)) == 1


def test_after_twenty_seconds_of_the_sandboxs_clock_it_is_over(played):
    _customer, code = added(played)
    clock.advance(20)
    body = {"welcome_code": code, "text": {"content": "您好"}}
    assert played.post(SEND, played.token(), body)["errcode"] == 41050


def test_the_console_can_greet_for_a_member(played):
    played.raise_event("console_welcome", userid="linxm")
    assert added(played)[1] == ""
    played.raise_event("console_welcome", userid="linxm", on=False)
    assert added(played)[1]


def test_without_a_living_code_there_is_no_race(played):
    act = {"type": "other_app_welcome", "userid": "linxm", "external_userid": "wmNobody"}
    assert played.post_page("control/events", act)[0] == 400
    act = {"type": "console_welcome", "userid": "ghost"}
    assert played.post_page("control/events", act)[0] == 400
