"""Who has opened a page: the address that sends a browser to WeCom, and the exchange of its code.

Being a member of the company is no permission: `organisation.auth` looks the guide up.
"""

import threading
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

from django.conf import settings

from guideapp.wecom.errors import WeComLoginCodeInvalid, WeComNotSent
from guideapp.wecom.tokens import credentials, our_app
from guideapp.wecom.transport import Call

_PATH = "auth/getuserinfo"
_CODE_MAX = 512
# The one place where a person waits for WeCom: pages of others must keep a thread.
_places = threading.BoundedSemaphore(settings.WECOM_LOGINS_AT_ONCE)


class OAuthIdentity(NamedTuple):
    """A member (`userid`), a customer (`external_userid`), or a stranger (both empty)."""

    userid: str
    external_userid: str


def authorize_url(redirect_uri: str, state: str, host: str = "") -> str:
    """Where to send a browser inside WeCom; it comes back to `redirect_uri` with code and state.

    `state`: letters and digits, at most 128. `host` (`scheme://name[:port]`) completes the played
    WeCom's address, which is a path; without it the answer stays a path.
    Source: developer.work.weixin.qq.com/document/path/91022
    """
    query = {
        "appid": settings.WECOM_CORP_ID,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
        "agentid": settings.WECOM_AGENT_ID,
    }
    return f"{urljoin(host, settings.WECOM_OAUTH_URL)}?{urlencode(query)}#wechat_redirect"


def qr_login_url(redirect_uri: str, state: str, host: str = "") -> str:
    """Where to send a desktop browser that shows a QR code to scan with WeCom.

    Who cancels comes back with the state and without a code.
    Source: developer.work.weixin.qq.com/document/path/98152
    """
    query = {
        "login_type": "CorpApp",
        "appid": settings.WECOM_CORP_ID,
        "agentid": settings.WECOM_AGENT_ID,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{urljoin(host, settings.WECOM_QR_LOGIN_URL)}?{urlencode(query)}"


def exchange(code: str) -> OAuthIdentity:
    """Who came back with `code`. It works once and for five minutes.

    A member of a linked company (`CorpId/userid`) is a stranger to us.
    Raises WeComLoginCodeInvalid for a code that is no longer good, another WeComError otherwise.
    Source: developer.work.weixin.qq.com/document/path/91023
    """
    if not code or len(code) > _CODE_MAX:
        raise WeComLoginCodeInvalid(40029, "not a code", _PATH)
    if not _places.acquire(blocking=False):
        raise WeComNotSent(errmsg="too many logins at once", path=_PATH, retryable=True)
    try:
        answer = credentials.authorised(our_app(), Call(_PATH, {"code": code}))
    finally:
        _places.release()
    userid = str(answer.get("userid") or answer.get("UserId") or "")
    if "/" in userid:
        return OAuthIdentity("", "")
    return OAuthIdentity(userid, str(answer.get("external_userid") or ""))
