"""The address that WeCom calls."""

import hashlib
import logging
from contextlib import suppress
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from guideapp.core.access import public
from guideapp.core.errors import OverLimit
from guideapp.core.limits import hit
from guideapp.wecom.callback_xml import read_elements
from guideapp.wecom.crypto import CallbackCrypto
from guideapp.wecom.errors import BadEnvelope, CallbackCryptoError, CallbackTooLarge
from guideapp.wecom.inbox import receive

logger = logging.getLogger(__name__)

_BODY_MAX = 256 * 1024
_REFUSALS_PER_MINUTE = 20  # more of them, and somebody is trying


@public("the signature proves that WeCom is calling")
@csrf_exempt
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest) -> HttpResponse:
    """GET: WeCom checks the address. POST: one event; 200 says that it is stored."""
    try:
        if request.method == "GET":
            return HttpResponse(_checked_address(request), content_type="text/plain")
        _store(request)
    except CallbackCryptoError as error:
        return _refused(error, request)
    except DatabaseError:
        logger.exception("A callback could not be stored; WeCom will repeat it.")
        return HttpResponse(status=503)
    return HttpResponse()


def _checked_address(request: HttpRequest) -> str:
    return _crypto().verify_url(*_signed(request), request.GET.get("echostr", ""))


def _store(request: HttpRequest) -> None:
    signature, timestamp, nonce = _signed(request)
    sealed = read_elements(_body(request)).get("Encrypt", "")
    if not sealed:
        raise BadEnvelope
    receive(_crypto().decrypt(signature, timestamp, nonce, sealed), timestamp=timestamp)


def _signed(request: HttpRequest) -> tuple[str, str, str]:
    query = request.GET
    return query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", "")


def _body(request: HttpRequest) -> bytes:
    try:
        body = request.read(_BODY_MAX + 1)
    except UnreadablePostError:
        raise BadEnvelope from None
    if len(body) > _BODY_MAX:
        raise CallbackTooLarge
    return body


def _crypto() -> CallbackCrypto:
    """Of the settings as they are now: the demo's may differ from those that made its data."""
    return _crypto_of(
        settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_AES_KEY, settings.WECOM_CORP_ID
    )


@lru_cache(maxsize=4)
def _crypto_of(token: str, aes_key: str, corp_id: str) -> CallbackCrypto:
    return CallbackCrypto(token, aes_key, corp_id)


def _refused(error: CallbackCryptoError, request: HttpRequest) -> HttpResponse:
    """Say no more than the status; log what kind it was, and alert when it goes on."""
    query = hashlib.sha256(request.META.get("QUERY_STRING", "").encode()).hexdigest()[:16]
    words = {"refusal": error.code, "library_code": error.library_code, "query_sha256": query}
    logger.warning("A callback was refused.", extra=words)
    try:
        hit("callback_refused", "", limit=_REFUSALS_PER_MINUTE, seconds=60)
    except OverLimit:
        with suppress(OverLimit):
            hit("callback_alert", "", limit=1, seconds=600)
            logger.error("Many callbacks are refused.", extra=words)  # noqa: TRY400
    return HttpResponse(status=error.status)
