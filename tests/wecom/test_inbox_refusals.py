"""What the callback address refuses: each with its status, a log line without content, no trace."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client, override_settings

from guideapp.core.clock import now
from guideapp.wecom.crypto import CallbackCrypto, signature
from guideapp.wecom.models import CallbackEvent
from tests.wecom.deliveries import ADDRESS, crypto, deliver, envelope, event_xml, post

pytestmark = pytest.mark.django_db

EVENT = "change_external_contact"


@pytest.fixture(autouse=True)
def nothing_is_stored() -> Iterator[None]:
    """Every refusal leaves the inbox empty, unless the test filled it."""
    yield
    assert CallbackEvent.objects.count() <= 1


def sign(encrypted: str) -> tuple[str, str, str]:
    """The true signature of any text, as only WeCom (or we) can make it."""
    at = str(int(time.time()))
    return signature(settings.WECOM_CALLBACK_TOKEN, at, "n", encrypted), at, "n"


def test_a_wrong_signature_is_refused(client: Client) -> None:
    sealed = crypto().encrypt(event_xml(EVENT).encode(), nonce="n", timestamp=str(int(time.time())))
    response = post(client, envelope(sealed.encrypt), "0" * 40, sealed.timestamp, sealed.nonce)
    assert response.status_code == 403
    assert response.content == b""


def test_a_signature_for_another_time_is_refused(client: Client) -> None:
    sealed = crypto().encrypt(b"<xml/>", nonce="n", timestamp="1")
    at = str(int(time.time()))
    assert post(client, envelope(sealed.encrypt), sealed.msg_signature, at, "n").status_code == 403


def test_a_call_without_a_signature_is_refused(client: Client) -> None:
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, envelope("abcd"), content_type="text/xml").status_code == 403


def test_a_foreign_receive_id_is_refused(client: Client) -> None:
    stranger = CallbackCrypto(
        settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_AES_KEY, "wwsomebodyelse"
    )
    assert deliver(client, event_xml(EVENT), by=stranger).status_code == 403


def test_a_message_under_another_key_is_refused(client: Client) -> None:
    stranger = CallbackCrypto(settings.WECOM_CALLBACK_TOKEN, "B" * 43, settings.WECOM_CORP_ID)
    assert deliver(client, event_xml(EVENT), by=stranger).status_code == 403


@pytest.mark.parametrize(("encrypted", "status"), [("***", 400), ("AAAA", 403)])
def test_text_that_was_never_encrypted_is_refused(
    client: Client, encrypted: str, status: int
) -> None:
    assert post(client, envelope(encrypted), *sign(encrypted)).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "<xml>",
        "<xml></xml>",
        "<xml><Encrypt></Encrypt></xml>",
        "<xml>\x00</xml>",
        '<?xml version="1.0" encoding="martian"?><xml><Encrypt>a</Encrypt></xml>',
        "<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Encrypt>&e;</Encrypt></xml>',
        '<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>',
        "<a>" * 5000 + "</a>" * 5000,
    ],
)
def test_a_malformed_envelope_is_refused(client: Client, body: str) -> None:
    assert post(client, body, "0" * 40, str(int(time.time())), "n").status_code == 400


@pytest.mark.parametrize(
    "inside",
    [
        "not xml",
        "",
        "<xml><Event>x</Event>",
        "<!DOCTYPE xml><xml><Event>x</Event></xml>",
        '<!DOCTYPE x [<!ENTITY e "x">]><xml><Event>&e;</Event></xml>',
    ],
)
def test_a_malformed_message_is_refused_although_it_is_signed(client: Client, inside: str) -> None:
    assert deliver(client, inside).status_code == 400


def test_a_body_over_256_kb_is_refused_and_one_just_below_is_read(client: Client) -> None:
    filler = "x" * (256 * 1024)
    signed = ("0" * 40, str(int(time.time())), "n")
    assert post(client, f"<xml><Encrypt>{filler}</Encrypt></xml>", *signed).status_code == 413
    smaller = f"<xml><Encrypt>{filler[:-100]}</Encrypt></xml>"
    assert post(client, smaller, *signed).status_code == 403


@pytest.mark.parametrize("seconds", [-601, 601])
def test_an_old_or_future_timestamp_is_refused(client: Client, seconds: int) -> None:
    at = str(int(time.time()) + seconds)
    assert deliver(client, event_xml(EVENT), timestamp=at).status_code == 403


@pytest.mark.parametrize("timestamp", ["yesterday", "-1", "9" * 40])
def test_a_timestamp_that_is_none_is_refused(client: Client, timestamp: str) -> None:
    assert deliver(client, event_xml(EVENT), timestamp=timestamp).status_code == 403


def test_a_late_repetition_of_a_known_body_is_acknowledged(client: Client) -> None:
    xml, at = event_xml(EVENT), str(int(time.time()))
    deliver(client, xml, timestamp=at)
    with time_machine.travel(now() + timedelta(hours=3)):
        assert deliver(client, xml, timestamp=at).status_code == 200
    assert CallbackEvent.objects.get().deliveries == 2


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put(ADDRESS).status_code == 405


@override_settings(WECOM_CALLBACK_AES_KEY="too short")
def test_a_key_that_cannot_be_used_is_our_fault(client: Client) -> None:
    assert client.get(ADDRESS, {"echostr": "x"}).status_code == 500


def test_an_address_check_with_a_wrong_signature_is_refused(client: Client) -> None:
    query = {"msg_signature": "0" * 40, "timestamp": "1", "nonce": "n", "echostr": "abcd"}
    assert client.get(ADDRESS, query).status_code == 403


def test_a_lone_surrogate_in_the_query_is_refused(client: Client) -> None:
    assert client.get(f"{ADDRESS}?msg_signature=%ED%A0%80&echostr=a").status_code == 403


def test_a_refusal_is_logged_without_what_was_sent_and_many_of_them_alert(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "guideapp.wecom.views"):
        for _ in range(30):
            post(client, envelope("c2VjcmV0"), "0" * 40, "1760000000", "unmistakable-nonce")
    ours = [record for record in caplog.records if record.name == "guideapp.wecom.views"]
    assert not any("c2VjcmV0" in str(vars(one)) or "unmistakable" in str(vars(one)) for one in ours)
    assert [one.levelname for one in ours].count("ERROR") == 1
