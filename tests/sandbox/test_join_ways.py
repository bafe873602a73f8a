"""Codes that lead into groups: fields, the first group with room, and automatic new ones."""

import pytest

from guideapp.sandbox.models import Corp
from guideapp.sandbox.services import ids

BASE = "externalcontact/groupchat"
VIP = ids.chat_id("vip")


def add(played, **more):
    body = {"scene": 2, "chat_id_list": [VIP], "state": "poster8", "room_base_name": "VIP"} | more
    return played.post(f"{BASE}/add_join_way", played.token(), body)


def get(played, config_id, secret="test-app-secret"):
    token = played.token(secret)
    return played.post(f"{BASE}/get_join_way", token, {"config_id": config_id})


def test_a_join_way_is_made_and_read(played):
    way = get(played, add(played, remark="门口" * 20)["config_id"])["join_way"]
    assert way["chat_id_list"] == [VIP]
    assert (way["auto_create_room"], way["state"], len(way["remark"])) == (1, "poster8", 30)
    picture = played.client.get(way["qr_code"])
    assert picture["Content-Type"] == "image/png"


def test_a_button_has_no_code(played):
    assert "qr_code" not in get(played, add(played, scene=1)["config_id"])["join_way"]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"scene": 3}, 41040),
        ({"chat_id_list": []}, 40058),
        ({"chat_id_list": [f"wr{n}" for n in range(6)]}, 41091),
        ({"chat_id_list": ["wrNone"]}, 40050),
        ({"auto_create_room": 2}, 40058),
    ],
)
def test_join_ways_that_are_refused(played, change, errcode):
    assert add(played, **change)["errcode"] == errcode


def test_an_update_resets_what_it_does_not_name(played):
    config_id = add(played, auto_create_room=0)["config_id"]
    body = {"config_id": config_id, "scene": 2, "chat_id_list": [VIP]}
    assert played.post(f"{BASE}/update_join_way", played.token(), body)["errcode"] == 0
    way = get(played, config_id)["join_way"]
    assert (way["state"], way["auto_create_room"]) == ("", 1)


def test_a_deleted_one_and_another_apps_are_unknown(played):
    config_id = add(played)["config_id"]
    assert played.post(f"{BASE}/del_join_way", played.token(), {"config_id": config_id})
    assert get(played, config_id)["errcode"] == 41044
    assert get(played, "")["errcode"] == 41043


def test_contact_ways_and_join_ways_share_a_quota(played):
    Corp.objects.update(contact_way_quota=1)
    assert add(played)["errcode"] == 0
    assert add(played)["errcode"] == 41045


def test_somebody_joins_by_the_code(played):
    config_id = add(played)["config_id"]
    joined = played.raise_event("join_way_scan", config_id=config_id, name="路人")
    assert joined["chat_id"] == VIP
    body = {"chat_id": VIP, "need_name": 1}
    found = played.post(f"{BASE}/get", played.token(), body)["group_chat"]
    row = found["member_list"][-1]
    assert (row["userid"], row["join_scene"]) == (joined["external_userid"], 3)
    assert (row["state"], row["name"]) == ("poster8", "路人")


def test_a_full_group_is_followed_by_a_new_one_with_a_number(played):
    played.raise_event("campaign_rules", group_size_max=6)
    config_id = add(played, room_base_id=10)["config_id"]
    joined = played.raise_event("join_way_scan", config_id=config_id, name="路人")
    body = {"chat_id": joined["chat_id"]}
    found = played.post(f"{BASE}/get", played.token(), body)["group_chat"]
    assert (found["name"], found["owner"]) == ("VIP10", "hejs")
    assert get(played, config_id)["join_way"]["chat_id_list"] == [VIP, joined["chat_id"]]
    assert [row.change_type for row in played.waiting()] == ["create", "update"]


def test_a_full_group_without_new_ones_ends_the_code(played):
    played.raise_event("campaign_rules", group_size_max=6)
    config_id = add(played, auto_create_room=0)["config_id"]
    scan = {"type": "join_way_scan", "config_id": config_id, "name": "路人"}
    assert played.post_page("control/events", scan)[0] == 400
