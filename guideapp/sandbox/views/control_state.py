"""What GET /sandbox/control/state tells."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from guideapp.sandbox import clock, config
from guideapp.sandbox.models import AppMessage, Callback, ChatMessage, Corp, Customer, Follow, User
from guideapp.sandbox.services import chat, faults, limits
from guideapp.sandbox.views import campaign_state

_MESSAGES_MAX = 2000
_BRIDGE = "sandbox/bridge.js"


def state(request: HttpRequest, only: Iterable[str] = ()) -> dict[str, Any]:
    """The parts `only`, by default all; a name that is no part is left out."""
    wanted = [name for name in only if name in _PARTS] or list(_PARTS)
    return {name: _PARTS[name](request) for name in wanted}


def addresses(request: HttpRequest) -> dict[str, str]:
    """What the app is given instead of WeCom's own addresses, and what we know of the app."""
    here = f"{request.scheme}://{request.get_host()}"
    api = reverse("sandbox:api", args=["-"]).removesuffix("/-")
    origin = "" if settings.SANDBOX_APP_URL else here
    return {
        "api_base_url": f"{here}{api}",
        "oauth_url": f"{here}{reverse('sandbox:authorize')}",
        "qr_login_url": f"{here}{reverse('sandbox:qr_login')}",
        "bridge_script": f"{here}{static(_BRIDGE)}",
        "window": f"{here}{reverse('sandbox:window')}",
        "callback_url": config.callback_url(origin),
        "app_url": settings.SANDBOX_APP_URL or here,
    }


def _keys(request: HttpRequest) -> dict[str, Any]:
    return asdict(config.keys())


def _now(request: HttpRequest) -> str:
    return clock.now().isoformat()


def _scenario(request: HttpRequest) -> str:
    return Corp.objects.values_list("scenario", flat=True).first() or ""


def _faults(request: HttpRequest) -> list[dict[str, object]]:
    return [faults.as_json(fault) for fault in faults.standing()]


def _limits(request: HttpRequest) -> dict[str, Any]:
    return {"changed": limits.standing(), "blocked": limits.blocked()}


def _callbacks(request: HttpRequest) -> dict[str, int]:
    """How many events wait, are being sent, arrived, were lost, or were dropped on purpose."""
    states = Callback.State.values
    counted = {name: Count("pk", filter=Q(state=name)) for name in states}
    dropped = Count("pk", filter=Q(fault=faults.Name.CALLBACK_DROP, tries=0))
    return Callback.objects.aggregate(**counted, dropped=dropped)


def _dropped(request: HttpRequest) -> list[dict[str, Any]]:
    """Messages of the app over a member's limit; WeCom tells nobody."""
    rows = AppMessage.objects.exclude(dropped=[]).order_by("-id")[:_MESSAGES_MAX]
    return [{"msgid": row.msgid, "userids": row.dropped} for row in rows]


def _users(request: HttpRequest) -> list[dict[str, Any]]:
    return [_user(user) for user in User.objects.order_by("id")]


def _customers(request: HttpRequest) -> list[dict[str, Any]]:
    follows: dict[int, list[dict[str, Any]]] = {}
    for follow in Follow.objects.select_related("user").prefetch_related("tags").order_by("id"):
        follows.setdefault(follow.customer_id, []).append(_follow(follow))
    return [_customer(row, follows.get(row.pk, [])) for row in Customer.objects.order_by("id")]


def _messages(request: HttpRequest) -> list[dict[str, Any]]:
    newest = ChatMessage.objects.select_related("user", "customer", "group").order_by("-id")
    sent = AppMessage.objects.prefetch_related("recipients").order_by("-id")
    messages = [{"kind": "chat"} | chat.as_json(row) for row in newest[:_MESSAGES_MAX]]
    messages += [_app_message(row) for row in sent[:_MESSAGES_MAX]]
    return sorted(messages, key=lambda message: str(message["at"]))


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
        "msgid": row.msgid,
        "sender": "app",
        "source": "app",
        "msgtype": row.msgtype,
        "payload": row.payload,
        "at": row.created_at.isoformat(),
        "touser": [user.userid for user in row.recipients.all()],
        "dropped": row.dropped,
        "recalled": row.recalled_at is not None,
        "cards": row.cards,
    }


_PARTS: dict[str, Callable[[HttpRequest], Any]] = {
    "corp": _keys,
    "addresses": addresses,
    "now": _now,
    "scenario": _scenario,
    "faults": _faults,
    "limits": _limits,
    "callbacks": _callbacks,
    "dropped": _dropped,
    "users": _users,
    "customers": _customers,
    "messages": _messages,
    **campaign_state.PARTS,
}
