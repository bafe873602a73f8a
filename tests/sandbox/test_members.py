"""Members as the address-book sync writes them, and looking one up."""

from datetime import timedelta

import pytest

from guideapp.core.clock import today
from guideapp.sandbox.models import Corp, User

NEW = {"userid": "newbie", "name": "新人", "mobile": "13700000000", "department": [3]}


@pytest.fixture
def sync(played):
    return played.token(secret="test-contacts-secret")


def change(played, token, **fields) -> dict:
    return played.post("user/update", token, {"userid": "linxm", **fields})


def test_a_member_is_created_not_yet_activated_and_nobody_is_told(played, sync):
    answer = played.post("user/create", sync, NEW)
    assert (answer["errcode"], answer["errmsg"]) == (0, "created")
    member = played.get("user/get", access_token=played.token(), userid="NEWBIE")
    assert (member["userid"], member["status"], member["department"]) == ("newbie", 4, [3])
    assert played.waiting() == []


def test_a_company_can_hear_of_changes_through_the_api_too(played, sync):
    Corp.objects.update(tells_api_changes=True)
    played.post("user/create", sync, NEW)
    played.post("user/update", sync, {"userid": "newbie", "position": "导购"})
    played.get("user/delete", access_token=sync, userid="newbie")
    kinds = [row.change_type for row in played.waiting()]
    assert kinds == ["create_user", "update_user", "delete_user"]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"userid": ""}, 41009),
        ({"userid": "-x"}, 40003),
        ({"userid": "LINXM"}, 60102),
        ({"name": ""}, 60112),
        ({"mobile": ""}, 60129),
        ({"mobile": "abc"}, 60103),
        ({"mobile": "13900000001"}, 60104),
        ({"email": "x@y"}, 60105),
        ({"email": "linxm@example.com"}, 60106),
        ({"department": [77]}, 40066),
        ({"department": []}, 60127),
        ({"department": list(range(1, 102))}, 60110),
        ({"is_leader_in_dept": [1, 0]}, 60132),
        ({"order": [1, 2]}, 40058),
        ({"main_department": 4}, 60123),
        ({"direct_leader": ["ghost"]}, 40003),
        ({"position": "长" * 129}, 40058),
        ({"external_position": "长" * 13}, 40058),
    ],
)
def test_members_that_cannot_be_made(played, sync, change, errcode):
    assert played.post("user/create", sync, NEW | change)["errcode"] == errcode
    assert not User.objects.filter(userid="newbie").exists()


def test_the_app_may_not_write_members(played):
    assert played.post("user/create", played.token(), NEW)["errcode"] == 48002


def test_fields_that_are_not_sent_stay_and_departments_are_replaced(played, sync):
    answer = change(played, sync, department=[4, 9], order=[5, 0], is_leader_in_dept=[1, 0])
    assert answer["errmsg"] == "updated"
    member = played.get("user/get", access_token=played.token(), userid="linxm")
    assert (member["name"], member["department"], member["order"]) == ("林小满", [4, 9], [5, 0])
    assert member["is_leader_in_dept"] == [1, 0]


def test_the_mobile_of_an_active_member_stays_without_an_error(played, sync):
    assert change(played, sync, mobile="13600000000")["errcode"] == 0
    assert User.objects.get(userid="linxm").mobile == "13900000001"


def test_a_member_is_disabled_and_enabled(played, sync):
    change(played, sync, enable=0)
    assert User.objects.get(userid="linxm").status == User.Status.DISABLED
    change(played, sync, enable=1)
    assert User.objects.get(userid="linxm").status == User.Status.ACTIVE


def test_a_userid_that_was_not_made_up_by_wecom_cannot_be_changed(played, sync):
    assert change(played, sync, new_userid="lin")["errcode"] == 301036
    assert played.post("user/update", sync, {"userid": "ghost"})["errcode"] == 60111


def test_custom_fields_that_the_console_does_not_know_are_dropped_silently(played, sync):
    attrs = [
        {"type": 0, "name": "工号", "text": {"value": "QH2"}},
        {"type": 0, "name": "星座", "text": {"value": "天秤"}},
    ]
    assert change(played, sync, extattr={"attrs": attrs})["errcode"] == 0
    member = played.get("user/get", access_token=played.token(), userid="linxm")
    assert member["extattr"] == {"attrs": attrs[:1]}


def test_the_profile_for_customers_is_replaced_as_a_whole(played, sync):
    shown = [
        {"type": 0, "name": "服务门店", "text": {"value": "静安店"}},
        {"type": 1, "name": "预约", "web": {"url": "https://h5.example.com/b", "title": "预约"}},
        {
            "type": 2,
            "name": "商城",
            "miniprogram": {"appid": "wx0", "pagepath": "/index", "title": "商城"},
        },
    ]
    profile = {"external_corp_name": "青禾服饰", "external_attr": shown}
    assert change(played, sync, external_profile=profile)["errcode"] == 0
    member = played.get("user/get", access_token=played.token(), userid="linxm")
    assert member["external_profile"] == profile


@pytest.mark.parametrize(
    ("profile", "errcode"),
    [
        ({"external_corp_name": "别家"}, 41036),
        ({"wechat_channels": {"nickname": "别家视频号"}}, 41066),
        ({"external_attr": [{"type": 9, "name": "x"}]}, 90100),
        ({"external_attr": [{"type": 0, "name": "x", "text": {"value": "长" * 13}}]}, 90101),
        ({"external_attr": [{"type": 1, "name": "x", "web": {"title": "长" * 13}}]}, 90102),
        ({"external_attr": [{"type": 1, "name": "x", "web": {"url": "b"}}]}, 90103),
        ({"external_attr": [{"type": 2, "name": "x", "miniprogram": {"title": "长" * 13}}]}, 90104),
        ({"external_attr": [{"type": 2, "name": "x", "miniprogram": {"title": "x"}}]}, 90105),
        ({"external_attr": ["x"]}, 90106),
    ],
)
def test_profiles_that_are_refused(played, sync, profile, errcode):
    assert change(played, sync, external_profile=profile)["errcode"] == errcode


def test_members_are_deleted_one_by_one_or_all_or_none(played, sync):
    gone = played.get("user/delete", access_token=sync, userid="chenyu")
    assert gone["errmsg"] == "deleted"
    assert played.get("user/delete", access_token=sync, userid="chenyu")["errcode"] == 60111
    bad = played.post("user/batchdelete", sync, {"useridlist": ["linxm", "ghost"]})
    assert bad["errcode"] == 40031
    assert User.objects.named("linxm")
    good = played.post("user/batchdelete", sync, {"useridlist": ["linxm", "hejs"]})
    assert (good["errcode"], User.objects.named("linxm")) == (0, None)


@pytest.mark.parametrize(("userids", "errcode"), [([], 40063), (["linxm"] * 201, 40032)])
def test_batches_that_are_refused(played, sync, userids, errcode):
    assert played.post("user/batchdelete", sync, {"useridlist": userids})["errcode"] == errcode


def test_the_creator_of_the_company_cannot_be_deleted(played, sync):
    User.objects.filter(userid="wangsi").update(is_creator=True)
    assert played.get("user/delete", access_token=sync, userid="wangsi")["errcode"] == 301005


def test_a_member_is_found_by_phone_and_by_mail(played):
    token = played.token()
    by_phone = played.post("user/getuserid", token, {"mobile": "13900000002"})
    assert by_phone["userid"] == "chenyu"
    assert played.post("user/getuserid", token, {"mobile": "13900009999"})["errcode"] == 46004
    assert played.post("user/getuserid", token, {"mobile": "1"})["errcode"] == 60103
    mail = {"email": "linxm@example.com"}
    path = "user/get_userid_by_email"
    assert played.post(path, token, mail | {"email_type": 2})["userid"] == "linxm"
    assert played.post(path, token, mail)["errcode"] == 46004


def test_userid_and_openid_are_converted_both_ways(played):
    token = played.token()
    openid = played.post("user/convert_to_openid", token, {"userid": "linxm"})["openid"]
    assert len(openid) == 28
    back = played.post("user/convert_to_userid", token, {"openid": openid})
    assert back["userid"] == "linxm"
    assert played.post("user/convert_to_userid", token, {"openid": "oX"})["errcode"] == 46004
    User.objects.update(wechat_bound=False)
    refused = played.post("user/convert_to_openid", token, {"userid": "linxm"})
    assert refused["errcode"] == 43004


def test_the_sync_counts_active_members_and_invites(played, sync):
    day = (today() - timedelta(days=1)).isoformat()
    assert played.post("user/get_active_stat", sync, {"date": day})["active_cnt"] == 6
    assert played.post("user/get_active_stat", sync, {"date": "2001-01-01"})["errcode"] == 40058
    answer = played.post("batch/invite", sync, {"user": ["linxm", "ghost"], "party": [3, 77]})
    assert (answer["invaliduser"], answer["invalidparty"]) == (["ghost"], [77])
    assert played.post("batch/invite", sync, {})["errcode"] == 40063
    assert played.get("corp/get_join_qrcode", access_token=sync)["join_qrcode"]
