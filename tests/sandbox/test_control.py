"""The control address: state, events, reset."""

import json

import pytest
from django.test import Client

from guideapp.sandbox.models import Callback, Customer, Follow
from guideapp.sandbox.services import scenarios

EVENTS = "/sandbox/control/events"


@pytest.fixture
def company(db):
    return scenarios.load_scenario("small")


def post(client, body, path=EVENTS):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(path, text, content_type="application/json")


def test_the_state_holds_the_company_its_people_and_its_messages(played):
    state = played.state()
    assert set(state) == {"corp", "users", "customers", "messages"}
    assert state["corp"] == {
        "corp_id": "ww0a1b2c3d4e5f6071",
        "agent_id": 1000002,
        "app_secret": "test-app-secret",
        "contacts_secret": "test-contacts-secret",
        "callback_token": "testcallbacktoken",
        "callback_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    }
    assert {"linxm", "hejs"} <= {user["userid"] for user in state["users"]}
    assert state["customers"][0]["follows"][0]["userid"] == "linxm"
    assert state["messages"][-1]["payload"]["content"].startswith("有的")


def test_the_state_takes_as_many_queries_for_many_customers(
    company, client, django_assert_num_queries
):
    Customer.objects.bulk_create(
        Customer(external_userid=f"wm{i:030d}", name="客") for i in range(50)
    )
    with django_assert_num_queries(6):
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
