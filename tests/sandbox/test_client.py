"""What the client's bridge answers to the official SDK."""

import hashlib
from datetime import timedelta

import pytest

from guideapp.core.clock import now
from guideapp.sandbox.models import App, ChatMessage, Media, User
from guideapp.sandbox.services import media

PAGE = "http://localhost:8000/s/?from=chat"
APIS = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"]
NEWS = {
    "link": "https://a.example/v/1",
    "title": "大衣",
    "desc": "",
    "imgUrl": "https://a.example/1",
}


class Frame:
    """One frame of the window, in the chat of linxm with zhou unless told otherwise."""

    def __init__(self, played):
        self.played = played
        self.where = {
            "frame": "main",
            "page_url": f"{PAGE}#top",
            "userid": "linxm",
            "entry": "single_chat_tools",
            "external_userid": played.customer("zhou"),
            "platform": "windows",
        }

    def invoke(self, api, params=None, **where):
        body = self.where | where | {"api": api, "params": params or {}}
        return self.played.post_page("client/invoke", body)[1]

    def reply(self, api, params=None, **where):
        return self.invoke(api, params, **where)["reply"]

    def config(self, *, page=PAGE, ticket="agent", apis=APIS, **change):
        path = "ticket/get" if ticket == "agent" else "get_jsapi_ticket"
        token = self.played.token()
        value = self.played.get(path, access_token=token, type="agent_config")["ticket"]
        text = f"jsapi_ticket={value}&noncestr=n0nce&timestamp=1767225600&url={page}"
        params = {
            "corpid": "ww0a1b2c3d4e5f6071",
            "agentid": "1000002",
            "timestamp": "1767225600",
            "nonceStr": "n0nce",
            "signature": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
            "jsApiList": apis,
        }
        where = {name: change.pop(name) for name in list(change) if name in self.where}
        return self.reply("agentConfig", params | change, **where)


@pytest.fixture
def frame(played):
    return Frame(played)


@pytest.fixture
def sidebar(frame):
    """A frame whose page has passed agentConfig."""
    assert frame.config()["err_msg"] == "agentConfig:ok"
    return frame


def test_the_right_signature_opens_the_calls_that_were_listed(frame):
    reply = frame.config()
    assert reply["checkResult"] == dict.fromkeys(APIS, True)
    assert frame.reply("getContext")["entry"] == "single_chat_tools"


def test_the_corp_ticket_does_not_sign_for_the_app(frame):
    assert "40093" in frame.config(ticket="corp")["errMsg"]


def test_a_signature_for_another_page_is_wrong(frame):
    assert "40093" in frame.config(page="http://localhost:8000/s/")["errMsg"]


@pytest.mark.parametrize(
    ("platform", "key", "words"),
    [("ios", "err_Info", "invalid signature"), ("android", "hint", "40093")],
)
def test_phones_word_a_wrong_signature_their_own_way(frame, platform, key, words):
    assert words in frame.config(signature="0" * 40, platform=platform)[key]


def test_a_foreign_corp_a_foreign_app_and_a_foreign_host(frame):
    assert "e=40013" in frame.config(corpid="wwffffffffffffffff")["err_msg"]
    assert "40093" in frame.config(agentid="7")["errMsg"]
    foreign = "https://evil.example/s/"
    reply = frame.config(page=foreign, page_url=foreign)
    assert reply["err_msg"].startswith("not match any reliable domain")


def test_the_two_step_config_of_old_clients(frame):
    token = frame.played.token()
    value = frame.played.get("get_jsapi_ticket", access_token=token)["ticket"]
    text = f"jsapi_ticket={value}&noncestr=n0nce&timestamp=1767225600&url={PAGE}"
    params = {
        "verifyAppId": "ww0a1b2c3d4e5f6071",
        "verifyTimestamp": "1767225600",
        "verifyNonceStr": "n0nce",
        "verifySignature": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        "verifyJsApiList": APIS,
    }
    assert frame.reply("preVerifyJSAPI", params)["err_msg"] == "preVerifyJSAPI:ok"
    assert frame.reply("getContext")["err_msg"] == "getContext:ok"
    assert "no permission" in frame.reply("getCurExternalContact")["err_msg"]
    wrong = params | {"verifyNonceStr": "other"}
    assert frame.reply("preVerifyJSAPI", wrong)["err_msg"] == "preVerifyJSAPI:invalid signature"


def test_before_agent_config_nothing_is_allowed(frame):
    assert frame.reply("getContext")["err_msg"] == "getContext:fail no permission"
    assert frame.reply("sendChatMessage")["err_msg"] == "sendChatMessage:fail no permission"


def test_another_page_in_the_frame_must_pass_again(sidebar):
    other = sidebar.reply("getContext", page_url="http://localhost:8000/s/other/")
    assert other["err_msg"] == "getContext:fail no permission"


def test_a_call_that_was_not_listed_is_refused(frame):
    frame.config(apis=["getContext"])
    assert frame.reply("sendChatMessage")["err_msg"] == "sendChatMessage:fail no permission"
    on_android = frame.reply("sendChatMessage", platform="android")["err_msg"]
    assert "maybe not added to jsApiList" in on_android


@pytest.mark.parametrize(
    ("entry", "customer", "group"),
    [
        ("single_chat_tools", True, False),
        ("contact_profile", True, False),
        ("group_chat_tools", False, True),
        ("chat_attachment", False, False),
        ("normal", False, False),
    ],
)
def test_each_entry_knows_its_customer_or_its_group(sidebar, entry, customer, group):
    where = {"entry": entry, "chat_id": "wrSomeGroup"}
    known = sidebar.reply("getCurExternalContact", **where)
    assert ("userId" in known) is customer
    assert ("chatId" in sidebar.reply("getCurExternalChat", **where)) is group


def test_the_customer_is_the_one_of_the_open_chat(sidebar):
    su = sidebar.played.customer("su")
    assert sidebar.reply("getCurExternalContact", external_userid=su)["userId"] == su


def test_a_sent_card_stands_in_the_chat(sidebar):
    answer = sidebar.invoke("sendChatMessage", {"msgtype": "news", "news": NEWS})
    assert answer["reply"] == {"err_msg": "sendChatMessage:ok"}
    assert answer["message"]["source"] == "sidebar"
    assert sidebar.played.chat("linxm", sidebar.played.customer("zhou"))[-1]["payload"] == NEWS


def test_an_uploaded_picture_can_be_sent_while_it_lives(sidebar):
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 64
    row = media.upload(kind="image", filename="大衣.png", content_type="image/png", content=png)
    sent = {"msgtype": "image", "image": {"mediaid": row.media_id}}
    assert sidebar.reply("sendChatMessage", sent)["err_msg"] == "sendChatMessage:ok"
    Media.objects.update(expires_at=now() - timedelta(seconds=1))
    assert (
        sidebar.reply("sendChatMessage", sent)["err_msg"] == "sendChatMessage:fail invalid mediaid"
    )


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"msgtype": "poem", "poem": {}}, "fail unsupported msgtype"),
        ({"msgtype": "text", "text": {"content": " "}}, "fail, invalid param"),
        ({"msgtype": "text"}, "fail, invalid param"),
        ({"msgtype": "news", "news": NEWS | {"imgUrl": ""}}, "fail, invalid param"),
        ({"msgtype": "news", "news": NEWS | {"link": "javascript:1"}}, "fail, invalid param"),
        ({"msgtype": "news", "news": NEWS | {"imgUrl": "file:1"}}, "fail invalid imgUrl"),
        (
            {
                "msgtype": "miniprogram",
                "miniprogram": {"appid": "wx1", "title": "t", "imgUrl": "x", "page": "a.html"},
            },
            "fail invalid imgUrl",
        ),
        (
            {
                "msgtype": "miniprogram",
                "miniprogram": {"appid": "w", "title": "t", "imgUrl": "https://a/1", "page": "a"},
            },
            "fail, invalid param",
        ),
    ],
)
def test_payloads_that_the_client_refuses(sidebar, params, words):
    before = ChatMessage.objects.count()
    assert sidebar.reply("sendChatMessage", params)["err_msg"] == f"sendChatMessage:{words}"
    assert ChatMessage.objects.count() == before


def test_only_windows_wants_a_cover(sidebar):
    params = {"msgtype": "news", "news": NEWS | {"imgUrl": ""}}
    reply = sidebar.reply("sendChatMessage", params, platform="mac")
    assert reply["err_msg"] == "sendChatMessage:ok"


def test_outside_a_chat_nothing_can_be_sent(sidebar):
    params = {"msgtype": "text", "text": {"content": "你好"}}
    words = "without context of external contact"
    desk = sidebar.reply("sendChatMessage", params, entry="contact_profile")
    phone = sidebar.reply("sendChatMessage", params, entry="normal", platform="ios")
    assert desk["err_msg"] == f"sendChatMessage:fail {words}"
    assert phone["err_msg"] == f"sendChatMessage:fail_{words}"


def test_a_member_without_the_right_is_refused(sidebar):
    User.objects.filter(userid="linxm").update(contact_right=False)
    assert "no permission" in sidebar.reply("getCurExternalContact")["err_msg"]
    on_ios = sidebar.reply("getCurExternalContact", platform="ios")
    assert on_ios["err_msg"] == "getCurExternalContact:fail_no permission to execute"
    assert sidebar.config()["checkResult"]["sendChatMessage"] is False


def test_an_app_that_is_not_listed_is_refused(sidebar):
    App.objects.filter(kind=App.Kind.APP).update(callable=False)
    assert "no permission" in sidebar.reply("sendChatMessage")["err_msg"]


def test_the_member_may_cancel_and_nothing_is_sent(sidebar):
    params = {"msgtype": "news", "news": NEWS}
    before = ChatMessage.objects.count()
    reply = sidebar.reply("sendChatMessage", params, switch="cancel")
    assert reply == {"err_msg": "sendChatMessage:cancel"}
    assert ChatMessage.objects.count() == before


def test_the_switches_can_be_set_for_the_whole_client(sidebar):
    sidebar.played.raise_event("client_switch", value="wrong_context")
    assert sidebar.reply("getContext")["entry"] == "normal"
    sidebar.played.raise_event("client_switch", value="no_permission")
    assert "no permission" in sidebar.reply("getCurExternalContact")["err_msg"]
    sidebar.played.raise_event("client_switch", value="never_answers")
    assert sidebar.invoke("getContext")["answers"] is False
    sidebar.played.raise_event("client_switch", value="")
    assert sidebar.invoke("getContext")["answers"] is True


def test_a_call_that_is_not_played_says_so(sidebar):
    assert sidebar.reply("scanQRCode") == {"err_msg": "system:function_not_exist"}
    checked = sidebar.reply("checkJsApi", {"jsApiList": ["scanQRCode", "getContext"]})
    assert checked["checkResult"] == {"scanQRCode": False, "getContext": True}


def test_opening_a_chat_names_the_customer(frame):
    frame.config(apis=["openEnterpriseChat"])
    su = frame.played.customer("su")
    answer = frame.invoke("openEnterpriseChat", {"externalUserIds": su, "userIds": ""})
    assert answer["open_chat"] == su
    assert "fail" not in answer["reply"]["err_msg"]


def test_another_member_takes_over_and_the_apps_cookies_go(played):
    jar = played.client.cookies
    jar["session"], jar["sandbox_width"], jar["look"] = "old", "390", "dark"
    assert played.post_page("client/person", {"userid": "chenyu"}) == (200, {"userid": "chenyu"})
    assert jar["sandbox_person"].value == "chenyu"
    assert jar["session"].value == ""
    assert (jar["look"].value, jar["sandbox_width"].value) == ("dark", "390")


def test_nobody_unknown_takes_over(played):
    assert played.post_page("client/person", {"userid": "ghost"})[0] == 400
    assert "sandbox_person" not in played.client.cookies


def test_words_typed_in_the_window_stay_there(played):
    zhou = played.customer("zhou")
    body = {"userid": "linxm", "external_userid": zhou, "sender": "customer", "text": " 在吗 "}
    assert played.post_page("client/say", body)[1]["message"]["sender"] == "customer"
    assert played.post_page("client/say", body | {"text": " "})[0] == 400
    assert played.post_page("client/say", body | {"userid": "ghost"})[0] == 400
    assert played.chat("linxm", zhou)[-1]["payload"] == {"content": "在吗"}


def test_an_invoke_that_is_no_call_is_refused(played):
    assert played.post_page("client/invoke", {"api": "getContext", "params": []})[0] == 400


def test_the_log_shows_each_call_of_the_page(sidebar):
    sidebar.reply("getCurExternalContact")
    line = sidebar.played.jssdk_calls()[-1]
    assert (line.title, line.ok) == ("getCurExternalContact", True)
    assert line.external_userid == sidebar.played.customer("zhou")
