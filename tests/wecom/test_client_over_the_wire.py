"""Our client and the played WeCom, with nothing between them but HTTP."""

import hashlib
import io
from typing import Any

import pytest
from django.conf import settings
from PIL import Image

from guideapp.wecom import errors, oauth
from guideapp.wecom.client import WeComClient, client
from guideapp.wecom.jssdk import page_signatures
from guideapp.wecom.media import ensure_uploaded, fresh_media_id
from guideapp.wecom.models import ApiCall, Credential
from guideapp.wecom.tokens import App, credentials, our_app
from tests.wecom_support import PlayedWeCom

pytestmark = pytest.mark.django_db(transaction=True)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 2), "sienna").save(file, "PNG")
    return file.getvalue()


def test_the_address_book_is_read(wecom: PlayedWeCom) -> None:
    book = client().address_book
    departments = {one["name"]: one["id"] for one in book.departments()}
    members = [user["userid"] for user in book.users(departments["星河里店"])]
    assert sorted(members) == ["chenyu", "hejs", "linxm"]
    assert book.user("linxm")["name"] == "林小满"
    assert set(members) < set(book.user_ids())


def test_an_unknown_member_is_not_found(wecom: PlayedWeCom) -> None:
    with pytest.raises(errors.WeComNotFound) as caught:
        client().address_book.user("nobody")
    assert caught.value.errcode in {60111, 40003}


def test_followers_and_their_customers_are_read(wecom: PlayedWeCom) -> None:
    contacts = client().contacts
    assert {"linxm", "chenyu"} <= set(contacts.follow_user_ids())
    assert wecom.customer("zhou") in contacts.external_userids("linxm")
    assert contacts.external_userids("sunlan") == []


def test_a_customer_is_read_with_every_follower(wecom: PlayedWeCom) -> None:
    detail = client().contacts.detail(wecom.customer("zhou"))
    follows = {one["userid"]: one for one in detail["follow_user"]}
    assert detail["external_contact"]["name"] == "晚晴"
    assert set(follows) == {"linxm", "zhaoke"}
    assert follows["linxm"]["state"] == "fit-room"
    assert {tag["tag_name"] for tag in follows["linxm"]["tags"]} == {"金卡", "大衣"}


def test_the_customers_of_several_guides_come_in_one_reading(wecom: PlayedWeCom) -> None:
    found = list(client().contacts.of_users(["linxm", "chenyu"]))
    pairs = {
        (one["follow_info"]["userid"], one["external_contact"]["external_userid"]) for one in found
    }
    assert {("linxm", wecom.customer("su")), ("chenyu", wecom.customer("su"))} <= pairs


def test_a_stranger_is_not_found(wecom: PlayedWeCom) -> None:
    with pytest.raises(errors.WeComNotFound):
        client().contacts.detail(wecom.customer("wutong"))


def test_tags_and_remarks_are_written(wecom: PlayedWeCom) -> None:
    contacts, customer = client().contacts, wecom.customer("juzi")
    tags = {tag["name"]: tag["id"] for group in contacts.corp_tags() for tag in group["tag"]}
    contacts.mark_tag(userid="linxm", external_userid=customer, add=[tags["银卡"]])
    contacts.remark(userid="linxm", external_userid=customer, remark="橘子", description="爱针织")
    (follow,) = contacts.detail(customer)["follow_user"]
    assert (follow["remark"], follow["description"]) == ("橘子", "爱针织")
    assert [tag["tag_id"] for tag in follow["tags"]] == [tags["银卡"]]


def test_an_unknown_tag_is_not_found(wecom: PlayedWeCom) -> None:
    with pytest.raises(errors.WeComNotFound) as caught:
        client().contacts.mark_tag(
            userid="linxm", external_userid=wecom.customer("juzi"), add=["etUnknown"]
        )
    assert caught.value.errcode == 40068


def test_a_made_up_welcome_code_is_refused(wecom: PlayedWeCom) -> None:
    with pytest.raises(errors.WeComRefused) as caught:
        client().contacts.send_welcome(welcome_code="made-up", text="您好")
    assert caught.value.errcode == 41050


def test_a_guide_gets_a_card(wecom: PlayedWeCom) -> None:
    result = client().messages.send_text_card(
        userids=["linxm", "nobody"],
        title="周晚晴 刚看了秋装新品",
        description="现在聊,正好",
        url="https://guide.example.com/g/",
    )
    assert result["invaliduser"] == ["nobody"]
    assert len(wecom.app_messages("linxm")) == 1


def test_a_message_that_nobody_can_get_is_an_error(wecom: PlayedWeCom) -> None:
    with pytest.raises(errors.WeComNotFound):
        client().messages.send_text(userids=["nobody"], text="您好")


def test_a_picture_is_uploaded_once(wecom: PlayedWeCom) -> None:
    content = picture()
    sha256 = hashlib.sha256(content).hexdigest()
    media_id = ensure_uploaded("image", sha256, "秋装.png", lambda: content)
    assert fresh_media_id("image", sha256) == media_id
    assert len(wecom.calls("media/upload")) == 1


def test_a_page_is_signed_with_both_tickets(wecom: PlayedWeCom) -> None:
    signed = page_signatures(f"{wecom.url}/s/")
    assert signed["corp"]["signature"] != signed["agent"]["signature"]
    assert Credential.objects.exclude(value="").count() == 3


def test_an_unknown_login_code_is_refused(wecom: PlayedWeCom) -> None:
    with pytest.raises(errors.WeComLoginCodeInvalid):
        oauth.exchange("made-up")


def test_a_wrong_secret_is_not_permitted(wecom: PlayedWeCom) -> None:
    stranger = WeComClient(App(settings.WECOM_CORP_ID, settings.WECOM_AGENT_ID, "wrong"))
    with pytest.raises(errors.WeComNotPermitted) as caught:
        stranger.contacts.follow_user_ids()
    assert caught.value.errcode == 40001


def test_a_token_that_wecom_forgot_is_replaced(wecom: PlayedWeCom) -> None:
    credentials.access_token(our_app())
    row = Credential.objects.get()
    row.value = "forgotten"
    row.save()
    credentials.clear()
    assert client().contacts.follow_user_ids()
    calls: list[Any] = list(ApiCall.objects.order_by("pk").values_list("path", "errcode"))
    path = "externalcontact/get_follow_user_list"
    assert calls == [("gettoken", 0), (path, 40014), ("gettoken", 0), (path, 0)]
