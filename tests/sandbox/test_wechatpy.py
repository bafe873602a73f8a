"""An outside client talks to the sandbox with nothing but its addresses changed."""

import pytest
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient


class Client(WeChatClient):
    """wechatpy's own client; it spells the address of the token out, so that is changed too."""

    def __init__(self, wecom, secret="test-app-secret"):
        self.API_BASE_URL = f"{wecom.api}/"
        super().__init__("ww0a1b2c3d4e5f6071", secret)

    def fetch_access_token(self):
        return self._fetch_access_token(
            url=f"{self.API_BASE_URL}gettoken",
            params={"corpid": self.corp_id, "corpsecret": self.secret},
        )


@pytest.fixture
def outside(wecom) -> Client:
    return Client(wecom)


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


def test_it_reads_follow_users_and_customers(outside, wecom):
    follow_users = outside.external_contact.get_follow_user_list()["follow_user"]
    assert "linxm" in follow_users
    ids = outside.external_contact.list("linxm")["external_userid"]
    assert wecom.customer("zhou") in ids
    customer = outside.external_contact.get(ids[0])
    assert customer["external_contact"]["name"] == "晚晴"
    rows = list(outside.external_contact.gen_all_by_user("linxm", limit=2))
    assert len(rows) == 3


def test_it_reads_makes_and_sets_tags(outside, wecom):
    groups = outside.external_contact.get_corp_tag_list()["tag_group"]
    assert [group["group_name"] for group in groups] == ["会员等级", "偏好"]
    made = outside.external_contact.add_corp_tag(None, "跟进", 1, [{"name": "待回访", "order": 1}])
    tag_id = made["tag_group"]["tag"][0]["id"]
    zhou = wecom.customer("zhou")
    outside.external_contact.mark_tag("linxm", zhou, add_tag=[tag_id])
    assert "待回访" in [tag["name"] for tag in wecom.follow("linxm", zhou)["tags"]]


def test_it_fetches_tickets(outside):
    assert outside.jsapi.get_ticket()["ticket"]
    assert outside.jsapi.get_agent_ticket()["ticket"] != outside.jsapi.get_ticket()["ticket"]


def test_it_sends_a_message(outside, wecom):
    outside.message.send_text(1000002, ["linxm"], content="早上好")
    assert wecom.app_messages("linxm")[0]["payload"]["content"] == "早上好"


def test_it_uploads_a_picture(outside):
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 64
    assert outside.media.upload("image", ("大衣.png", png))["media_id"]


def test_it_refreshes_an_expired_token_by_itself(outside, wecom):
    outside.user.get("linxm")
    wecom.raise_event("expire_tokens")
    assert outside.user.get("linxm")["userid"] == "linxm"


def test_it_hears_the_right_codes(outside, wecom):
    with pytest.raises(WeChatClientException) as unknown:
        outside.user.get("ghost")
    with pytest.raises(WeChatClientException) as wrong:
        Client(wecom, secret="wrong").fetch_access_token()
    assert (unknown.value.errcode, wrong.value.errcode) == (60111, 40001)
