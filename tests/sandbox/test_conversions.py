"""One person's ids, turned into each other; and everybody who was served."""

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.models import Corp, Customer

UNION = "idconvert/unionid_to_external_userid"


def unionid(key_name: str) -> str:
    return Customer.objects.get(name=key_name).unionid


def test_a_wechat_customers_openid(played):
    token, zhou = played.token(), played.customer("zhou")
    path = "externalcontact/convert_to_openid"
    assert len(played.post(path, token, {"external_userid": zhou})["openid"]) == 28
    assert played.post(path, token, {"external_userid": "woSomebody"})["errcode"] == 41056
    assert played.post(path, token, {"external_userid": "wmNobody"})["errcode"] == 40096
    assert played.post(path, token, {})["errcode"] == 41035


def test_a_unionid_leads_to_the_customer(played):
    token, zhou = played.token(), played.customer("zhou")
    openid = played.post("externalcontact/convert_to_openid", token, {"external_userid": zhou})
    body = {"unionid": unionid("晚晴"), "openid": openid["openid"]}
    for path in ("externalcontact/unionid_to_external_userid", UNION):
        assert played.post(path, token, body)["external_userid"] == zhou
        assert played.post(path, token, body | {"openid": "oOther"})["errcode"] == 610018
        assert played.post(path, token, {"unionid": "x"})["errcode"] == 610014
    Corp.objects.update(unionid_bound=False)
    assert played.post(UNION, token, body)["errcode"] == 41057


def test_somebody_who_is_no_customer_yet_has_a_pending_id_for_ninety_days(played):
    token, body = played.token(), {"unionid": unionid("吴桐")}
    answer = played.post("externalcontact/unionid_to_external_userid", token, body)
    assert answer["errcode"] == 84061
    first = played.post(UNION, token, body)
    assert "external_userid" not in first
    added = played.customer("wutong")
    played.raise_event("add_external_contact", userid="linxm", external_userid=added)
    path = "idconvert/batch/external_userid_to_pending_id"
    (joined,) = played.post(path, token, {"external_userid": [added]})["result"]
    assert joined == {"external_userid": added, "pending_id": first["pending_id"]}
    clock.advance(90 * 86400)
    (later,) = played.post(path, played.token(), {"external_userid": [added]})["result"]
    assert later["pending_id"] != first["pending_id"]


@pytest.mark.parametrize(("ids", "errcode"), [([], 40063), (["wm"] * 101, 40032)])
def test_lists_of_pending_ids_that_are_refused(played, ids, errcode):
    path = "idconvert/batch/external_userid_to_pending_id"
    assert played.post(path, played.token(), {"external_userid": ids})["errcode"] == errcode


def test_the_migration_of_ids_is_over(played):
    zhou = played.customer("zhou")
    body = {"external_userid_list": [zhou, "wmNobody"]}
    answer = played.post("externalcontact/get_new_external_userid", played.token(), body)
    assert answer["items"] == [{"external_userid": zhou, "new_external_userid": zhou}]


def test_a_providers_id_and_back(played):
    token, zhou = played.token(), played.customer("zhou")
    to, back = (f"externalcontact/{way}_service_external_userid" for way in ("to", "from"))
    service = played.post(to, token, {"external_userid": zhou})["external_userid"]
    assert service != zhou
    assert played.post(back, token, {"external_userid": service})["external_userid"] == zhou
    assert played.post(back, token, {"external_userid": zhou})["errcode"] == 40096


def test_tag_ids_of_a_provider(played):
    listed = played.post("externalcontact/get_corp_tag_list", played.token(), {})
    tag_id = listed["tag_group"][0]["tag"][0]["id"]
    body = {"external_tagid_list": [tag_id, "etNone"]}
    answer = played.post("idconvert/external_tagid", played.token(), body)
    assert answer["items"][0]["external_tagid"] == tag_id
    assert answer["invalid_external_tagid_list"] == ["etNone"]


def test_everybody_who_was_served_comes_in_pages(played):
    pair = {"userid": "linxm", "external_userid": played.customer("juzi")}
    played.raise_event("del_external_contact", **pair)
    token, path = played.token(), "externalcontact/contact_list"
    first = played.post(path, token, {"limit": 6})
    rest = played.post(path, token, {"limit": 6, "cursor": first["next_cursor"]})
    rows = first["info_list"] + rest["info_list"]
    assert len(rows) == 10
    (gone,) = [row for row in rows if not row["is_customer"]]
    assert gone["name"] == "橘**"
    assert "external_userid" not in gone
