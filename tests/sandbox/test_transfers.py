"""Customers and groups that go over to another member, with a clock that can be moved."""

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.models import Follow, GroupChat, User

START, RESULT = "externalcontact/transfer_customer", "externalcontact/transfer_result"
LEFT = "externalcontact/resigned/transfer_customer"
LEFT_RESULT = "externalcontact/resigned/transfer_result"
UNASSIGNED = "externalcontact/get_unassigned_list"
DAY = 86400
BETWEEN = {"handover_userid": "linxm", "takeover_userid": "sunlan"}


def hand_over(played, *keys, path=START, **change) -> dict:
    ids = [played.customer(key) for key in keys]
    body = BETWEEN | {"external_userid": ids} | change
    return played.post(path, played.token(), body)


def codes(answer) -> list[int]:
    return [row["errcode"] for row in answer["customer"]]


def result(played, path=RESULT, **change) -> list[tuple[int, int]]:
    rows = played.post(path, played.token(), BETWEEN | change)["customer"]
    return [(row["status"], row["takeover_time"]) for row in rows]


def told(played) -> list[str]:
    return [row.change_type for row in played.waiting()]


def test_a_transfer_waits_a_day_and_then_happens_by_itself(played):
    answer = hand_over(played, "zhou", "juzi", transfer_success_msg="由孙岚为您服务")
    assert (answer["errcode"], codes(answer)) == (0, [0, 0])
    ((status, at), _other) = result(played)
    assert status == 2
    assert abs(at - clock.unix_now() - DAY) <= 5
    assert told(played) == []
    clock.advance(DAY)
    assert [status for status, _at in result(played)] == [1, 1]
    follow = played.follow("sunlan", played.customer("juzi"))
    assert follow["add_way"] == 202
    ask = {"access_token": played.token(), "external_userid": played.customer("juzi")}
    followers = played.get("externalcontact/get", **ask)["follow_user"]
    assert [row["userid"] for row in followers] == ["sunlan"]


def test_the_old_member_is_told_of_the_loss_and_the_new_one_of_the_friend(played):
    hand_over(played, "juzi")
    clock.advance(DAY)
    lost, won = played.waiting()
    assert (lost.change_type, won.change_type) == ("del_external_contact", "add_external_contact")
    assert "<Source><![CDATA[DELETE_BY_TRANSFER]]></Source>" in lost.plain
    assert "State" not in won.plain


def test_each_customer_has_a_code_of_its_own(played):
    hand_over(played, "juzi")
    ids = [played.customer("juzi"), "wmNobody", played.customer("gu"), played.customer("su")]
    answer = played.post(START, played.token(), BETWEEN | {"external_userid": ids})
    assert codes(answer) == [40129, 40096, 40131, 0]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"handover_userid": "ghost"}, 40003),
        ({"takeover_userid": ""}, 41009),
        ({"takeover_userid": "linxm"}, 40130),
        ({"takeover_userid": "wangsi"}, 84074),
        ({"external_userid": []}, 41035),
        ({"external_userid": ["wm"] * 101}, 40032),
        ({"transfer_success_msg": "长" * 201}, 40058),
    ],
)
def test_transfers_that_cannot_be_started(played, change, errcode):
    body = BETWEEN | {"external_userid": [played.customer("juzi")]} | change
    assert played.post(START, played.token(), body)["errcode"] == errcode


def test_the_receiver_must_be_active_and_verified(played):
    User.objects.filter(userid="sunlan").update(real_name=False)
    assert hand_over(played, "juzi")["errcode"] == 40098
    User.objects.filter(userid="sunlan").update(status=User.Status.NOT_ACTIVE)
    assert hand_over(played, "juzi")["errcode"] == 41054


def test_a_customer_may_refuse(played):
    hand_over(played, "juzi")
    played.raise_event("transfer_refuse", external_userid=played.customer("juzi"))
    assert result(played) == [(3, 0)]
    (row,) = played.waiting()
    assert row.change_type == "transfer_fail"
    assert "<UserID><![CDATA[sunlan]]></UserID>" in row.plain
    assert "<FailReason><![CDATA[customer_refused]]></FailReason>" in row.plain
    clock.advance(DAY)
    assert played.follow("linxm", played.customer("juzi"))["deleted_by_user"] is False


def test_a_receiver_without_room_is_refused_at_once_or_after_the_wait(played):
    hand_over(played, "juzi")
    User.objects.filter(userid="sunlan").update(customers_max=0)
    assert codes(hand_over(played, "su")) == [40099]
    clock.advance(DAY)
    assert result(played) == [(4, 0)]
    assert "customer_limit_exceed" in played.waiting()[0].plain


def test_a_customer_goes_over_twice_in_ninety_days_at_most(played):
    hand_over(played, "juzi")
    clock.advance(DAY)
    back = {"handover_userid": "sunlan", "takeover_userid": "linxm"}
    assert codes(hand_over(played, "juzi", **back)) == [0]
    clock.advance(DAY)
    assert codes(hand_over(played, "juzi")) == [40128]
    clock.advance(91 * DAY)
    assert codes(hand_over(played, "juzi")) == [0]


def test_a_friend_and_somebody_handed_over_before_are_no_news(played):
    hand_over(played, "zhou", takeover_userid="zhaoke")
    clock.advance(DAY)
    assert told(played) == ["del_external_contact"]
    back = {"handover_userid": "zhaoke", "takeover_userid": "linxm"}
    hand_over(played, "zhou", **back)
    clock.advance(DAY)
    assert told(played) == ["del_external_contact"] * 2


def test_customers_of_a_leaver_are_listed_and_given_away(played):
    in_service = hand_over(played, "juzi", path=LEFT)
    assert in_service["errcode"] == 40097
    played.raise_event("delete_user", userid="linxm")
    info = played.post(UNASSIGNED, played.token(), {})["info"]
    assert {row["external_userid"] for row in info} == {
        played.customer(key) for key in ("zhou", "juzi", "su")
    }
    assert abs(info[0]["dimission_time"] - clock.unix_now()) < 60
    assert codes(hand_over(played, "juzi", path=LEFT)) == [0]
    assert codes(hand_over(played, "juzi", path=LEFT)) == [40100]
    assert len(played.post(UNASSIGNED, played.token(), {})["info"]) == 2
    clock.advance(DAY)
    assert [status for status, _at in result(played, LEFT_RESULT)] == [1]
    assert result(played) == []
    assert told(played) == ["delete_user", "add_external_contact"]


def test_the_unassigned_come_by_page_or_by_cursor(played):
    played.raise_event("delete_user", userid="linxm")
    token = played.token()
    first = played.post(UNASSIGNED, token, {"page_id": 0, "page_size": 2})
    last = played.post(UNASSIGNED, token, {"page_id": 1, "page_size": 2})
    assert (first["is_last"], last["is_last"], len(last["info"])) == (False, True, 1)
    assert "next_cursor" not in first
    by_cursor = played.post(UNASSIGNED, token, {"page_size": 2})
    body = {"page_size": 2, "cursor": by_cursor["next_cursor"]}
    rest = played.post(UNASSIGNED, token, body)
    assert rest["info"] == last["info"]
    assert rest["next_cursor"] == ""
    assert played.post(UNASSIGNED, token, {"page_id": 50})["errcode"] == 40058
    assert played.post(UNASSIGNED, token, {"cursor": "x"})["errcode"] == 50100


def test_results_of_unknown_members_are_refused(played):
    body = {"handover_userid": "ghost", "takeover_userid": "linxm"}
    assert played.post(RESULT, played.token(), body)["errcode"] == 40003


def test_an_app_that_is_not_listed_may_not_transfer(played):
    token = played.token(secret="test-contacts-secret")
    body = BETWEEN | {"external_userid": [played.customer("juzi")]}
    assert played.post(START, token, body)["errcode"] == 48002


def give_group(played, name="onjob_transfer", **change) -> dict:
    chat_id = GroupChat.objects.get().chat_id
    body = {"chat_id_list": [chat_id], "new_owner": "linxm"} | change
    return played.post(f"externalcontact/groupchat/{name}", played.token(), body)


def failures(answer) -> list[int]:
    assert answer["errcode"] == 0
    return [row["errcode"] for row in answer["failed_chat_list"]]


def test_a_group_in_service_changes_its_owner_at_once(played):
    assert failures(give_group(played)) == []
    assert GroupChat.objects.get().owner.userid == "linxm"
    assert played.waiting() == []


def test_groups_that_cannot_be_given_are_named_with_a_code(played):
    assert failures(give_group(played, chat_id_list=["wrNone"])) == [90501]
    assert failures(give_group(played, new_owner="hejs")) == [90504]
    assert failures(give_group(played, "transfer")) == [90500]
    assert give_group(played, new_owner="ghost")["errcode"] == 46004
    assert give_group(played, chat_id_list=[])["errcode"] == 40058


def test_a_leavers_group_is_inherited_once(played):
    played.raise_event("delete_user", userid="hejs")
    assert failures(give_group(played)) == [90502]
    assert failures(give_group(played, "transfer", new_owner="sunlan")) == []
    group = GroupChat.objects.get()
    assert (group.owner.userid, group.status) == ("sunlan", 3)
    assert group.stays.present().filter(person="sunlan").exists()
    assert failures(give_group(played, "transfer")) == [90508]


def test_a_group_goes_over_twice_in_ninety_days_at_most(played):
    give_group(played, new_owner="linxm")
    give_group(played, new_owner="chenyu")
    assert failures(give_group(played, new_owner="hejs")) == [40128]
    clock.advance(91 * DAY)
    assert failures(give_group(played, new_owner="hejs")) == []


def test_a_relation_that_went_over_leaves_the_old_members_list(played):
    hand_over(played, "juzi")
    clock.advance(DAY)
    answer = played.get("externalcontact/list", access_token=played.token(), userid="linxm")
    assert played.customer("juzi") not in answer["external_userid"]
    assert Follow.objects.get(user__userid="linxm", customer__name="橘子汽水").deleted_at
