"""Group welcome templates, product albums and sensitive words."""

import pytest

from guideapp.sandbox.models import App
from guideapp.sandbox.models.library import GroupWelcome, InterceptRule
from guideapp.sandbox.services import media

BASE = "externalcontact"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
WELCOME = {"text": {"content": "欢迎 %NICKNAME%"}, "link": {"title": "新品", "url": "https://a.b/"}}
RULE = {
    "rule_name": "退款",
    "word_list": ["私下退"],
    "semantics_list": [1],
    "intercept_type": 1,
    "applicable_range": {"user_list": ["linxm"]},
}


def ask(played, path, secret="test-app-secret", **body):
    return played.post(f"{BASE}/{path}", played.token(secret), body)


def second(played):
    """The secret of the other app, listed as callable."""
    App.objects.filter(slug="second").update(callable=True)
    return played.state()["corp"]["second_secret"]


def album_picture():
    row = media.upload_attachment(
        scene=2, kind="image", filename="图.png", content_type="image/png", content=PNG
    )
    return [{"type": "image", "image": {"media_id": row.media_id}}]


def product(**change):
    return {"description": "羊毛大衣", "price": 129900, "product_sn": "QH1"} | change


def test_a_group_welcome_is_kept_read_changed_and_removed(played):
    template_id = ask(played, "group_welcome_template/add", **WELCOME)["template_id"]
    found = ask(played, "group_welcome_template/get", template_id=template_id)
    assert found["text"] == WELCOME["text"]
    assert found["link"] == WELCOME["link"]
    edit = {"template_id": template_id, "text": {"content": "欢迎"}}
    assert ask(played, "group_welcome_template/edit", **edit)["errcode"] == 0
    assert "link" not in ask(played, "group_welcome_template/get", template_id=template_id)
    assert ask(played, "group_welcome_template/del", template_id=template_id)["errcode"] == 0
    assert ask(played, "group_welcome_template/get", template_id=template_id)["errcode"] == 40058


@pytest.mark.parametrize("path", ["edit", "del"])
def test_another_apps_template_cannot_be_touched(played, path):
    template_id = ask(played, "group_welcome_template/add", **WELCOME)["template_id"]
    body = WELCOME | {"template_id": template_id}
    answer = ask(played, f"group_welcome_template/{path}", secret=second(played), **body)
    assert answer["errcode"] == 41058


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40058),
        ({"text": {"content": "长" * 1001}}, 40058),
        ({"image": {"media_id": "none"}}, 40007),
        ({"link": {"title": "缺地址"}}, 40058),
    ],
)
def test_group_welcomes_that_are_refused(played, body, errcode):
    assert ask(played, "group_welcome_template/add", **body)["errcode"] == errcode


def test_there_are_a_hundred_group_welcomes_at_most(played):
    ask(played, "group_welcome_template/add", **WELCOME)
    made = GroupWelcome.objects.get()
    GroupWelcome.objects.bulk_create(
        GroupWelcome(
            template_id=str(n), slug="app", content={}, notify=1, created_at=made.created_at
        )
        for n in range(99)
    )
    assert ask(played, "group_welcome_template/add", **WELCOME)["errcode"] == 41055


def test_a_product_is_kept_listed_changed_and_removed(played):
    pictures = album_picture()
    made = ask(played, "add_product_album", **product(attachments=pictures))
    product_id = made["product_id"]
    found = ask(played, "get_product_album", product_id=product_id)["product"]
    assert (found["price"], found["attachments"]) == (129900, pictures)
    assert ask(played, "update_product_album", product_id=product_id, price=1)["errcode"] == 0
    (listed,) = ask(played, "get_product_album_list", limit=1)["product_list"]
    assert (listed["price"], listed["description"]) == (1, "羊毛大衣")
    assert ask(played, "delete_product_album", product_id=product_id)["errcode"] == 0
    assert ask(played, "get_product_album", product_id=product_id)["errcode"] == 41074
    assert ask(played, "get_product_album_list")["product_list"] == []


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"description": ""}, 41087),
        ({"description": "长" * 301}, 41073),
        ({"price": 5_000_001}, 41086),
        ({"price": "9"}, 41086),
        ({"product_sn": "有汉字"}, 41085),
        ({"attachments": []}, 41088),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "x"}}]}, 41065),
        ({"attachments": [{"type": "image", "image": {"media_id": "x"}}]}, 40007),
        ({"attachments": [{"type": "image", "image": {}}] * 10}, 41064),
    ],
)
def test_products_that_are_refused(played, change, errcode):
    body = product(attachments=album_picture()) | change
    assert ask(played, "add_product_album", **body)["errcode"] == errcode


def test_a_picture_for_messages_does_not_fit_the_album(played):
    row = media.upload(kind="image", filename="图.png", content_type="image/png", content=PNG)
    pictures = [{"type": "image", "image": {"media_id": row.media_id}}]
    answer = ask(played, "add_product_album", **product(attachments=pictures))
    assert answer["errcode"] == 41072


def test_another_apps_product_is_unknown(played):
    made = ask(played, "add_product_album", **product(attachments=album_picture()))
    answer = ask(
        played, "delete_product_album", secret=second(played), product_id=made["product_id"]
    )
    assert answer["errcode"] == 41075


def test_a_rule_is_kept_listed_changed_and_removed(played):
    rule_id = ask(played, "add_intercept_rule", **RULE)["rule_id"]
    listed = played.get(f"{BASE}/get_intercept_rule_list", access_token=played.token())
    assert [row["rule_name"] for row in listed["rule_list"]] == ["退款"]
    rule = ask(played, "get_intercept_rule", rule_id=rule_id)["rule"]
    assert rule["extra_rule"] == {"semantics_list": [1]}
    change = {
        "rule_id": rule_id,
        "intercept_type": 2,
        "add_applicable_range": {"department_list": [3]},
        "remove_applicable_range": {"user_list": ["linxm"]},
    }
    assert ask(played, "update_intercept_rule", **change)["errcode"] == 0
    rule = ask(played, "get_intercept_rule", rule_id=rule_id)["rule"]
    assert (rule["word_list"], rule["intercept_type"]) == (["私下退"], 2)
    assert rule["extra_rule"] == {"semantics_list": []}
    assert rule["applicable_range"] == {"user_list": [], "department_list": [3]}
    assert ask(played, "del_intercept_rule", rule_id=rule_id)["errcode"] == 0
    assert ask(played, "get_intercept_rule", rule_id=rule_id)["errcode"] == 41071


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"rule_name": ""}, 40058),
        ({"rule_name": "长" * 21}, 40058),
        ({"word_list": []}, 41068),
        ({"word_list": ["x"] * 301}, 41068),
        ({"word_list": ["长" * 33]}, 41083),
        ({"semantics_list": [4]}, 41084),
        ({"intercept_type": 3}, 40058),
        ({"applicable_range": {}}, 40058),
        ({"applicable_range": {"user_list": ["x"] * 1001}}, 41076),
    ],
)
def test_rules_that_are_refused(played, change, errcode):
    assert ask(played, "add_intercept_rule", **RULE | change)["errcode"] == errcode
    assert not InterceptRule.objects.exists()


def test_a_name_is_used_once_and_another_apps_rule_is_unknown(played):
    rule_id = ask(played, "add_intercept_rule", **RULE)["rule_id"]
    assert ask(played, "add_intercept_rule", **RULE)["errcode"] == 41077
    answer = ask(played, "get_intercept_rule", secret=second(played), rule_id=rule_id)
    assert answer["errcode"] == 41070


def test_there_are_a_hundred_rules_at_most(played):
    ask(played, "add_intercept_rule", **RULE)
    made = InterceptRule.objects.get()
    InterceptRule.objects.bulk_create(
        InterceptRule(
            rule_id=str(n),
            slug="app",
            name=str(n),
            intercept_type=1,
            created_at=made.created_at,
        )
        for n in range(99)
    )
    assert ask(played, "add_intercept_rule", **RULE | {"rule_name": "新"})["errcode"] == 41069
