"""Customers and relations as the API shows and changes them."""

import pytest

from guideapp.core.clock import now
from guideapp.sandbox.models import Corp, Customer, Follow, User


def test_a_members_customers_come_all_at_once(played):
    answer = played.get("externalcontact/list", access_token=played.token(), userid="linxm")
    wanted = [played.customer(key) for key in ("zhou", "juzi", "su")]
    assert answer["external_userid"] == wanted


def test_a_member_without_customers_is_84061_with_an_empty_list(played):
    answer = played.get("externalcontact/list", access_token=played.token(), userid="sunlan")
    assert (answer["errcode"], answer["external_userid"]) == (84061, [])
    assert answer["errmsg"].startswith("not external contact, hint: [")


@pytest.mark.parametrize(("userid", "errcode"), [("ghost", 40003), ("", 41009), ("wangsi", 84074)])
def test_members_who_have_no_customers_by_nature(played, userid, errcode):
    answer = played.get("externalcontact/list", access_token=played.token(), userid=userid)
    assert answer["errcode"] == errcode


def test_a_customer_comes_with_every_follower_tags_and_state(played):
    zhou = played.customer("zhou")
    answer = played.get("externalcontact/get", access_token=played.token(), external_userid=zhou)
    assert answer["external_contact"]["name"] == "晚晴"
    assert answer["external_contact"]["unionid"].startswith("o")
    mine, hers = answer["follow_user"]
    assert (mine["userid"], mine["remark"], mine["state"]) == ("linxm", "周晚晴", "fit-room")
    assert [tag["tag_name"] for tag in mine["tags"]] == ["金卡", "大衣"]
    assert mine["oper_userid"] == zhou
    assert "state" not in hers
    assert hers["add_way"] == 3
    assert "next_cursor" not in answer


def test_a_members_own_tag_has_no_id(played):
    Follow.objects.filter(user__userid="linxm").update(own_tags=["老客"])
    answer = played.get(
        "externalcontact/get", access_token=played.token(), external_userid=played.customer("juzi")
    )
    assert answer["follow_user"][0]["tags"] == [
        {"group_name": "个人", "tag_name": "老客", "type": 2}
    ]


def test_without_a_bound_developer_account_there_is_no_unionid(played):
    Corp.objects.update(unionid_bound=False)
    answer = played.get(
        "externalcontact/get", access_token=played.token(), external_userid=played.customer("zhou")
    )
    assert "unionid" not in answer["external_contact"]


def test_more_than_500_followers_come_in_pages(played):
    zhou = Customer.objects.get(external_userid=played.customer("zhou"))
    many = User.objects.bulk_create(
        User(userid=f"many{i}", folded=f"many{i}", name="多", departments=[]) for i in range(510)
    )
    Follow.objects.bulk_create(Follow(user=user, customer=zhou, created_at=now()) for user in many)
    ask = {"access_token": played.token(), "external_userid": zhou.external_userid}
    first = played.get("externalcontact/get", **ask)
    rest = played.get("externalcontact/get", **ask, cursor=first["next_cursor"])
    assert len(first["follow_user"]) == 500
    assert len(rest["follow_user"]) == 12
    assert rest["external_contact"] == first["external_contact"]


def test_a_stranger_and_an_unknown_id(played):
    token = played.token()
    stranger = played.customer("wutong")
    ask = "externalcontact/get"
    assert played.get(ask, access_token=token, external_userid=stranger)["errcode"] == 84061
    assert played.get(ask, access_token=token, external_userid="wmNobody")["errcode"] == 40096
    assert played.get(ask, access_token=token)["errcode"] == 41035


def test_a_customer_whom_the_member_deleted_is_gone_but_one_who_left_stays(played):
    token = played.token()
    juzi, bailu = played.customer("juzi"), played.customer("bailu")
    played.raise_event("del_external_contact", userid="linxm", external_userid=juzi)
    played.raise_event("del_follow_user", userid="zhaoke", external_userid=bailu)
    ask = "externalcontact/get"
    assert played.get(ask, access_token=token, external_userid=juzi)["errcode"] == 84061
    assert played.get(ask, access_token=token, external_userid=bailu)["errcode"] == 0


def test_a_fresh_relation_can_be_unreadable_for_some_seconds(played):
    added = played.raise_event(
        "add_external_contact", userid="linxm", name="新人", unreadable_seconds=60
    )
    ask = {"access_token": played.token(), "external_userid": added["external_userid"]}
    assert played.get("externalcontact/get", **ask)["errcode"] == 84061
    Follow.objects.update(readable_at=now())
    assert played.get("externalcontact/get", **ask)["errcode"] == 0


def test_a_batch_reads_one_relation_a_row_with_tag_ids_only(played):
    body = {"userid_list": ["linxm", "zhaoke"], "limit": 100}
    answer = played.post("externalcontact/batch/get_by_user", played.token(), body)
    rows = answer["external_contact_list"]
    pairs = [(row["follow_info"]["userid"], row["external_contact"]["name"]) for row in rows]
    assert pairs.count(("linxm", "晚晴")) == pairs.count(("zhaoke", "晚晴")) == 1
    assert len(rows) == 6
    assert len(rows[0]["follow_info"]["tag_id"]) == 2
    assert answer["next_cursor"] == ""


def test_batch_pages_may_be_short_and_still_reach_everybody(played):
    linxm = User.objects.get(userid="linxm")
    people = Customer.objects.bulk_create(
        Customer(external_userid=f"wm{i:030d}", name="客") for i in range(45)
    )
    Follow.objects.bulk_create(Follow(user=linxm, customer=c, created_at=now()) for c in people)
    token, seen, cursor = played.token(), [], ""
    sizes = []
    while True:
        body = {"userid_list": ["linxm"], "limit": 20, "cursor": cursor}
        page = played.post("externalcontact/batch/get_by_user", token, body)
        sizes.append(len(page["external_contact_list"]))
        seen += [
            row["external_contact"]["external_userid"] for row in page["external_contact_list"]
        ]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert sizes[0] < 20
    assert len(seen) == len(set(seen)) == 48


def test_a_cursor_of_another_question_is_refused(played):
    token = played.token()
    ask = "externalcontact/batch/get_by_user"
    first = played.post(ask, token, {"userid_list": ["linxm"], "limit": 1})
    foreign = {"userid_list": ["zhaoke"], "limit": 1, "cursor": first["next_cursor"]}
    assert played.post(ask, token, foreign)["errcode"] == 50100


def test_a_batch_of_members_without_customers_is_84061(played):
    body = {"userid_list": ["sunlan"]}
    answer = played.post("externalcontact/batch/get_by_user", played.token(), body)
    assert (answer["errcode"], answer["external_contact_list"]) == (84061, [])


def test_a_batch_of_more_than_100_members_is_refused(played):
    body = {"userid_list": ["linxm"] * 101}
    answer = played.post("externalcontact/batch/get_by_user", played.token(), body)
    assert answer["errcode"] == 40032


def test_a_remark_changes_only_what_was_sent_and_raises_no_event(played):
    body = {
        "userid": "linxm",
        "external_userid": played.customer("zhou"),
        "description": "喜欢燕麦色",
        "remark_mobiles": ["13800002046"],
    }
    assert played.post("externalcontact/remark", played.token(), body)["errcode"] == 0
    follow = Follow.objects.get(user__userid="linxm", customer__name="晚晴")
    assert (follow.remark, follow.description) == ("周晚晴", "喜欢燕麦色")
    assert follow.remark_mobiles == ["13800002046"]
    assert played.waiting() == []


def test_an_empty_text_clears_all_numbers(played):
    Follow.objects.update(remark_mobiles=["13800002046"])
    body = {
        "userid": "linxm",
        "external_userid": played.customer("zhou"),
        "remark_mobiles": [""],
    }
    played.post("externalcontact/remark", played.token(), body)
    assert Follow.objects.get(user__userid="linxm", customer__name="晚晴").remark_mobiles == []


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"remark": "长" * 21}, 40058),
        ({"description": "长" * 151}, 40058),
        ({}, 40058),
        ({"remark_pic_mediaid": "none"}, 40007),
    ],
)
def test_remarks_that_are_refused(played, change, errcode):
    body = {"userid": "linxm", "external_userid": played.customer("zhou")} | change
    assert played.post("externalcontact/remark", played.token(), body)["errcode"] == errcode


def test_a_foreign_relation_cannot_be_remarked(played):
    body = {"userid": "linxm", "external_userid": played.customer("gu"), "remark": "抢客"}
    assert played.post("externalcontact/remark", played.token(), body)["errcode"] == 84061


def test_a_badly_typed_field_is_ignored_and_warned_of(played):
    body = {
        "userid": "linxm",
        "external_userid": played.customer("zhou"),
        "remark": "晚晴",
        "remark_mobiles": "13800002046",
    }
    answer = played.post("externalcontact/remark", played.token(), body)
    assert answer["errcode"] == 0
    assert answer["errmsg"].startswith("Warning: wrong json format.")
