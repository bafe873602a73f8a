"""The control surface for tests and tools, outside the API. JSON, no CSRF token needed.

GET  /sandbox/control/state   {"corp", "users", "customers", "messages"}
POST /sandbox/control/events  {"type": "add_external_contact", …}: services/events.py lists them.
                              → 200 {"type", …what became of it} or 400 {"error"}
POST /sandbox/control/reset   {"scenario": ""}: anew from the scenario loaded last, or the named
                              one. → 200 {"scenario"}
"""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import public
from guideapp.sandbox import config
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import AppMessage, ChatMessage, Customer, Follow, User
from guideapp.sandbox.services import chat, events, scenarios
from guideapp.sandbox.views.client import json_of, refusal

played = public("a tool of the sandbox; settings refuse the sandbox in production")
_MESSAGES_MAX = 2000


@played
@require_GET
@never_cache
def control_state(request: HttpRequest) -> HttpResponse:
    """Everything that a test may want to know, secrets of this played company included."""
    return JsonResponse(state(), json_dumps_params={"ensure_ascii": False})


@csrf_exempt
@played
@require_POST
def control_events(request: HttpRequest) -> HttpResponse:
    """Do one act; its callbacks go to the host that this request came to."""
    body = json_of(request)
    if body is None or not isinstance(body.get("type"), str):
        return refusal("a JSON object with a text `type` is needed")
    origin = f"{request.scheme}://{request.get_host()}"
    kind = body.pop("type")
    try:
        outcome = events.raise_event(kind, body, origin=origin)
    except UnknownEvent as error:
        return refusal(str(error))
    return JsonResponse({"type": kind} | outcome)


@csrf_exempt
@played
@require_POST
def control_reset(request: HttpRequest) -> HttpResponse:
    """Start the played WeCom anew; the product is not touched."""
    body = json_of(request)
    if body is None:
        return refusal("a JSON object is needed")
    try:
        corp = scenarios.reset(str(body.get("scenario", "")))
    except UnknownEvent as error:
        return refusal(str(error))
    return JsonResponse({"scenario": corp.scenario})


def state() -> dict[str, Any]:
    """The answer of `control_state`."""
    newest = ChatMessage.objects.select_related("user", "customer", "group").order_by("-id")
    sent = AppMessage.objects.prefetch_related("recipients").order_by("-id")
    messages = [{"kind": "chat"} | chat.as_json(row) for row in newest[:_MESSAGES_MAX]]
    messages += [_app_message(row) for row in sent[:_MESSAGES_MAX]]
    follows: dict[int, list[dict[str, Any]]] = {}
    for follow in Follow.objects.select_related("user").prefetch_related("tags").order_by("id"):
        follows.setdefault(follow.customer_id, []).append(_follow(follow))
    return {
        "corp": asdict(config.keys()),
        "users": [_user(user) for user in User.objects.order_by("id")],
        "customers": [
            _customer(row, follows.get(row.pk, [])) for row in Customer.objects.order_by("id")
        ],
        "messages": sorted(messages, key=lambda message: str(message["at"])),
    }


def _user(user: User) -> dict[str, Any]:
    return {
        "userid": user.userid,
        "name": user.name,
        "position": user.position,
        "departments": user.departments,
        "status": user.status,
        "contact_right": user.contact_right,
        "in_scope": user.in_scope,
        "left": user.deleted_at is not None,
    }


def _customer(customer: Customer, follows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "external_userid": customer.external_userid,
        "name": customer.name,
        "gender": customer.gender,
        "unionid": customer.unionid,
        "type": customer.type,
        "follows": follows,
    }


def _follow(follow: Follow) -> dict[str, Any]:
    return {
        "userid": follow.user.userid,
        "remark": follow.remark,
        "description": follow.description,
        "createtime": int(follow.created_at.timestamp()),
        "add_way": follow.add_way,
        "state": follow.state,
        "tags": [{"id": tag.tag_id, "name": tag.name} for tag in follow.tags.all()],
        "deleted_by_user": follow.deleted_at is not None,
        "deleted_by_customer": follow.customer_left_at is not None,
    }


def _app_message(row: AppMessage) -> dict[str, Any]:
    return {
        "kind": "app",
        "id": row.pk,
        "sender": "app",
        "source": "app",
        "msgtype": row.msgtype,
        "payload": row.payload,
        "at": row.created_at.isoformat(),
        "touser": [user.userid for user in row.recipients.all()],
        "dropped": row.dropped,
    }
