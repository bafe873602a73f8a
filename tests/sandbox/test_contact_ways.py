"""「联系我」 codes: made by an app, scanned by customers."""

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.config import MAIN
from guideapp.sandbox.models import App, Corp, User
from guideapp.sandbox.models.contact_ways import ContactWay

ADD, GET = "externalcontact/add_contact_way", "externalcontact/get_contact_way"
LIST, UPDATE = "externalcontact/list_contact_way", "externalcontact/update_contact_way"
DELETE, CLOSE = "externalcontact/del_contact_way", "externalcontact/close_temp_chat"
SINGLE = {"type": 1, "scene": 2, "user": ["linxm"], "state": "door-7", "remark": "大门"}
TEMPORARY = {
    "type": 1,
    "scene": 2,
    "user": ["linxm"],
    "is_temp": True,
    "conclusions": {"text": {"content": "再见"}, "link": {"title": "官网", "url": "https://x.cn"}},
}


def made(played, **change) -> dict:
    return played.post(ADD, played.token(), SINGLE | change)


def shown(played, config_id) -> dict:
    return played.post(GET, played.token(), {"config_id": config_id})["contact_way"]


def test_a_code_is_made_and_read_back_as_an_object(played):
    answer = made(played)
    assert len(answer["config_id"]) == 32
    way = shown(played, answer["config_id"])
    assert (way["user"], way["state"], way["skip_verify"]) == (["linxm"], "door-7", True)
    assert way["qr_code"] == answer["qr_code"]
    assert answer["config_id"] not in answer["qr_code"]


def test_a_button_has_no_qr_code(played):
    assert "qr_code" not in made(played, scene=1, style=2)


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"type": 3}, 41039),
        ({"scene": 9}, 41040),
        ({"scene": 1, "style": 4}, 41042),
        ({"user": ["linxm", "chenyu"]}, 41041),
        ({"user": []}, 40063),
        ({"user": ["ghost"]}, 40031),
        ({"user": ["wangsi"]}, 84074),
        ({"party": [3]}, 40058),
        ({"type": 2, "party": [77]}, 60123),
        ({"state": "x" * 31}, 40058),
        ({"remark": "长" * 31}, 40058),
        ({"type": 2, "is_temp": True}, 40058),
        ({"unionid": "o1"}, 40058),
    ],
)
def test_codes_that_cannot_be_made(played, change, errcode):
    assert made(played, **change)["errcode"] == errcode


@pytest.mark.parametrize(("missing", "errcode"), [("type", 41037), ("scene", 41038)])
def test_type_and_scene_are_needed(played, missing, errcode):
    body = {name: value for name, value in SINGLE.items() if name != missing}
    assert played.post(ADD, played.token(), body)["errcode"] == errcode


def test_members_must_be_active_and_visible_and_at_most_a_hundred(played):
    User.objects.filter(userid="zhaoke").update(status=User.Status.NOT_ACTIVE)
    User.objects.filter(userid="sunlan").update(in_scope=False)
    assert made(played, user=["zhaoke"])["errcode"] == 41054
    assert made(played, user=["sunlan"])["errcode"] == 60011
    many = [User(userid=f"m{i}", folded=f"m{i}", name="多", departments=[]) for i in range(101)]
    User.objects.bulk_create(many)
    answer = made(played, type=2, user=[user.userid for user in many])
    assert answer["errcode"] == 41041


def test_the_company_has_a_quota_of_codes(played):
    Corp.objects.update(contact_way_quota=1)
    assert made(played)["errcode"] == 0
    assert made(played)["errcode"] == 41045
    assert played.post(ADD, played.token(), TEMPORARY)["errcode"] == 0


def test_a_scan_adds_the_member_with_state_and_a_welcome_code(played):
    config_id = made(played)["config_id"]
    came = played.raise_event("scan", config_id=config_id, name="路人")
    follow = played.follow("linxm", came["external_userid"])
    assert (follow["add_way"], follow["state"]) == (1, "door-7")
    (row,) = played.waiting()
    assert row.change_type == "add_external_contact"
    assert "<State><![CDATA[door-7]]></State><WelcomeCode>" in row.plain


def test_somebody_known_by_unionid_scans_the_printed_picture(played):
    answer = made(played, user=["hejs"])
    zhou = played.customer("zhou")
    ask = {"access_token": played.token(), "external_userid": zhou}
    unionid = played.get("externalcontact/get", **ask)["external_contact"]["unionid"]
    came = played.raise_event("scan", qr_code=answer["qr_code"], unionid=unionid)
    assert came == {"type": "scan", "added": True, "userid": "hejs", "external_userid": zhou}


def test_several_members_take_turns_and_an_exclusive_code_stays_with_one(played):
    config_id = made(played, type=2, party=[4], user=["linxm"])["config_id"]
    turns = [played.raise_event("scan", config_id=config_id)["userid"] for _ in range(3)]
    assert turns == ["linxm", "zhaoke", "sunlan"]
    only = made(played, type=2, party=[3], user=[], is_exclusive=True)["config_id"]
    first = played.raise_event("scan", config_id=only, external_userid=played.customer("gu"))
    assert first["userid"] == "chenyu"


def test_a_printed_code_is_pointed_at_somebody_else(played):
    answer = made(played)
    body = {"config_id": answer["config_id"], "user": ["chenyu"], "state": "new"}
    assert played.post(UPDATE, played.token(), body)["errcode"] == 0
    way = shown(played, answer["config_id"])
    assert (way["user"], way["state"], way["remark"]) == (["chenyu"], "new", "大门")
    assert way["qr_code"] == answer["qr_code"]
    bad = body | {"user": ["ghost"]}
    assert played.post(UPDATE, played.token(), bad)["errcode"] == 40031


def test_codes_are_listed_in_pages_by_the_time_of_making(played):
    made_ids = [made(played)["config_id"] for _ in range(3)]
    played.post(ADD, played.token(), TEMPORARY)
    first = played.post(LIST, played.token(), {"limit": 2})
    rest = played.post(LIST, played.token(), {"limit": 2, "cursor": first["next_cursor"]})
    seen = [way["config_id"] for way in first["contact_way"] + rest["contact_way"]]
    assert seen == made_ids
    assert "next_cursor" not in rest
    clock.advance(91 * 86400)
    assert played.post(LIST, played.token(), {})["contact_way"] == []


@pytest.mark.parametrize(("limit", "listed"), [(None, 100), (0, 100), (1001, 100), (1000, 120)])
def test_a_page_has_a_hundred_codes_and_at_most_a_thousand(played, limit, listed):
    ContactWay.objects.bulk_create(
        ContactWay(config_id=f"c{n}", slug=MAIN, type=1, scene=2, created_at=clock.now())
        for n in range(120)
    )
    body = {} if limit is None else {"limit": limit}
    answer = played.post(LIST, played.token(), body)
    assert len(answer["contact_way"]) == listed
    assert ("next_cursor" in answer) == (listed < 120)


def test_a_deleted_code_and_a_foreign_one_are_unknown(played):
    token, config_id = played.token(), made(played)["config_id"]
    App.objects.filter(slug="second").update(callable=True)
    foreign = played.token(secret=played.state()["corp"]["second_secret"])
    assert played.post(GET, foreign, {"config_id": config_id})["errcode"] == 41044
    assert played.post(DELETE, token, {"config_id": config_id})["errcode"] == 0
    assert played.post(GET, token, {"config_id": config_id})["errcode"] == 41044
    assert played.post(GET, token, {})["errcode"] == 41043
    assert played.post_page("control/events", {"type": "scan", "config_id": config_id})[0] == 400


def test_a_temporary_chat_ends_with_its_conclusions(played):
    token = played.token()
    config_id = played.post(ADD, token, TEMPORARY)["config_id"]
    came = played.raise_event("scan", config_id=config_id)
    pair = {"userid": "linxm", "external_userid": came["external_userid"]}
    assert played.post(CLOSE, token, pair)["errcode"] == 0
    assert [row["msgtype"] for row in played.chat(**pair)] == ["text", "link"]
    assert played.post(CLOSE, token, pair)["errcode"] == 40058
    assert played.post(CLOSE, token, {"userid": "linxm"})["errcode"] == 41035


def test_a_temporary_code_runs_out_and_cannot_be_changed_then(played):
    config_id = played.post(ADD, played.token(), TEMPORARY)["config_id"]
    assert shown(played, config_id)["expires_in"] == 7 * 86400
    clock.advance(7 * 86400)
    body = {"config_id": config_id, "user": ["chenyu"]}
    assert played.post(UPDATE, played.token(), body)["errcode"] == 41044
    assert played.post_page("control/events", {"type": "scan", "config_id": config_id})[0] == 400


@pytest.mark.parametrize(
    "conclusions",
    [
        {"text": {"content": "长" * 1400}},
        {"link": {"title": "没有地址"}},
        {"link": {"title": "长" * 43, "url": "https://x.cn"}},
        {"video": {}},
    ],
)
def test_conclusions_that_are_refused(played, conclusions):
    answer = played.post(ADD, played.token(), TEMPORARY | {"conclusions": conclusions})
    assert answer["errcode"] == 40058


def test_of_several_things_the_picture_wins_and_is_read_back_as_an_address(played, client):
    token = played.token()
    both = {"image": {"media_id": "none"}, "link": {"title": "官网", "url": "https://x.cn"}}
    answer = played.post(ADD, token, TEMPORARY | {"conclusions": both})
    assert answer["errcode"] == 40007


def test_a_code_for_one_customer_needs_a_developer_account(played):
    body = TEMPORARY | {"unionid": "oSomebody"}
    assert played.post(ADD, played.token(), body)["errcode"] == 0
    Corp.objects.update(unionid_bound=False)
    assert played.post(ADD, played.token(), body)["errcode"] == 41057
