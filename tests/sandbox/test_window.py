"""What the chat window's addresses answer; tests/browser/test_sandbox_window.py looks at it."""

import pytest
from django.urls import reverse

from guideapp.sandbox.models import Callback, ChatMessage, Media, User
from guideapp.sandbox.services import chat

QUERIES = 13


def test_nothing_is_sent_while_nothing_happens(wecom, client):
    page = client.get(reverse("sandbox:window"))
    here = {"version": page.context["version"]}
    assert client.get(reverse("sandbox:window_live"), here).status_code == 204
    chat.guide_says(userid="linxm", text="在吗", external_userid=wecom.customer("zhou"))
    assert "在吗" in client.get(reverse("sandbox:window_live"), here).text


def test_another_guides_customer_is_not_opened(wecom, client):
    page = client.get(reverse("sandbox:window"), {"customer": wecom.customer("shen")})
    assert page.context["chat"].customer.external_userid != wecom.customer("shen")


def test_the_window_asks_the_database_as_often_for_many_customers(
    wecom, client, django_assert_num_queries
):
    client.get(reverse("sandbox:window"))
    with django_assert_num_queries(QUERIES):
        client.get(reverse("sandbox:window_live"))
    for number in range(20):
        wecom.raise_event("add_external_contact", userid="linxm", name=f"新客 {number}")
    with django_assert_num_queries(QUERIES):
        client.get(reverse("sandbox:window_live"))


def test_a_sent_picture_is_shown_and_a_file_is_handed_over(wecom, client):
    for kind, media_type in (("image", "image/png"), ("file", "application/pdf")):
        Media.objects.create(
            media_id=f"M-{kind}",
            kind=kind,
            filename=kind,
            content_type=media_type,
            size=4,
            content=b"body",
            created_at="2026-11-21T00:00Z",
            expires_at="2026-11-24T00:00Z",
        )
    image = client.get(reverse("sandbox:window_media", args=["M-image"]))
    assert (image.content, image["Content-Type"]) == (b"body", "image/png")
    assert "Content-Disposition" not in image
    file = client.get(reverse("sandbox:window_media", args=["M-file"]))
    assert file["Content-Disposition"] == "attachment"
    assert client.get(reverse("sandbox:window_media", args=["M-none"])).status_code == 404


def test_a_link_that_is_no_web_address_is_not_opened(wecom, client):
    message = chat.guide_says(userid="linxm", text="x", external_userid=wecom.customer("zhou"))
    ChatMessage.objects.filter(pk=message.pk).update(
        msgtype="news", payload={"link": "javascript:alert(1)", "title": "x"}
    )
    opened = client.get(reverse("sandbox:window_open", args=[message.pk]))
    assert opened.status_code == 404


@pytest.mark.parametrize(
    ("name", "sent", "status"),
    [
        ("window_look", {"look": "pink"}, 404),
        ("window_act", {"act": "explode"}, 404),
        ("window_act", {"act": "customer_deletes", "userid": "nobody"}, 409),
        ("window_act", {"act": "member_says", "userid": "linxm", "customer": "wmNobody"}, 409),
    ],
)
def test_a_click_that_makes_no_sense_changes_nothing(wecom, client, name, sent, status):
    before = ChatMessage.objects.count()
    assert client.post(reverse(f"sandbox:{name}"), sent).status_code == status
    assert ChatMessage.objects.count() == before
    assert not Callback.objects.exists()


def test_the_window_without_a_company_says_how_to_get_one(wecom, client):
    User.objects.all().delete()
    assert "沙盒里还没有企业" in client.get(reverse("sandbox:window")).text
    assert client.get(reverse("sandbox:window_live")).status_code == 204


def test_everybody_gets_the_home_that_the_address_book_suggests(wecom, client):
    for userid, home in (("linxm", "/g/"), ("hejs", "/m/"), ("wangsi", "/wecom/login/")):
        client.cookies["sandbox_person"] = userid
        page = client.get(reverse("sandbox:window"), {"entry": "workbench"})
        assert page.context["entry"].page == home
