"""An outside client uses groups and campaigns with nothing but its addresses changed."""

import pytest
from wechatpy.exceptions import WeChatClientException

from guideapp.sandbox.services import ids
from tests.sandbox.test_wechatpy import Client

VIP = ids.chat_id("vip")


@pytest.fixture
def outside(alone) -> Client:
    return Client(alone)


def test_it_reads_groups_and_who_is_in_them(outside):
    listed = outside.external_contact.get_group_chat_list(limit=10)["group_chat_list"]
    assert [row["chat_id"] for row in listed] == [VIP]
    found = outside.external_contact.get_group_chat_info(VIP)["group_chat"]
    assert len(found["member_list"]) == 6


def test_it_follows_a_mass_message_to_its_result(outside, alone):
    alone.raise_event("campaign_rules", dispatch_seconds=0)
    template = {"chat_type": "single", "sender": "linxm", "text": {"content": "周末见"}}
    msgid = outside.external_contact.add_msg_template(template)["msgid"]
    alone.raise_event("mass_confirm", msgid=msgid, userid="linxm")
    body = {"msgid": msgid, "userid": "linxm"}
    sent = outside.post("externalcontact/get_groupmsg_send_result", data=body)["send_list"]
    assert [row["status"] for row in sent] == [1, 1, 1]


def test_it_keeps_a_group_welcome(outside):
    words = {"text": {"content": "欢迎 %NICKNAME%"}}
    template_id = outside.external_contact.add_group_welcome_template(words)["template_id"]
    found = outside.external_contact.get_group_welcome_template(template_id)
    assert found["text"] == words["text"]


def test_it_hears_that_a_mass_message_is_still_being_dispatched(outside):
    template = {"chat_type": "single", "sender": "linxm", "text": {"content": "周末见"}}
    msgid = outside.external_contact.add_msg_template(template)["msgid"]
    with pytest.raises(WeChatClientException) as early:
        outside.post("externalcontact/get_groupmsg_task", data={"msgid": msgid})
    assert early.value.errcode == 41063
