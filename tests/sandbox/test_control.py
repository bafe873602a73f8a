"""The control address: state, events, reset."""

import json
from datetime import datetime

import pytest
from django.test import Client

from guideapp.sandbox.models import Callback, Customer, Follow, User
from guideapp.sandbox.models.control import Fault
from guideapp.sandbox.services import scenarios

EVENTS = "/sandbox/control/events"
STATE_QUERIES = 18


@pytest.fixture
def company(db):
    return scenarios.load_scenario("small")


def post(client, body, path=EVENTS):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(path, text, content_type="application/json")


def test_the_state_holds_the_company_its_people_and_its_messages(played):
    state = played.state()
    assert {"corp", "users", "customers", "messages"} < set(state)
    assert (
        state["corp"]
        | {
            "corp_id": "ww0a1b2c3d4e5f6071",
            "agent_id": 1000002,
            "app_secret": "test-app-secret",
            "contacts_secret": "test-contacts-secret",
            "callback_token": "testcallbacktoken",
            "callback_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        }
        == state["corp"]
    )
    assert {"linxm", "hejs"} <= {user["userid"] for user in state["users"]}
    assert state["customers"][0]["follows"][0]["userid"] == "linxm"
    assert state["messages"][-1]["payload"]["content"].startswith("有的")


def test_the_state_takes_as_many_queries_for_many_customers(
    company, client, django_assert_num_queries
):
    Customer.objects.bulk_create(
        Customer(external_userid=f"wm{i:030d}", name="客") for i in range(50)
    )
    with django_assert_num_queries(STATE_QUERIES):
        client.get("/sandbox/control/state")


def test_a_customer_adds_a_guide(company, client):
    answer = post(client, {"type": "add_external_contact", "userid": "linxm", "name": "新人"})
    added = answer.json()
    assert added["type"] == "add_external_contact"
    follow = Follow.objects.get(customer__external_userid=added["external_userid"])
    assert (follow.user.userid, follow.add_way) == ("linxm", 1)
    assert Callback.objects.get().url == "http://testserver/wecom/callback/"


def test_a_guide_adds_a_customer(company, client):
    wutong = Customer.objects.get(name="吴桐")
    post(
        client,
        {
            "type": "add_external_contact",
            "by": "user",
            "userid": "chenyu",
            "external_userid": wutong.external_userid,
        },
    )
    follow = wutong.follows.get()
    assert (follow.add_way, follow.oper_userid) == (2, "chenyu")


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        {},
        {"type": "no_such_event"},
        {"type": "del_follow_user"},
        {"type": "del_follow_user", "userid": "linxm", "external_userid": "wmNobody"},
        {"type": "add_external_contact", "userid": "linxm", "colour": "red"},
        {"type": "update_user", "userid": "linxm", "salary": 1},
        {"type": "update_user", "userid": "ghost", "name": "鬼"},
        {"type": "create_user", "userid": "linxm", "name": "二号", "departments": [3]},
        {"type": "create_party", "id": 3, "name": "重号"},
        {"type": "delete_party", "id": 99},
        {"type": "delete_tag", "id": "etNone"},
        {"type": "client_switch", "value": "explode"},
        {"type": "user_message", "userid": "linxm", "text": "给谁？"},
    ],
)
def test_events_that_make_no_sense_are_400_and_change_nothing(company, client, body):
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not Callback.objects.exists()


def test_reading_is_get_and_doing_is_post(company, client):
    assert client.get(EVENTS).status_code == 405
    assert client.post("/sandbox/control/state").status_code == 405


def test_tools_need_no_csrf_token(company):
    strict = Client(enforce_csrf_checks=True)
    answer = post(strict, {"type": "delete_user", "userid": "zhaoke"})
    assert answer.status_code == 200


def test_a_new_member_comes_and_is_disabled(played):
    played.raise_event("create_user", userid="newbie", name="新导购", departments=[4])
    played.raise_event("update_user", userid="newbie", status=2)
    member = played.get("user/get", access_token=played.token(), userid="newbie")
    assert (member["department"], member["status"]) == ([4], 2)
    assert [row.change_type for row in played.waiting()] == ["create_user", "update_user"]


def test_the_address_check_can_be_asked_for(played):
    assert "ok" in played.raise_event("verify_callback")


# --- what the other addresses say -----------------------------------------------------------------

NONSENSE = [
    ("scenario", {"name": "no-such"}),
    ("scenario", {"name": 7}),
    ("scenario", {"corp": {"name": "x"}}),
    ("scenario", {"corp": {"name": "x"}, "departments": [{"id": "one"}], "users": []}),
    ("scenario", {"corp": {"name": "x"}, "departments": [], "users": [{"userid": "a"}]}),
    ("clock", {}),
    ("clock", {"advance_seconds": -1}),
    ("clock", {"advance_seconds": "60"}),
    ("clock", {"advance_seconds": True}),
    ("clock", {"advance_seconds": 10**12}),
    ("faults", {"name": "explode", "rate": 1}),
    ("faults", {"rate": 1}),
    ("faults", {"name": "-1", "rate": 2}),
    ("faults", {"name": "-1", "rate": "often"}),
    ("faults", {"name": "-1", "every": -3}),
    ("faults", {"name": "hang", "rate": 1, "seconds": 10_000}),
    ("faults", {"name": "-1", "rate": 1, "colour": "red"}),
    ("limits", {"path": "user/get", "per_minute": -1}),
    ("limits", {"path": "user/get", "per_minute": "few"}),
    ("limits", {"path": "user/get", "per_day": 1}),
    ("reset", {"scenario": "no-such"}),
    ("reset", {"scenario": 1}),
]


@pytest.mark.parametrize(("what", "body"), NONSENSE)
def test_orders_that_make_no_sense_are_400_with_one_sentence(company, client, what, body):
    answer = post(client, body, f"/sandbox/control/{what}")
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert User.objects.count() == 6
    assert not Fault.objects.exists()


def test_a_scenario_that_came_as_a_document_is_what_a_reset_begins_with(played):
    document = {
        "corp": {"name": "山丘书店"},
        "departments": [{"id": 1, "name": "山丘书店"}],
        "users": [{"userid": "mo", "name": "莫言之", "departments": [1]}],
        "customers": [{"key": "an", "name": "安", "follows": [["mo", "", 0, 1, "", []]]}],
    }
    assert played.post_page("control/scenario", document) == (200, {"scenario": "posted"})
    played.raise_event("delete_user", userid="mo")
    played.reset()
    assert [user["left"] for user in played.state()["users"]] == [False]
    assert played.post_page("control/scenario", {"name": "small"})[1] == {"scenario": "small"}


def test_time_can_be_moved_ahead_and_a_reset_brings_it_back(played):
    before = datetime.fromisoformat(played.state()["now"])
    moved = played.post_page("control/clock", {"advance_seconds": 7200})[1]["now"]
    assert (datetime.fromisoformat(moved) - before).total_seconds() >= 7200
    assert played.get("user/get", access_token=played.token(), userid="linxm")["errcode"] == 0
    played.reset()
    again = datetime.fromisoformat(played.state()["now"])
    assert (again - before).total_seconds() < 3600


def test_the_wire_log_is_read_on_from_where_one_was(played):
    token = played.token()
    for _call in range(5):
        played.get("user/get", access_token=token, userid="linxm")
    first = played.told("calls", limit=2)["calls"]
    rest = played.told("calls", after=first[-1]["id"])["calls"]
    assert [row["path"] for row in first] == ["gettoken", "user/get"]
    assert len(rest) == 4
    assert rest[-1].keys() >= {"id", "at", "path", "errcode", "ms", "fault", "userid"}
    assert token not in json.dumps([first, rest])


@pytest.mark.parametrize("query", [{"after": "x"}, {"limit": "-1"}, {"kind": "rumour"}])
def test_a_question_for_calls_that_makes_no_sense_is_400(company, client, query):
    answer = client.get("/sandbox/control/calls", query)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_some_parts_of_the_state_may_be_asked_for_alone(played):
    parts = played.told("state", only="now,scenario")
    assert set(parts) == {"now", "scenario"}
    assert parts["scenario"] == "small"
