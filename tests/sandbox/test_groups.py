"""Customer groups: what people do, the chain of versions, and what the API says."""

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.models import Corp, GroupChat, User
from guideapp.sandbox.services import ids

LIST = "externalcontact/groupchat/list"
GET = "externalcontact/groupchat/get"
VIP = ids.chat_id("vip")


def group(played, chat_id=VIP, **more):
    return played.post(GET, played.token(), {"chat_id": chat_id} | more)


def last_event(played):
    return played.waiting()[-1].plain


def test_the_list_and_the_group_with_its_people(played):
    listed = played.post(LIST, played.token(), {"limit": 10})
    assert listed["group_chat_list"] == [{"chat_id": VIP, "status": 0}]
    assert listed["next_cursor"] == ""
    found = group(played, need_name=1)["group_chat"]
    assert (found["name"], found["owner"]) == ("星河里 VIP 群", "hejs")
    zhou = found["member_list"][3]
    assert (zhou["type"], zhou["name"], zhou["join_scene"]) == (2, "晚晴", 1)
    assert zhou["unionid"].startswith("o")
    assert found["member_list"][0]["type"] == 1


def test_names_stand_there_only_when_asked_for(played):
    assert all("name" not in row for row in group(played)["group_chat"]["member_list"])


def test_the_union_id_is_there_only_for_a_bound_company(played):
    Corp.objects.update(unionid_bound=False)
    assert all("unionid" not in row for row in group(played)["group_chat"]["member_list"])


@pytest.mark.parametrize(
    ("body", "errcode"), [({}, 40058), ({"limit": 1001}, 40058), ({"limit": 0}, 40058)]
)
def test_the_list_needs_a_limit(played, body, errcode):
    assert played.post(LIST, played.token(), body)["errcode"] == errcode


def test_a_large_range_without_owners_is_too_much(played):
    User.objects.bulk_create(
        User(userid=f"m{n}", folded=f"m{n}", name="店员", departments=[{"id": 3}])
        for n in range(1000)
    )
    assert played.post(LIST, played.token(), {"limit": 10})["errcode"] == 81017
    named = {"limit": 10, "owner_filter": {"userid_list": ["HEJS"]}}
    assert len(played.post(LIST, played.token(), named)["group_chat_list"]) == 1


def test_pages_go_on_by_a_cursor_that_fits_only_its_list(played):
    for n in range(3):
        played.raise_event("group_create", owner="hejs", name=f"群{n}")
    first = played.post(LIST, played.token(), {"limit": 3})
    rest = played.post(LIST, played.token(), {"limit": 3, "cursor": first["next_cursor"]})
    assert (len(first["group_chat_list"]), len(rest["group_chat_list"])) == (3, 1)
    foreign = {"limit": 3, "status_filter": 1, "cursor": first["next_cursor"]}
    assert played.post(LIST, played.token(), foreign)["errcode"] == 50100


def test_a_group_of_a_left_owner_has_status_1(played):
    played.raise_event("delete_user", userid="hejs")
    listed = played.post(LIST, played.token(), {"limit": 10, "status_filter": 1})
    assert listed["group_chat_list"] == [{"chat_id": VIP, "status": 1}]


def test_outside_the_visible_range_a_group_is_left_out_or_refused(played):
    User.objects.filter(userid="hejs").update(in_scope=False)
    assert played.post(LIST, played.token(), {"limit": 10})["group_chat_list"] == []
    assert group(played)["errcode"] == 60011


def test_an_unknown_and_a_dismissed_group(played):
    assert group(played, "wrNone")["errcode"] == 40050
    played.raise_event("group_dismiss", chat_id=VIP)
    assert group(played)["errcode"] == 49008
    assert "<ChangeType><![CDATA[dismiss]]></ChangeType>" in last_event(played)


def test_a_new_group_is_told_with_its_id_before_the_change_type(played):
    made = played.raise_event("group_create", owner="linxm", name="周末活动", members=["chenyu"])
    xml = last_event(played)
    assert (
        "<Event><![CDATA[change_external_chat]]></Event>"
        f"<ChatId><![CDATA[{made['chat_id']}]]></ChatId>"
        "<ChangeType><![CDATA[create]]></ChangeType></xml>"
    ) in xml
    people = group(played, made["chat_id"])["group_chat"]["member_list"]
    assert [row["userid"] for row in people] == ["linxm", "chenyu"]


def test_joining_is_told_in_the_order_of_the_reference(played):
    before = group(played)["group_chat"]["member_version"]
    juzi = played.customer("juzi")
    outcome = played.raise_event("group_join", chat_id=VIP, people=[juzi], scene=3)
    assert last_event(played).endswith(
        "<ChangeType><![CDATA[update]]></ChangeType>"
        "<UpdateDetail><![CDATA[add_member]]></UpdateDetail>"
        "<JoinScene>3</JoinScene><MemChangeCnt>1</MemChangeCnt>"
        f"<MemChangeList><Item><![CDATA[{juzi}]]></Item></MemChangeList>"
        f"<LastMemVer><![CDATA[{before}]]></LastMemVer>"
        f"<CurMemVer><![CDATA[{outcome['member_version']}]]></CurMemVer></xml>"
    )


def test_every_change_of_members_continues_the_chain_of_versions(played):
    juzi = played.customer("juzi")
    joined = played.raise_event(
        "group_join", chat_id=VIP, people=[juzi], state="poster8", invitor="linxm"
    )
    left = played.raise_event("group_leave", chat_id=VIP, people=[juzi], removed=True)
    xml = last_event(played)
    assert f"<LastMemVer><![CDATA[{joined['member_version']}]]>" in xml
    assert "<QuitScene>1</QuitScene><MemChangeCnt>1</MemChangeCnt>" in xml
    assert group(played)["group_chat"]["member_version"] == left["member_version"]


def test_how_somebody_came_stands_in_the_group(played):
    juzi = played.customer("juzi")
    played.raise_event("group_join", chat_id=VIP, people=[juzi], state="poster8", invitor="linxm")
    row = group(played)["group_chat"]["member_list"][-1]
    assert (row["state"], row["invitor"]) == ("poster8", {"userid": "linxm"})
    assert "<JoinScene>0</JoinScene>" in last_event(played)


def test_a_new_name_is_told_with_elements_of_member_changes_as_observed(played):
    played.raise_event("group_edit", chat_id=VIP, name="星河里")
    xml = last_event(played)
    assert "<UpdateDetail><![CDATA[change_name]]></UpdateDetail>" in xml
    assert "<JoinScene>0</JoinScene><MemChangeCnt>0</MemChangeCnt>" in xml
    played.raise_event("group_edit", chat_id=VIP, notice="每周三上新")
    assert "MemChangeCnt" not in last_event(played)


def test_name_notice_owner_and_admins_change_without_a_new_version(played):
    before = group(played)["group_chat"]["member_version"]
    played.raise_event("group_edit", chat_id=VIP, name="星河里", notice="每周三上新")
    played.raise_event("group_owner", chat_id=VIP, userid="linxm")
    played.raise_event("group_admins", chat_id=VIP, userids=["chenyu"])
    found = group(played)["group_chat"]
    assert (found["name"], found["notice"], found["owner"]) == ("星河里", "每周三上新", "linxm")
    assert found["admin_list"] == [{"userid": "chenyu"}]
    assert found["member_version"] == before
    details = [row.plain.partition("UpdateDetail><![CDATA[")[2][:13] for row in played.waiting()]
    assert details == ["change_name]]", "change_notice", "change_owner]"]


def test_with_the_lag_switched_on_the_group_is_behind_its_event(played):
    played.raise_event("campaign_rules", group_lag_seconds=30)
    juzi = played.customer("juzi")
    outcome = played.raise_event("group_join", chat_id=VIP, people=[juzi])
    assert group(played)["group_chat"]["member_version"] != outcome["member_version"]
    clock.advance(31)
    assert group(played)["group_chat"]["member_version"] == outcome["member_version"]


def test_an_open_gid_leads_to_the_group(played):
    opengid = GroupChat.objects.get(chat_id=VIP).opengid
    path = "externalcontact/opengid_to_chatid"
    assert played.post(path, played.token(), {"opengid": opengid})["chat_id"] == VIP
    assert played.post(path, played.token(), {"opengid": "oNone"})["errcode"] == 90511
    User.objects.filter(userid="hejs").update(in_scope=False)
    assert played.post(path, played.token(), {"opengid": opengid})["errcode"] == 90509


@pytest.mark.parametrize(
    "body",
    [
        {"type": "group_join", "chat_id": "wrNone", "people": ["linxm"]},
        {"type": "group_join", "chat_id": VIP, "people": ["ghost"]},
        {"type": "group_join", "chat_id": VIP, "people": ["zhaoke"], "scene": 9},
        {"type": "group_leave", "chat_id": VIP, "people": ["zhaoke"]},
        {"type": "group_create", "owner": "ghost"},
        {"type": "group_create", "colour": "red"},
        {"type": "campaign_rules", "mass_limit": "never"},
        {"type": "campaign_rules", "gravity": 9},
    ],
)
def test_acts_that_make_no_sense_are_400(played, body):
    assert played.post_page("control/events", body)[0] == 400
    assert played.waiting() == []
