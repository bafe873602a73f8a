"""An outside client talks to the standalone sandbox with nothing but its addresses changed."""

import pytest
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient, parse_message


class Client(WeChatClient):
    """wechatpy's own client; it spells the address of the token out, so that is changed too."""

    def __init__(self, alone, secret=""):
        self.API_BASE_URL = f"{alone.api}/"
        super().__init__(alone.keys["corp_id"], secret or alone.keys["app_secret"])

    def fetch_access_token(self):
        return self._fetch_access_token(
            url=f"{self.API_BASE_URL}gettoken",
            params={"corpid": self.corp_id, "corpsecret": self.secret},
        )


@pytest.fixture
def outside(alone) -> Client:
    return Client(alone)


def test_it_fetches_a_token(outside):
    assert outside.fetch_access_token()["expires_in"] <= 7200
    assert outside.access_token


def test_it_reads_departments_and_users(outside):
    departments = outside.department.list()
    users = outside.department.get_users(1, fetch_child=1, simple=False)
    assert [row["name"] for row in departments][0] == "青禾服饰"
    assert len(users) == 6
    assert outside.user.get("linxm")["name"] == "林小满"
    assert outside.department.get(3)["id"] == 3
    assert {row["id"] for row in outside.department.simple_list()} == {1, 2, 3, 4, 9}


def test_it_reads_follow_users_and_customers(outside, alone):
    follow_users = outside.external_contact.get_follow_user_list()["follow_user"]
    assert "linxm" in follow_users
    ids = outside.external_contact.list("linxm")["external_userid"]
    assert alone.customer("zhou") in ids
    customer = outside.external_contact.get(ids[0])
    assert customer["external_contact"]["name"] == "晚晴"
    rows = list(outside.external_contact.gen_all_by_user("linxm", limit=2))
    assert len(rows) == 3


def test_it_reads_makes_and_sets_tags(outside, alone):
    groups = outside.external_contact.get_corp_tag_list()["tag_group"]
    assert [group["group_name"] for group in groups] == ["会员等级", "偏好"]
    made = outside.external_contact.add_corp_tag(None, "跟进", 1, [{"name": "待回访", "order": 1}])
    tag_id = made["tag_group"]["tag"][0]["id"]
    zhou = alone.customer("zhou")
    outside.external_contact.mark_tag("linxm", zhou, add_tag=[tag_id])
    assert "待回访" in [tag["name"] for tag in alone.follow("linxm", zhou)["tags"]]


def test_it_fetches_tickets(outside):
    assert outside.jsapi.get_ticket()["ticket"]
    assert outside.jsapi.get_agent_ticket()["ticket"] != outside.jsapi.get_ticket()["ticket"]


def test_it_sends_a_message(outside, alone):
    outside.message.send_text(1000002, ["linxm"], content="早上好")
    assert alone.app_messages("linxm")[0]["payload"]["content"] == "早上好"


def test_it_uploads_a_picture(outside):
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 64
    assert outside.media.upload("image", ("大衣.png", png))["media_id"]


def test_it_refreshes_an_expired_token_by_itself(outside, alone):
    outside.user.get("linxm")
    alone.raise_event("expire_tokens")
    assert outside.user.get("linxm")["userid"] == "linxm"


def test_it_hears_the_right_codes(outside, alone):
    with pytest.raises(WeChatClientException) as unknown:
        outside.user.get("ghost")
    with pytest.raises(WeChatClientException) as wrong:
        Client(alone, secret="wrong").fetch_access_token()
    assert (unknown.value.errcode, wrong.value.errcode) == (60111, 40001)


def test_its_cipher_passes_the_address_check(alone):
    assert alone.raise_event("verify_callback")["ok"] is True


def test_its_cipher_reads_what_a_customer_does(alone):
    pair = {"userid": "linxm", "external_userid": alone.customer("zhou")}
    alone.raise_event("del_follow_user", **pair)
    (text,) = alone.app.texts(1)
    event = parse_message(text)
    assert (event.event, event.source) == ("change_external_contact", "sys")
    assert event._data["ChangeType"] == "del_follow_user"
    assert event._data["ExternalUserID"] == alone.customer("zhou")


def test_it_greets_a_newcomer_with_the_code_of_the_event(outside, alone):
    added = alone.raise_event("add_external_contact", userid="linxm", name="新客")
    code = parse_message(alone.app.texts(1)[0])._data["WelcomeCode"]
    words = {"welcome_code": code, "text": {"content": "你好，我是小满"}}
    outside.post("externalcontact/send_welcome_msg", data=words)
    (greeting,) = [
        row for row in alone.chat("linxm", added["external_userid"]) if row["source"] == "welcome"
    ]
    assert greeting["payload"]["content"] == "你好，我是小满"
    with pytest.raises(WeChatClientException) as again:
        outside.post("externalcontact/send_welcome_msg", data=words)
    assert again.value.errcode in {41050, 41051}


def test_an_app_that_fails_is_told_three_times_in_the_same_words(alone):
    alone.app.answers = [500, 500]
    alone.raise_event("del_follow_user", userid="linxm", external_userid=alone.customer("juzi"))
    assert len(set(alone.app.texts(3))) == 1
