"""Rule groups and their tags: only the secret of 客户联系."""

import pytest

from guideapp.sandbox.models import CorpTag, Follow

FOLDER = "externalcontact/customer_strategy"
BODY = {
    "parent_id": 0,
    "strategy_name": "华东规则",
    "admin_list": ["hejs"],
    "privilege": {"view_customer_list": True},
    "range": [{"type": 1, "userid": "linxm"}, {"type": 2, "partyid": 3}],
}


@pytest.fixture
def system(played) -> str:
    return played.token(secret=played.state()["corp"]["customer_secret"])


@pytest.fixture
def strategy(played, system) -> int:
    return played.post(f"{FOLDER}/create", system, BODY)["strategy_id"]


def ask(played, system, name, **body) -> dict:
    return played.post(f"{FOLDER}/{name}", system, body)


def test_a_rule_group_is_made_and_read_back(played, system, strategy):
    assert ask(played, system, "list")["strategy"] == [{"strategy_id": strategy}]
    shown = ask(played, system, "get", strategy_id=strategy)["strategy"]
    assert (shown["strategy_name"], shown["admin_list"]) == ("华东规则", ["hejs"])
    assert shown["privilege"] == {"view_customer_list": True}
    assert ask(played, system, "get_range", strategy_id=strategy)["range"] == BODY["range"]


def test_its_range_is_changed_by_adding_and_taking_away(played, system, strategy):
    add, remove = [{"type": 1, "userid": "chenyu"}], [{"type": 2, "partyid": 3}]
    ask(played, system, "edit", strategy_id=strategy, range_add=add, range_del=remove)
    page = ask(played, system, "get_range", strategy_id=strategy, limit=1)
    assert page["range"] == [{"type": 1, "userid": "linxm"}]
    cursor = page["next_cursor"]
    rest = ask(played, system, "get_range", strategy_id=strategy, limit=1, cursor=cursor)
    assert (rest["range"], rest["next_cursor"]) == (add, "")


def test_a_rule_group_goes_with_those_below_it(played, system, strategy):
    below = played.post(f"{FOLDER}/create", system, BODY | {"parent_id": strategy})
    assert below["errcode"] == 0
    assert ask(played, system, "del", strategy_id=strategy)["errcode"] == 0
    assert ask(played, system, "list")["strategy"] == []


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"strategy_name": ""}, 40058),
        ({"parent_id": 99}, 40058),
        ({"admin_list": ["ghost"]}, 40031),
        ({"range": [{"type": 2, "partyid": 77}]}, 60123),
    ],
)
def test_rule_groups_that_are_refused(played, system, change, errcode):
    assert played.post(f"{FOLDER}/create", system, BODY | change)["errcode"] == errcode


def test_an_app_has_no_right_to_rule_groups(played):
    assert ask(played, played.token(), "list")["errcode"] == 48002
    answer = played.post("externalcontact/get_strategy_tag_list", played.token(), {})
    assert answer["errcode"] == 48002


def tag(played, system, strategy) -> dict:
    body = {"strategy_id": strategy, "group_name": "区域", "tag": [{"name": "华东"}]}
    return played.post("externalcontact/add_strategy_tag", system, body)["tag_group"]


def test_tags_of_rule_groups_are_listed_apart(played, system, strategy):
    made = tag(played, system, strategy)
    (group,) = played.post("externalcontact/get_strategy_tag_list", system, {})["tag_group"]
    assert (group["group_id"], group["strategy_id"]) == (made["group_id"], strategy)
    corp = played.post("externalcontact/get_corp_tag_list", system, {})["tag_group"]
    assert "区域" not in [group["group_name"] for group in corp]


def test_tags_of_rule_groups_are_edited_and_deleted_by_their_own_calls(played, system, strategy):
    tag_id = tag(played, system, strategy)["tag"][0]["id"]
    edit = {"id": tag_id, "name": "华北"}
    assert played.post("externalcontact/edit_corp_tag", system, edit)["errcode"] == 40068
    assert played.post("externalcontact/edit_strategy_tag", system, edit)["errcode"] == 0
    assert CorpTag.objects.get(tag_id=tag_id).name == "华北"
    gone = {"tag_id": [tag_id]}
    assert played.post("externalcontact/del_strategy_tag", system, gone)["errcode"] == 0
    listed = played.post("externalcontact/get_strategy_tag_list", system, {})
    assert listed["tag_group"] == []


def test_only_the_system_secret_sees_them_on_a_customer(played, system, strategy):
    row = CorpTag.objects.get(tag_id=tag(played, system, strategy)["tag"][0]["id"])
    Follow.objects.get(user__userid="linxm", customer__name="橘子汽水").tags.add(row)
    ask = {"external_userid": played.customer("juzi")}
    for token, kinds in ((system, [3]), (played.token(), [])):
        answer = played.get("externalcontact/get", access_token=token, **ask)
        assert [entry["type"] for entry in answer["follow_user"][0]["tags"]] == kinds


def test_a_tag_is_made_only_in_a_rule_group_of_the_first_level(played, system, strategy):
    below = played.post(f"{FOLDER}/create", system, BODY | {"parent_id": strategy})
    body = {"strategy_id": below["strategy_id"], "group_name": "x", "tag": [{"name": "y"}]}
    assert played.post("externalcontact/add_strategy_tag", system, body)["errcode"] == 40058


def test_the_console_tells_of_a_rule_groups_tag_with_its_strategy(played, system, strategy):
    made = tag(played, system, strategy)
    played.raise_event("update_tag", id=made["group_id"], name="大区")
    assert f"<StrategyId>{strategy}</StrategyId>" in played.waiting()[0].plain


def test_the_system_secret_may_change_the_consoles_tags(played, system):
    tag_id = CorpTag.objects.get(name="金卡").tag_id
    edit = {"id": tag_id, "name": "黑卡"}
    assert played.post("externalcontact/edit_corp_tag", system, edit)["errcode"] == 0
