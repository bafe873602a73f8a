"""What the client's bridge answers to the official SDK, as far as a guide's sidebar needs it.

Replies and their wording follow reference/wecom-jssdk.md §5, §6 and §10.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urlsplit

from django.conf import settings

from guideapp.sandbox import config
from guideapp.sandbox.models import App, ChatMessage, Corp, FrameConfig, Ticket, User, WireLog
from guideapp.sandbox.services import chat, faults, tokens, wirelog
from guideapp.sandbox.services.client_payload import BadPayload, checked_payload

Switch = Corp.ClientSwitch
Reply = dict[str, Any]

VERSION = "4.1.36"
OLD_VERSION = "3.0.20"  # config in two steps, and no getContext
_CUSTOMER_ENTRIES = frozenset({"single_chat_tools", "contact_profile", "single_kf_tools"})
_GROUP_ENTRIES = frozenset({"group_chat_tools"})
_SENDING_ENTRIES = frozenset(
    {"single_chat_tools", "group_chat_tools", "single_kf_tools", "chat_attachment"}
)
_PHONES = frozenset({"ios", "android"})
_MORE = "more info at https://open.work.weixin.qq.com/devtool/query?e="


@dataclass(frozen=True)
class Call:
    """One invoke of the bridge, with where its frame stands in the client."""

    frame: str
    api: str
    params: dict[str, Any]
    page_url: str
    userid: str
    entry: str = "normal"
    external_userid: str = ""
    chat_id: str = ""
    platform: str = "windows"
    switch: str = ""

    @property
    def page(self) -> str:
        """The page's address without its fragment: what the client compares signatures with."""
        return urldefrag(self.page_url).url

    def text(self, name: str) -> str:
        """The parameter `name` as text, or ''."""
        value = self.params.get(name)
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Answer:
    """`reply` for the SDK's callback; None: the client never answers."""

    reply: Reply | None
    message: ChatMessage | None = None
    open_chat: str = ""  # external_userid of the chat that the client now shows
    log: str = field(default="ok")


class _Denied(Exception):
    """The client refuses with `reply`."""

    def __init__(self, reply: Reply, log: str) -> None:
        super().__init__(log)
        self.reply = reply
        self.log = log


def frame_name() -> str:
    """What the client calls the frame that it opens now; static/sandbox/bridge.js reads it."""
    old = faults.met(faults.Name.OLD_CLIENT)
    without = faults.met(faults.Name.NO_BRIDGE)
    return f"wxwork/{OLD_VERSION if old else VERSION}{' no-bridge' if without else ''}"


def invoke(call: Call) -> Answer:
    """Answer one call of the SDK and write it to the log."""
    switch = call.switch or (Corp.objects.values_list("client_switch", flat=True).first() or "")
    if not switch and faults.met(faults.Name.NO_PERMISSION, call.api):
        switch = Switch.NO_PERMISSION
    answer = Answer(None, log="never answers")
    if switch != Switch.NEVER_ANSWERS:
        try:
            answer = _HANDLERS.get(call.api, _not_played)(call, switch)
        except _Denied as denied:
            answer = Answer(denied.reply, log=denied.log)
    peer = call.external_userid or call.chat_id
    wirelog.record(
        WireLog.Kind.JSSDK,
        call.api,
        ok=answer.log == "ok",
        detail=" · ".join(part for part in (peer, answer.log) if part),
        userid=call.userid,
        external_userid=call.external_userid,
    )
    return answer


def _agent_config(call: Call, switch: str) -> Answer:
    """agentConfig: the app's own ticket, this corp, this agent, a trusted host."""
    keys = config.keys()
    if call.text("corpid") != keys.corp_id:
        raise _Denied({"err_msg": "agentConfig:invalid corpId e=40013"}, "40013")
    if not _trusted(call.page):
        raise _Denied({"err_msg": f"not match any reliable domain. {_MORE}80001"}, "80001")
    fits = tokens.signature_fits(
        [Ticket.Kind.APP],
        signature=call.text("signature"),
        nonce=call.text("nonceStr"),
        timestamp=call.text("timestamp"),
        url=call.page,
    )
    if not fits or call.text("agentid") != str(keys.agent_id):
        raise _Denied(_bad_signature(call.platform), "40093")
    apis = _names(call.params.get("jsApiList"))
    FrameConfig.objects.update_or_create(
        frame=call.frame,
        defaults={"page_url": call.page, "agent_apis": apis, "corp_apis": []},
    )
    allowed = switch != Switch.NO_PERMISSION and _has_right(call.userid)
    checked = {name: allowed or name in _FREE for name in apis}
    return Answer({"err_msg": "agentConfig:ok", "checkResult": checked})


def _corp_config(call: Call, switch: str) -> Answer:
    """preVerifyJSAPI: the company's ticket. It opens the calls that need no app identity."""
    if not _trusted(call.page):
        raise _Denied({"err_msg": "preVerifyJSAPI:invalid url domain"}, "80001")
    fits = tokens.signature_fits(
        [Ticket.Kind.CORP],
        signature=call.text("verifySignature"),
        nonce=call.text("verifyNonceStr"),
        timestamp=call.text("verifyTimestamp"),
        url=call.page,
    )
    if not fits or call.text("verifyAppId") != config.keys().corp_id:
        raise _Denied({"err_msg": "preVerifyJSAPI:invalid signature"}, "40093")
    apis = _names(call.params.get("verifyJsApiList"))
    FrameConfig.objects.update_or_create(
        frame=call.frame,
        defaults={"page_url": call.page, "agent_apis": [], "corp_apis": apis},
    )
    return Answer({"err_msg": "preVerifyJSAPI:ok", "checkResult": dict.fromkeys(apis, True)})


def _get_context(call: Call, switch: str) -> Answer:
    _require_config(call, app_identity=False)
    entry = "normal" if switch == Switch.WRONG_CONTEXT else call.entry or "normal"
    return Answer({"err_msg": "getContext:ok", "entry": entry})


def _current_customer(call: Call, switch: str) -> Answer:
    _require_right(call, switch)
    known = call.entry in _CUSTOMER_ENTRIES and call.external_userid
    if switch == Switch.WRONG_CONTEXT or not known:
        raise _without_context(call)
    return Answer({"err_msg": "getCurExternalContact:ok", "userId": call.external_userid})


def _current_group(call: Call, switch: str) -> Answer:
    _require_right(call, switch)
    known = call.entry in _GROUP_ENTRIES and call.chat_id
    if switch == Switch.WRONG_CONTEXT or not known:
        raise _without_context(call)
    return Answer({"err_msg": "getCurExternalChat:ok", "chatId": call.chat_id})


def _send(call: Call, switch: str) -> Answer:
    """sendChatMessage: the payload is checked, then the bubble stands in the chat."""
    _require_right(call, switch)
    sends = call.entry in _SENDING_ENTRIES and (call.external_userid or call.chat_id)
    on_mac_bar = call.entry == "chat_attachment" and call.platform == "mac"
    if switch == Switch.WRONG_CONTEXT or not sends or on_mac_bar:
        raise _without_context(call)
    try:
        msgtype, payload = checked_payload(call.params, platform=call.platform, entry=call.entry)
    except BadPayload as bad:
        raise _Denied({"err_msg": f"sendChatMessage:{bad}"}, str(bad)) from None
    if switch == Switch.CANCEL:
        raise _Denied({"err_msg": "sendChatMessage:cancel"}, "cancel")
    message = chat.member_sends(
        userid=call.userid,
        msgtype=msgtype,
        payload=payload,
        external_userid=call.external_userid,
        chat_id=call.chat_id,
    )
    return Answer({"err_msg": "sendChatMessage:ok"}, message=message)


def _open_chat(call: Call, switch: str) -> Answer:
    """openEnterpriseChat with one customer: the window shows that chat."""
    _require_config(call, app_identity=False)
    wanted = [part for part in call.text("externalUserIds").split(";") if part]
    if not wanted:
        reason = "missing arguments" if call.platform == "ios" else "empty chatid or userids"
        raise _Denied({"err_msg": f"openEnterpriseChat:{reason}"}, reason)
    return Answer({"err_msg": "openEnterpriseChat:ok"}, open_chat=wanted[0])


def _check_js_api(call: Call, switch: str) -> Answer:
    names = _names(call.params.get("jsApiList"))
    checked = {name: name in _HANDLERS for name in names}
    return Answer({"err_msg": "checkJsApi:ok", "checkResult": checked})


def _not_played(call: Call, switch: str) -> Answer:
    return Answer({"err_msg": "system:function_not_exist"}, log="not played")


_HANDLERS: dict[str, Callable[[Call, str], Answer]] = {
    "agentConfig": _agent_config,
    "preVerifyJSAPI": _corp_config,
    "getContext": _get_context,
    "getCurExternalContact": _current_customer,
    "getCurExternalChat": _current_group,
    "sendChatMessage": _send,
    "openEnterpriseChat": _open_chat,
    "checkJsApi": _check_js_api,
}
_FREE = frozenset({"getContext", "openEnterpriseChat", "checkJsApi"})  # need no customer right


def _require_config(call: Call, *, app_identity: bool) -> None:
    """Refuse until agentConfig passed for this very page and named this call."""
    row = FrameConfig.objects.filter(frame=call.frame, page_url=call.page).first()
    if row is None or (app_identity and not row.agent_apis):
        raise _no_permission(call)
    if call.api not in (row.agent_apis if app_identity else [*row.agent_apis, *row.corp_apis]):
        if call.platform == "android":
            words = "fail_invalid signature 40093 maybe not added to jsApiList"
            raise _Denied({"err_msg": f"{call.api}:{words}"}, "not in jsApiList")
        raise _no_permission(call)


def _require_right(call: Call, switch: str) -> None:
    _require_config(call, app_identity=True)
    if switch == Switch.NO_PERMISSION or not _has_right(call.userid):
        raise _no_permission(call)


def _has_right(userid: str) -> bool:
    """The member may serve customers, and the app is listed in 可调用接口的应用."""
    listed = App.objects.filter(slug=config.MAIN, callable=True).exists()
    member = User.objects.visible().filter(
        folded=userid.lower(), status=User.Status.ACTIVE, contact_right=True
    )
    return listed and member.exists()


def _no_permission(call: Call) -> _Denied:
    if call.platform == "ios":
        reply: Reply = {"err_msg": f"{call.api}:fail_no permission to execute", "err_code": 2}
    else:
        reply = {"err_msg": f"{call.api}:fail no permission"}
    return _Denied(reply, "no permission")


def _without_context(call: Call) -> _Denied:
    joint = "_" if call.platform in _PHONES else " "
    words = f"{call.api}:fail{joint}without context of external contact"
    return _Denied({"err_msg": words}, "without context")


def _bad_signature(platform: str) -> Reply:
    """40093 as the platforms word it."""
    if platform == "ios":
        return {"errMsg": "agentConfig:fail", "errCode": 2, "err_Info": "invalid signature 40093"}
    if platform == "android":
        return {"err_msg": "agentConfig:fail", "hint": "Hint: invalid signature:40093"}
    return {"errMsg": f"agentConfig:invalid signature {_MORE}40093"}


def _trusted(page: str) -> bool:
    """The trusted domains and their sub-domains; ports do not matter to the JS-SDK."""
    host = urlsplit(page).hostname or ""
    domains = [urlsplit(f"//{name}").hostname or "" for name in settings.WECOM_TRUSTED_HOSTS]
    return any(host == domain or host.endswith(f".{domain}") for domain in domains if domain)


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
