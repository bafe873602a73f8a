"""Acquisition links: the API of the app, clicks of customers, the quota that they use up."""

import pytest

from guideapp.core.clock import day_range, today
from guideapp.sandbox import clock
from guideapp.sandbox.models import App
from guideapp.sandbox.models.acquisition import AcquisitionQuota

FOLDER = "externalcontact/customer_acquisition"
LINK = {"link_name": "抖音秋装", "range": {"user_list": ["linxm"], "department_list": []}}


@pytest.fixture
def link(played) -> dict:
    return create(played)["link"]


def create(played, **change) -> dict:
    return played.post(f"{FOLDER}/create_link", played.token(), LINK | change)


def ask(played, name, **body) -> dict:
    return played.post(f"{FOLDER}/{name}", played.token(), body)


def click(played, link, **more) -> dict:
    return played.raise_event("link_click", link_id=link["link_id"], **more)


def told(played) -> list[str]:
    return [row.change_type for row in played.waiting() if row.event == "customer_acquisition"]


def test_a_link_is_made_and_read_back_without_its_id(played, link):
    assert link["link_id"].startswith("ca")
    answer = ask(played, "get", link_id=link["link_id"])
    assert (answer["link"]["url"], answer["link"]["skip_verify"]) == (link["url"], True)
    assert "link_id" not in answer["link"]
    assert answer["range"] == {"user_list": ["linxm"], "department_list": []}
    assert ask(played, "list_link")["link_id_list"] == [link["link_id"]]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"link_name": ""}, 40063),
        ({"link_name": "长" * 31}, 40058),
        ({"range": {}}, 40063),
        ({"range": {"user_list": ["ghost"]}}, 40031),
        ({"range": {"department_list": [77]}}, 60123),
        ({"priority_option": {"priority_type": 2}}, 40058),
    ],
)
def test_links_that_cannot_be_made(played, change, errcode):
    assert create(played, **change)["errcode"] == errcode


def test_the_system_secret_is_refused_and_so_is_an_app_that_is_not_listed(played):
    system = played.token(secret=played.state()["corp"]["customer_secret"])
    assert played.post(f"{FOLDER}/list_link", system, {})["errcode"] == 48002
    App.objects.filter(slug="app").update(callable=False)
    assert ask(played, "list_link")["errcode"] == 48002


def test_an_app_sees_only_its_own_links(played, link):
    App.objects.filter(slug="second").update(callable=True)
    other = played.token(secret=played.state()["corp"]["second_secret"])
    assert played.post(f"{FOLDER}/list_link", other, {})["link_id_list"] == []
    answer = played.post(f"{FOLDER}/get", other, {"link_id": link["link_id"]})
    assert answer["errcode"] == 40058


def test_a_range_is_replaced_and_a_deleted_link_is_gone_without_an_event(played, link):
    range = {"department_list": [4]}
    assert ask(played, "update_link", link_id=link["link_id"], range=range)["errcode"] == 0
    answer = ask(played, "get", link_id=link["link_id"])
    assert answer["range"] == {"user_list": [], "department_list": [4]}
    assert answer["link"]["link_name"] == "抖音秋装"
    assert ask(played, "delete_link", link_id=link["link_id"])["errcode"] == 0
    assert ask(played, "get", link_id=link["link_id"])["errcode"] == 40058
    assert played.waiting() == []


def test_links_come_in_pages_of_at_most_a_hundred(played):
    ids = [create(played)["link"]["link_id"] for _ in range(3)]
    first = ask(played, "list_link", limit=2)
    rest = ask(played, "list_link", limit=2, cursor=first["next_cursor"])
    assert first["link_id_list"] + rest["link_id_list"] == ids
    assert rest["next_cursor"] == ""


def test_a_click_adds_the_member_and_uses_one_of_the_quota(played, link):
    came = click(played, link, customer_channel="ad_01", name="路人")
    assert came["userid"] == "linxm"
    follow = played.follow("linxm", came["external_userid"])
    assert (follow["add_way"], follow["state"]) == (16, "ad_01")
    rows = ask(played, "customer", link_id=link["link_id"])["customer_list"]
    assert rows == [
        {
            "external_userid": came["external_userid"],
            "userid": "linxm",
            "chat_status": 0,
            "state": "ad_01",
        }
    ]
    path = "externalcontact/customer_acquisition_quota"
    quota = played.get(path, access_token=played.token())
    assert (quota["total"], quota["balance"]) == (1000, 999)
    assert quota["quota_list"][0]["balance"] == 999
    assert told(played) == ["friend_request"]
    assert "<State><![CDATA[ad_01]]></State>" in played.waiting()[-1].plain


def test_a_channel_is_cut_after_64_bytes(played, link):
    came = click(played, link, customer_channel="渠" * 30)
    assert played.follow("linxm", came["external_userid"])["state"] == "渠" * 21


def test_a_friend_costs_nothing_and_a_look_adds_nobody(played, link):
    known = click(played, link, external_userid=played.customer("zhou"))
    looked = click(played, link, adds=False, profile_told=True)
    assert known["added"] is looked["added"] is False
    assert AcquisitionQuota.objects.get().balance == 1000
    assert told(played) == ["open_profile"]


def test_the_quota_tells_when_it_is_low_when_it_is_gone_and_when_it_is_back(played, link):
    AcquisitionQuota.objects.update(balance=20)
    click(played, link)
    AcquisitionQuota.objects.update(balance=1)
    click(played, link)
    body = {"type": "link_click", "link_id": link["link_id"]}
    assert played.post_page("control/events", body)[0] == 400
    played.raise_event("link_quota", uses=50)
    assert told(played) == ["balance_low", "balance_exhausted", "balance_increased"]


def test_a_batch_of_the_quota_is_told_of_before_it_ends(played, link):
    clock.advance((365 - 14) * 86400)
    clock.advance(86400)
    clock.advance(6 * 86400)
    assert told(played) == ["quota_expire_soon"] * 2
    assert "<ExpireQuotaNum>1000</ExpireQuotaNum>" in played.waiting()[0].plain
    clock.advance(8 * 86400)
    path = "externalcontact/customer_acquisition_quota"
    quota = played.get(path, access_token=played.token())
    assert (quota["total"], quota["balance"], quota["quota_list"]) == (1000, 0, [])


def test_the_first_words_move_the_status_and_the_third_bring_a_key(played, link):
    came = click(played, link, customer_channel="ad")
    pair = {"userid": "linxm", "external_userid": came["external_userid"]}
    for _ in range(3):
        played.raise_event("customer_message", **pair, text="在吗")
    assert told(played) == ["friend_request", "customer_start_chat", "message_from_customer"]
    (row,) = ask(played, "customer", link_id=link["link_id"])["customer_list"]
    assert row["chat_status"] == 1
    plain = played.waiting()[-1].plain
    assert "ExternalUserID" not in plain
    key = plain.split("<ChatKey><![CDATA[")[1].split("]")[0]
    info = ask(played, "get_chat_info", chat_key=key)
    assert (info["userid"], info["external_userid"]) == ("linxm", came["external_userid"])
    assert info["chat_info"] == {"recv_msg_cnt": 3, "link_id": link["link_id"], "state": "ad"}
    clock.advance(1800)
    assert ask(played, "get_chat_info", chat_key=key)["errcode"] == 40058


def test_a_customer_of_a_link_who_leaves_is_told_twice(played, link):
    came = click(played, link)
    pair = {"userid": "linxm", "external_userid": came["external_userid"]}
    played.raise_event("del_follow_user", **pair)
    families = [row.event for row in played.waiting() if row.change_type == "del_follow_user"]
    assert families == ["change_external_contact", "customer_acquisition"]


def test_the_console_deletes_a_link_and_a_link_stops_working(played, link):
    other = create(played)["link"]
    played.raise_event("link_unavailable", link_id=other["link_id"])
    assert ask(played, "list_link")["link_id_list"] == [link["link_id"]]
    played.raise_event("link_delete", link_id=link["link_id"])
    assert told(played) == ["link_unavailable", "delete_link"]


def test_a_preferred_friend_is_chosen_first(played):
    range = {"department_list": [3]}
    link = create(played, range=range, priority_option={"priority_type": 1})["link"]
    answer = ask(played, "get", link_id=link["link_id"])
    assert answer["priority_option"] == {"priority_type": 1}
    assert click(played, link, external_userid=played.customer("gu"))["added"] is False


def test_clicks_and_new_customers_are_counted_by_whole_days(played, link):
    click(played, link)
    click(played, link, adds=False)
    second = int(day_range(today())[0].timestamp()) + 3600
    body = {"link_id": link["link_id"], "start_time": second, "end_time": second}
    answer = ask(played, "statistic", **body)
    assert (answer["click_link_customer_cnt"], answer["new_customer_cnt"]) == (2, 1)
    long = body | {"start_time": second - 40 * 86400}
    assert ask(played, "statistic", **long)["errcode"] == 40058
