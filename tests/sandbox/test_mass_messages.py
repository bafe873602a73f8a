"""Mass messages: tasks that members confirm, limits of what a customer gets, and no event."""

from datetime import timedelta

import pytest

from guideapp.core.clock import SHANGHAI
from guideapp.sandbox import clock
from guideapp.sandbox.models import Follow, User
from guideapp.sandbox.services import ids, media

ADD = "externalcontact/add_msg_template"
TASK = "externalcontact/get_groupmsg_task"
RESULT = "externalcontact/get_groupmsg_send_result"
LIST = "externalcontact/get_groupmsg_list_v2"
REMIND = "externalcontact/remind_groupmsg_send"
CANCEL = "externalcontact/cancel_groupmsg_send"
VIP = ids.chat_id("vip")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


def add(played, **change):
    body = {"sender": "linxm", "text": {"content": "周末到店有惊喜"}} | change
    return played.post(ADD, played.token(), body)


def dispatched(played, **change):
    msgid = add(played, **change)["msgid"]
    clock.advance(3)
    return msgid


def ask(played, path, **body):
    return played.post(path, played.token(), body)


def statuses(played, msgid, userid="linxm"):
    rows = ask(played, RESULT, msgid=msgid, userid=userid)["send_list"]
    return {row.get("external_userid") or row["chat_id"]: row["status"] for row in rows}


def to_next_monday(played):
    """An hour after midnight in Shanghai."""
    local = clock.now().astimezone(SHANGHAI)
    monday = local.replace(hour=1, minute=0) + timedelta(days=7 - local.weekday())
    clock.advance(int((monday - local).total_seconds()))


def confirmed(played, customer):
    msgid = dispatched(played, external_userid=[customer])
    return played.raise_event("mass_confirm", msgid=msgid, userid="linxm")["targets"]


def test_a_task_is_dispatched_first_and_pending_then(played):
    msgid = add(played)["msgid"]
    assert ask(played, TASK, msgid=msgid)["errcode"] == 41063
    assert ask(played, RESULT, msgid=msgid, userid="linxm")["errcode"] == 41063
    clock.advance(3)
    assert ask(played, TASK, msgid=msgid)["task_list"] == [{"userid": "linxm", "status": 0}]
    assert set(statuses(played, msgid).values()) == {0}
    assert played.chat("linxm", played.customer("juzi")) == []


def test_confirmed_by_the_member_it_stands_in_every_chat_and_no_event_tells(played):
    image = media.upload(kind="image", filename="图.png", content_type="image/png", content=PNG)
    attachments = [{"msgtype": "image", "image": {"media_id": image.media_id}}]
    msgid = dispatched(played, attachments=attachments)
    played.raise_event("mass_confirm", msgid=msgid, userid="linxm")
    task = ask(played, TASK, msgid=msgid)["task_list"][0]
    assert (task["status"], abs(task["send_time"] - clock.unix_now()) < 5) == (2, True)
    assert list(statuses(played, msgid).values()) == [1, 1, 1]
    bubbles = played.chat("linxm", played.customer("juzi"))
    assert [(row["msgtype"], row["source"]) for row in bubbles] == [
        ("text", "mass"),
        ("image", "mass"),
    ]
    assert played.waiting() == []


def test_customers_who_are_no_friends_are_named_at_once(played):
    juzi, gu = played.customer("juzi"), played.customer("gu")
    answer = add(played, external_userid=[juzi, gu, "wmNone"])
    assert answer["fail_list"] == [gu, "wmNone"]


def test_with_nobody_left_there_is_no_message(played):
    answer = add(played, external_userid=[played.customer("gu")])
    assert (answer["errcode"], answer["fail_list"]) == (41048, [])
    assert "msgid" not in answer


def test_without_a_sender_the_last_to_talk_sends(played):
    zhou, gu = played.customer("zhou"), played.customer("gu")
    played.raise_event("user_message", userid="zhaoke", external_userid=zhou, text="在吗")
    msgid = dispatched(played, sender="", external_userid=[zhou, gu])
    rows = ask(played, TASK, msgid=msgid)["task_list"]
    assert {row["userid"] for row in rows} == {"zhaoke", "chenyu"}


def test_tags_of_one_list_are_alternatives_and_lists_add_up(played):
    def tagged(*names):
        return {"tag_list": [ids.tag_id(name) for name in names]}

    either = {"group_list": [tagged("会员等级/金卡", "会员等级/银卡")]}
    both = {"group_list": [tagged("会员等级/金卡", "会员等级/银卡"), tagged("偏好/针织")]}
    assert len(statuses(played, dispatched(played, tag_filter=either))) == 2
    assert statuses(played, dispatched(played, tag_filter=both)) == {played.customer("su"): 0}


def test_a_customer_who_left_meanwhile_gets_status_2(played):
    msgid = dispatched(played)
    juzi = played.customer("juzi")
    played.raise_event("del_follow_user", userid="linxm", external_userid=juzi)
    outcome = played.raise_event("mass_confirm", msgid=msgid, userid="linxm")
    assert outcome["targets"][juzi] == 2


def test_over_the_limit_a_customer_gets_status_3(played):
    played.raise_event("campaign_rules", mass_limit="day")
    played.raise_event(
        "mass_personal", userid="linxm", text="早", external_userids=[played.customer("juzi")]
    )
    msgid = dispatched(played)
    played.raise_event("mass_confirm", msgid=msgid, userid="linxm")
    assert statuses(played, msgid) == {
        played.customer("zhou"): 1,
        played.customer("juzi"): 3,
        played.customer("su"): 1,
    }


def test_by_default_a_customer_gets_as_many_as_the_month_has_days(played):
    juzi = played.customer("juzi")
    for _ in range(31):
        played.raise_event("mass_personal", userid="linxm", text="早", external_userids=[juzi])
    outcome = played.raise_event(
        "mass_confirm", msgid=dispatched(played, external_userid=[juzi]), userid="linxm"
    )
    assert outcome["targets"] == {juzi: 3}


def test_with_the_limit_of_a_week_the_eighth_is_not_sent_until_monday(played):
    played.raise_event("campaign_rules", mass_limit="week")
    to_next_monday(played)
    juzi = played.customer("juzi")
    for _ in range(7):
        played.raise_event("mass_personal", userid="linxm", text="早", external_userids=[juzi])
    assert confirmed(played, juzi) == {juzi: 3}
    to_next_monday(played)
    assert confirmed(played, juzi) == {juzi: 1}


def test_the_member_may_deselect_only_where_it_is_allowed(played):
    juzi = played.customer("juzi")
    strict = {"type": "mass_confirm", "msgid": dispatched(played), "userid": "linxm"}
    assert played.post_page("control/events", strict | {"only": [juzi]})[0] == 400
    free = dispatched(played, allow_select=True)
    played.raise_event("mass_confirm", msgid=free, userid="linxm", only=[juzi])
    assert sorted(statuses(played, free).values()) == [0, 0, 1]


def test_a_message_to_groups_shows_only_those_that_were_sent(played):
    msgid = dispatched(played, chat_type="group", sender="hejs")
    assert ask(played, RESULT, msgid=msgid, userid="hejs")["send_list"] == []
    played.raise_event("mass_confirm", msgid=msgid, userid="hejs")
    assert statuses(played, msgid, "hejs") == {VIP: 1}


def test_only_the_owners_groups_can_be_named(played):
    answer = add(played, chat_type="group", sender="hejs", chat_id_list=[VIP, "wrNone"])
    assert answer["fail_list"] == ["wrNone"]
    stranger = add(played, chat_type="group", sender="linxm", chat_id_list=[VIP])
    assert stranger["errcode"] == 41048


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"text": {"content": ""}}, 40058),
        ({"text": {"content": "长" * 1334}}, 40058),
        ({"chat_type": "crowd"}, 40058),
        ({"sender": ""}, 40058),
        ({"chat_type": "group", "sender": ""}, 40058),
        ({"sender": "ghost"}, 40003),
        ({"sender": "wangsi"}, 84074),
        ({"external_userid": ["x"] * 10_001}, 40058),
        ({"chat_type": "group", "chat_id_list": ["x"] * 2_001}, 40058),
        ({"tag_filter": {"group_list": [{"tag_list": ["x"] * 101}]}}, 40058),
        ({"attachments": [{"msgtype": "poem", "poem": {}}]}, 41065),
        ({"attachments": [{"msgtype": "image", "image": {"pic_url": "https://a.b/c/0"}}]}, 40058),
        ({"attachments": [{"msgtype": "file", "file": {"media_id": "x"}}] * 10}, 41064),
    ],
)
def test_messages_that_are_refused(played, change, errcode):
    assert add(played, **change)["errcode"] == errcode


def test_a_sender_outside_the_visible_range(played):
    User.objects.filter(userid="linxm").update(in_scope=False)
    assert add(played)["errcode"] == 60011


def test_three_reminders_in_a_day(played):
    msgid = dispatched(played)
    codes = [ask(played, REMIND, msgid=msgid)["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 41094]
    clock.advance(24 * 3600)
    assert ask(played, REMIND, msgid=msgid)["errcode"] == 0


def test_a_cancelled_one_can_be_neither_confirmed_nor_reminded_of(played):
    msgid = dispatched(played)
    assert ask(played, CANCEL, msgid=msgid)["errcode"] == 0
    assert ask(played, REMIND, msgid=msgid)["errcode"] == 41093
    confirm = {"type": "mass_confirm", "msgid": msgid, "userid": "linxm"}
    assert played.post_page("control/events", confirm)[0] == 400
    assert set(statuses(played, msgid).values()) == {0}


@pytest.mark.parametrize("path", [TASK, RESULT, REMIND, CANCEL])
def test_a_missing_and_an_unknown_message(played, path):
    assert ask(played, path, userid="linxm")["errcode"] == 41046
    assert ask(played, path, userid="linxm", msgid="none")["errcode"] == 41047


def test_the_list_holds_the_companys_and_the_members_own(played):
    add(played)
    gu = played.customer("gu")
    played.raise_event("mass_personal", userid="chenyu", text="早", external_userids=[gu])
    now = clock.unix_now()
    body = {"chat_type": "single", "start_time": now - 60, "end_time": now + 60}
    company, personal = ask(played, LIST, **body)["group_msg_list"]
    assert "creator" not in company
    assert (company["create_type"], company["text"]) == (0, {"content": "周末到店有惊喜"})
    assert (personal["create_type"], personal["creator"]) == (1, "chenyu")
    assert len(ask(played, LIST, **body, filter_type=0)["group_msg_list"]) == 1
    assert len(ask(played, LIST, **body, creator="chenyu")["group_msg_list"]) == 1


def test_the_list_takes_a_month_at_most_and_goes_on_by_a_cursor(played):
    now = clock.unix_now()
    long = {"chat_type": "single", "start_time": now - 32 * 24 * 3600, "end_time": now}
    assert ask(played, LIST, **long)["errcode"] == 40058
    add(played)
    add(played)
    body = {"chat_type": "single", "start_time": now - 60, "end_time": now + 60, "limit": 1}
    first = ask(played, LIST, **body)
    rest = ask(played, LIST, **body, cursor=first["next_cursor"])
    assert rest["next_cursor"] == ""
    assert rest["group_msg_list"][0]["msgid"] != first["group_msg_list"][0]["msgid"]


def test_results_come_in_pages(played):
    msgid = dispatched(played)
    first = ask(played, RESULT, msgid=msgid, userid="linxm", limit=2)
    rest = ask(played, RESULT, msgid=msgid, userid="linxm", cursor=first["next_cursor"])
    assert (len(first["send_list"]), len(rest["send_list"])) == (2, 1)
    assert ask(played, RESULT, msgid=msgid, userid="linxm", cursor="x")["errcode"] == 50100


def test_userids_come_back_in_lower_case(played):
    User.objects.filter(userid="linxm").update(userid="LinXM")
    msgid = dispatched(played)
    assert ask(played, TASK, msgid=msgid)["task_list"][0]["userid"] == "linxm"
    rows = ask(played, RESULT, msgid=msgid, userid="LinXM")["send_list"]
    assert {row["userid"] for row in rows} == {"linxm"}


def test_ten_thousand_customers_are_one_task(played):
    assert Follow.objects.count() == 10
    asked = [f"wmNone{n}" for n in range(9_999)] + [played.customer("juzi")]
    assert len(add(played, external_userid=asked)["fail_list"]) == 9_999
