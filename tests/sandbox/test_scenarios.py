"""Loading a company from a scenario, and beginning anew."""

import pytest
from django.test import Client

from guideapp.core.clock import now
from guideapp.sandbox import config
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import App, ChatMessage, Corp, CorpTag, Customer, Follow, User
from guideapp.sandbox.services import scenarios


def big_company() -> dict:
    users = [{"userid": f"guide{i:03d}", "name": "导购", "departments": [2]} for i in range(40)]
    customers = [
        {
            "key": f"c{i}",
            "name": f"客户{i}",
            "follows": [[f"guide{i % 40:03d}", "", -86400 * i, 1, "", ["金卡"]]],
        }
        for i in range(600)
    ]
    return {
        "corp": {"name": "大公司"},
        "departments": [{"id": 1, "name": "总"}, {"id": 2, "name": "店", "parent": 1}],
        "users": users,
        "tag_groups": [{"name": "等级", "tags": ["金卡"]}],
        "customers": customers,
    }


def test_the_small_company_is_complete(db):
    scenarios.load_scenario("small")
    assert User.objects.count() == 6
    assert Customer.objects.count() == 9
    assert Follow.objects.get(user__userid="chenyu", customer__name="一禾").remark == "苏小姐"
    assert ChatMessage.objects.count() == 3


def test_the_same_file_gives_the_same_ids(db):
    scenarios.load_scenario("small")
    before = set(CorpTag.objects.values_list("tag_id")) | set(
        Customer.objects.values_list("unionid")
    )
    scenarios.load_scenario("small")
    after = set(CorpTag.objects.values_list("tag_id")) | set(
        Customer.objects.values_list("unionid")
    )
    assert before == after


def test_times_at_or_below_zero_count_from_the_loading(db):
    corp = scenarios.load_scenario("small")
    follow = Follow.objects.get(user__userid="linxm", customer__name="橘子汽水")
    assert (corp.loaded_at - follow.created_at).total_seconds() == 86400


def test_six_hundred_customers_load_with_few_statements(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(90):
        scenarios.load_data(big_company(), name="big")
    assert Follow.objects.filter(tags__name="金卡").count() == 600


def test_loading_again_replaces_everything(db):
    scenarios.load_data(big_company(), name="big")
    scenarios.load_scenario("small")
    assert Corp.objects.get().name == "青禾服饰"
    assert Customer.objects.count() == 9


def test_a_scenario_changes_the_companys_apps_and_adds_some(db, client: Client):
    apps = [
        {"slug": "second", "name": "盘点", "callable": True},
        {"slug": "third", "name": "培训", "agent_id": 1000009, "departments": [2]},
    ]
    scenarios.load_data(big_company() | {"apps": apps}, name="big")
    second, third = (App.objects.get(slug=slug) for slug in ("second", "third"))
    assert (second.name, second.kind, second.callable) == ("盘点", App.Kind.APP, True)
    assert (third.name, third.kind, third.departments) == ("培训", App.Kind.APP, [2])
    corp_id = client.get("/sandbox/control/state").json()["corp"]["corp_id"]
    asked = {"corpid": corp_id, "corpsecret": config.secret_of("third")}
    answer = client.get("/sandbox/cgi-bin/gettoken", asked).json()
    assert (answer["errcode"], bool(answer["access_token"])) == (0, True)


def test_an_unknown_scenario_is_refused_and_changes_nothing(db):
    scenarios.load_scenario("small")
    for name in ("none", "../small", ""):
        with pytest.raises(UnknownEvent):
            scenarios.load_scenario(name)
    assert Corp.objects.get().scenario == "small"


def test_a_name_is_unique_among_those_present_only(db):
    scenarios.load_scenario("small")
    User.objects.filter(userid="linxm").update(deleted_at=now())
    again = User.objects.create(userid="LinXM", folded="linxm", name="新来的", departments=[])
    assert User.objects.named("linxm") == again


def test_reset_over_http_begins_anew(db, client: Client):
    scenarios.load_scenario("small")
    Customer.objects.all().delete()
    answer = client.post("/sandbox/control/reset", "{}", content_type="application/json")
    assert answer.json() == {"scenario": "small"}
    assert Customer.objects.count() == 9
