"""What a customer's phone shows behind a code and behind a link."""

import pytest
from django.urls import reverse

from guideapp.sandbox.models.acquisition import AcquisitionQuota

WAY = {"type": 1, "scene": 2, "user": ["linxm"], "state": "door"}
LINK = {"link_name": "秋装", "range": {"user_list": ["chenyu"]}}


@pytest.fixture
def code(played) -> str:
    answer = played.post("externalcontact/add_contact_way", played.token(), WAY)
    return answer["qr_code"].removeprefix("http://testserver")


@pytest.fixture
def link(played) -> str:
    path = "externalcontact/customer_acquisition/create_link"
    answer = played.post(path, played.token(), LINK)
    return answer["link"]["url"].removeprefix("http://testserver")


def test_the_picture_of_a_code_is_a_png(played, code):
    answer = played.client.get(code)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert played.client.get(reverse("sandbox:way_code", args=["nobody"])).status_code == 404


def test_somebody_scans_the_code_and_adds_the_member(played, code):
    page = code.replace(".png", "/")
    assert "林小满" in played.client.get(page).content.decode()
    done = played.client.post(page, {"name": "路人"}, follow=True)
    assert "路人已添加为好友" in done.content.decode()
    assert "<State><![CDATA[door]]></State>" in played.waiting()[0].plain
    assert played.client.get("/sandbox/way/nobody/").status_code == 404


def test_somebody_clicks_a_link_with_a_channel(played, link):
    wutong = played.customer("wutong")
    address = f"{link}?customer_channel=ad_07"
    assert "陈屿" in played.client.get(address).content.decode()
    played.client.post(address, {"customer": wutong})
    follow = played.follow("chenyu", wutong)
    assert (follow["add_way"], follow["state"]) == (16, "ad_07")


def test_a_link_without_quota_and_an_unknown_one_say_so(played, link):
    AcquisitionQuota.objects.update(balance=0)
    assert played.client.post(link, {"name": "路人"}).status_code == 409
    assert played.client.get("/sandbox/ca/nobody").status_code == 404
