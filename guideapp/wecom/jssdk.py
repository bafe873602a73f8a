"""Signatures for WeCom's JS-SDK, and the official SDK file that we serve ourselves.

Source: developer.work.weixin.qq.com/document/path/90506
"""

import base64
import hashlib
import os
import secrets
import time
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from django.conf import settings

from guideapp.wecom.errors import UntrustedPage
from guideapp.wecom.models import Credential
from guideapp.wecom.tokens import credentials, our_app

SDK_VERSION = "2.4.4"
SDK_SHA256 = "6a99cd5a09794bc4a267be3103c33dd0e5782491891121c66014e4fdf518ad8a"
SDK_INTEGRITY = f"sha256-{base64.b64encode(bytes.fromhex(SDK_SHA256)).decode()}"
SDK_PACKAGE_FILE = Path("node_modules/@wecom/jssdk/dist/wecom.global.prod.js")
SDK_FILE = Path("var/vendor/wecom-jssdk.js")  # static name: vendor/wecom-jssdk.js
_URL_MAX = 2000
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Signature(TypedDict):
    """One signature in the spelling of the SDK."""

    timestamp: int
    nonceStr: str
    signature: str


class PageSignatures(TypedDict):
    """Both signatures of one page address; the two tickets are never interchangeable."""

    corpId: str
    agentId: int
    corp: Signature
    agent: Signature


class SdkRefused(Exception):
    """The SDK file is missing or not the official one; the text says what to do."""


def page_signatures(url: str) -> PageSignatures:
    """Both signatures for the page at `url`, as the browser shows it; a part after # is cut.

    Reads tickets from this process's copy. Raises UntrustedPage for an address that is not ours,
    and a WeComError when no ticket is stored and WeCom gives none.
    """
    page = trusted(url)
    app = our_app()
    kinds = Credential.Kind
    return {
        "corpId": app.corp_id,
        "agentId": app.agent_id,
        "corp": _sign(credentials.valid_ticket(app, kinds.CORP_TICKET), page),
        "agent": _sign(credentials.valid_ticket(app, kinds.APP_TICKET), page),
    }


def signature_of(*, ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """SHA-1 hex in WeCom's fixed order, of raw values: nothing is encoded or decoded."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def trusted(url: str) -> str:
    """`url` up to its #, when it is one of our pages.

    https on a host of WECOM_TRUSTED_HOSTS, at most 2,000 characters; plain http on the loopback
    address in the demo. Raises UntrustedPage.
    """
    page = url.partition("#")[0]
    if len(page) > _URL_MAX or not page.isascii() or not page.isprintable() or " " in page:
        raise UntrustedPage
    try:
        parts = urlsplit(page)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise UntrustedPage from None
    known = {name.strip("[]").lower() for name in settings.WECOM_TRUSTED_HOSTS}
    secure = parts.scheme == "https" or (
        parts.scheme == "http" and settings.LOCAL and host in LOOPBACK
    )
    if host not in known or not secure or "@" in parts.netloc or "\\" in page:
        raise UntrustedPage
    return page


def install_sdk(*, dry_run: bool = False) -> bool:
    """Copy the official file out of the npm package into var/vendor; True when it was changed.

    Raises SdkRefused when the package is not there or its file is another one.
    """
    source, target = settings.BASE_DIR / SDK_PACKAGE_FILE, settings.BASE_DIR / SDK_FILE
    if target.is_file() and _sha256(target.read_bytes()) == SDK_SHA256:
        return False
    if not source.is_file():
        raise SdkRefused(
            "The WeCom JS-SDK is not here: run `npm ci --omit=dev --ignore-scripts` and then "
            "`manage.py fetch_sdk` again, or set WECOM_SDK_URL to Tencent's copy of version "
            f"{SDK_VERSION}."
        )
    content = source.read_bytes()
    if _sha256(content) != SDK_SHA256:
        raise SdkRefused(
            f"{SDK_PACKAGE_FILE} is not the official file of @wecom/jssdk {SDK_VERSION} (its "
            "SHA-256 differs): delete node_modules and run `npm ci --omit=dev --ignore-scripts`."
        )
    if not dry_run:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        partial.write_bytes(content)
        partial.replace(target)
    return True


def _sign(ticket: str, url: str) -> Signature:
    nonce, timestamp = secrets.token_hex(8), int(time.time())
    signed = signature_of(ticket=ticket, nonce=nonce, timestamp=timestamp, url=url)
    return {"timestamp": timestamp, "nonceStr": nonce, "signature": signed}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
