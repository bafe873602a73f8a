"""Decrypting and encrypting a callback, against wechatpy on the same bytes."""

import time
from collections.abc import Callable

from wechatpy.work.crypto import WeChatCrypto

from bench.environment import AES_KEY, CORP_ID, TOKEN
from bench.rounds import Measure, interleaved, ratios
from bench.table import Line
from guideapp.wecom.callback_xml import read_elements
from guideapp.wecom.crypto import CallbackCrypto

_TIMES = 1_500
_STAMP, _NONCE = "1767225600", "bench"
_MESSAGE = (
    f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[edit_external_contact]]></ChangeType>"
    "<UserID><![CDATA[guide1]]></UserID>"
    "<ExternalUserID><![CDATA[wmBench0000000000000000000000001]]></ExternalUserID></xml>"
)


def sealed_event() -> tuple[str, str, str, str]:
    """A callback as WeCom posts it: body, signature, timestamp, nonce."""
    ours = CallbackCrypto(TOKEN, AES_KEY, CORP_ID)
    sealed = ours.encrypt(_MESSAGE.encode(), nonce=_NONCE, timestamp=_STAMP)
    body = f"<xml><Encrypt><![CDATA[{sealed.encrypt}]]></Encrypt></xml>"
    return body, sealed.msg_signature, _STAMP, _NONCE


def measure() -> list[Line]:
    """Time of ours ÷ time of wechatpy, for what a callback needs and for what the sandbox needs."""
    ours, theirs = CallbackCrypto(TOKEN, AES_KEY, CORP_ID), WeChatCrypto(TOKEN, AES_KEY, CORP_ID)
    event = sealed_event()
    body, signature, *_ = event

    def our_decrypt() -> bytes:
        text = read_elements(body.encode())["Encrypt"]
        return ours.decrypt(signature, _STAMP, _NONCE, text)

    def their_decrypt() -> str:
        plain: str = theirs.decrypt_message(*event)
        return plain

    def our_encrypt() -> object:
        return ours.encrypt(_MESSAGE.encode(), nonce=_NONCE, timestamp=_STAMP)

    def their_encrypt() -> object:
        return theirs.encrypt_message(_MESSAGE, _NONCE, _STAMP)

    decrypted, reference, encrypted, sealed_by = interleaved(
        *(_timed(act) for act in (our_decrypt, their_decrypt, our_encrypt, their_encrypt))
    )
    note = f"{min(decrypted):.0f} µs ours, {min(reference):.0f} µs wechatpy"
    return [
        Line("crypto: decrypt ÷ wechatpy", ratios(decrypted, reference), bar=1, aim=0.6, note=note),
        Line("crypto: encrypt ÷ wechatpy", ratios(encrypted, sealed_by), bar=1, aim=0.6),
    ]


def _timed(act: Callable[[], object]) -> Measure:
    """Measures one call of `act`, in µs."""

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(_TIMES):
            act()
        return (time.perf_counter() - began) / _TIMES * 1_000_000

    return measure
