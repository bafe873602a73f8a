"""What the window's scripts ask the server. All JSON, all POST, no CSRF token needed.

POST /sandbox/client/opening: the client opens a page of the app. → {"name": "wxwork/4.1.36"}, what
the frame is called; a fault makes it an older version's, or one of a client without a bridge.

POST /sandbox/client/invoke: the bridge passes on one call of the official SDK.

    {"frame": "main",                    the window's own name of the frame; config is kept by it
     "api": "agentConfig",               the native name that the SDK called
     "params": {...},                    its parameters, as JSON
     "page_url": "http://…/s/?a=1",      iframe.contentWindow.location.href
     "userid": "linxm",                  who the window plays; "" = the browser's cookie
     "entry": "single_chat_tools",       where the frame was opened (reference §6)
     "external_userid": "wm…",           the open chat's customer, or ""
     "chat_id": "",                      the open customer group, or ""
     "platform": "windows",              windows, mac, ios, android; "" = windows
     "switch": ""}                       wrong_context, no_permission, cancel, never_answers;
                                         "" = Corp.client_switch
    → {"answers": true,                  false: relay nothing, the SDK waits for ever
       "reply": {"err_msg": "…", …},     hand this object to the callback as it is
       "message": null | {…},            the bubble that sendChatMessage made (shape below)
       "open_chat": ""}                  openEnterpriseChat: external_userid of the chat to show

POST /sandbox/client/person {"userid": "linxm"}: this browser plays that member from now on. Sets
the sandbox's own cookie and, as the real client does on a change of member, clears the app's
cookies (session and CSRF). → {"userid": "linxm"}

POST /sandbox/client/say {"userid", "external_userid" or "chat_id", "sender": "user" or
"customer", "text"}: words typed in the window; they are told to nobody. → {"message": {…}}

A message: {"id", "sender": "user|customer|system", "source": "typed|sidebar|welcome|note",
"msgtype", "payload", "at": ISO 8601, "userid", "external_userid", "chat_id"}.

A refusal is 400 with {"error": why}.
"""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from guideapp.core.access import public
from guideapp.core.context import LOOK_COOKIE
from guideapp.sandbox.config import PERSON_COOKIE
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import User
from guideapp.sandbox.services import chat
from guideapp.sandbox.services.client import Call, frame_name, invoke

# The sandbox's own cookies are the client's, not the app's; the two choices are the visitor's.
_KEPT_PREFIX = "sandbox_"
_KEPT = frozenset({LOOK_COOKIE, settings.LANGUAGE_COOKIE_NAME})
_TEXT_MAX = 2000


@csrf_exempt
@public("the played client answers whoever opens the sandbox; settings refuse it in production")
@require_POST
def client_invoke(request: HttpRequest) -> HttpResponse:
    """Answer one call of the official SDK."""
    body = json_of(request)
    if body is None or not isinstance(body.get("params", {}), dict):
        return refusal("a JSON object with an object `params` is needed")
    texts = ("page_url", "entry", "external_userid", "chat_id", "platform", "switch")
    given = {name: str(body[name]) for name in texts if body.get(name)}
    call = Call(
        frame=str(body.get("frame") or "main")[:64],
        api=str(body.get("api", ""))[:64],
        params=body.get("params", {}),
        userid=str(body.get("userid") or request.COOKIES.get(PERSON_COOKIE, "")),
        **{"page_url": ""} | given,
    )
    try:
        answer = invoke(call)
    except UnknownEvent as error:
        return refusal(str(error))
    return JsonResponse(
        {
            "answers": answer.reply is not None,
            "reply": answer.reply,
            "message": chat.as_json(answer.message) if answer.message else None,
            "open_chat": answer.open_chat,
        }
    )


@csrf_exempt
@public("the played client opens whatever it is told to; settings refuse it in production")
@require_POST
def client_opening(request: HttpRequest) -> HttpResponse:
    """How the client names the frame that it opens now."""
    return JsonResponse({"name": frame_name()})


@csrf_exempt
@public("the sandbox lets everybody play everybody; settings refuse it in production")
@require_POST
def client_person(request: HttpRequest) -> HttpResponse:
    """Play another member from now on."""
    body = json_of(request) or {}
    user = User.objects.named(str(body.get("userid", "")))
    if user is None:
        return refusal("unknown member")
    response = JsonResponse({"userid": user.userid})
    forget_app(request, response)
    remember_person(response, user.userid)
    return response


@csrf_exempt
@public("words in the played chat go nowhere")
@require_POST
def client_say(request: HttpRequest) -> HttpResponse:
    """Put typed words into the chat."""
    body = json_of(request) or {}
    text = str(body.get("text", "")).strip()[:_TEXT_MAX]
    if not text:
        return refusal("text is empty")
    peer = {name: str(body.get(name, "")) for name in ("userid", "external_userid")}
    try:
        if body.get("sender") == "customer":
            origin = f"{request.scheme}://{request.get_host()}"
            message = chat.customer_says(**peer, text=text, origin=origin)
        else:
            message = chat.guide_says(**peer, chat_id=str(body.get("chat_id", "")), text=text)
    except UnknownEvent as error:
        return refusal(str(error))
    return JsonResponse({"message": chat.as_json(message)})


def forget_app(request: HttpRequest, response: HttpResponse) -> None:
    """Delete the app's cookies, as the client does for another member."""
    for name in request.COOKIES:
        if name not in _KEPT and not name.startswith(_KEPT_PREFIX):
            response.delete_cookie(name)


def remember_person(response: HttpResponse, person: str) -> None:
    """Write the cookie that says who this browser plays."""
    response.set_cookie(PERSON_COOKIE, person, httponly=True, samesite="Lax")


def json_of(request: HttpRequest) -> dict[str, Any] | None:
    """The JSON object of the body, {} for an empty body, None for anything else."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def refusal(why: str) -> JsonResponse:
    """400 with the reason, for whoever writes against these addresses."""
    return JsonResponse({"error": why}, status=400)
