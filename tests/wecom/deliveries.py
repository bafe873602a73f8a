"""Play WeCom's side of a callback: encrypt an event and post it."""

import time
from typing import Any

from django.conf import settings
from django.test import Client

from guideapp.wecom.crypto import CallbackCrypto

ADDRESS = "/wecom/callback/"


def event_xml(event: str, change_type: str = "", *, at: int | None = None, **more: str) -> str:
    """An event as WeCom writes it: CDATA, whole seconds."""
    elements = {"FromUserName": "sys", "MsgType": "event", "Event": event}
    elements |= {"ChangeType": change_type} if change_type else {}
    inside = "".join(f"<{n}><![CDATA[{v}]]></{n}>" for n, v in (elements | more).items())
    seconds = int(time.time()) if at is None else at
    return f"<xml><CreateTime>{seconds}</CreateTime>{inside}</xml>"


def crypto() -> CallbackCrypto:
    """What the settings of the moment stand for."""
    return CallbackCrypto(
        settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_AES_KEY, settings.WECOM_CORP_ID
    )


def deliver(
    client: Client, xml: str, *, timestamp: str = "", by: CallbackCrypto | None = None
) -> Any:
    """Post `xml` encrypted, signed now (or at `timestamp`), and return the response."""
    sealed = (by or crypto()).encrypt(
        xml.encode(), nonce="1234567890", timestamp=timestamp or str(int(time.time()))
    )
    return post(client, envelope(sealed.encrypt), *sealed[1:])


def envelope(encrypted: str) -> str:
    """The outer XML."""
    corp = settings.WECOM_CORP_ID
    return (
        f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )


def post(client: Client, body: str, signature: str, timestamp: str, nonce: str) -> Any:
    """Post a body with the three signed parts of the query."""
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
    return client.post(ADDRESS, body, content_type="text/xml", query_params=query)
