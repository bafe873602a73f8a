"""The toolbar of the chat window: what a customer, a member or the client can do at a click."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from guideapp.core.access import public
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import ChatMessage, Corp, Customer, User
from guideapp.sandbox.services import events
from guideapp.sandbox.views.client import forget_app
from guideapp.sandbox.views.window_content import Chat, last_link

TEXT_MAX = 500
_NAMES = (
    "陈小橙", "许知夏", "梁一舟", "温言", "沈青禾", "顾南星", "叶疏桐", "江晚晚", "孟好好", "程予",
    "白露", "方糖", "何时雨", "罗小满", "宋今朝", "唐果果", "魏来", "夏木", "钟意", "丁香",
)  # fmt: skip
_LINES = (
    "好看，M 码还有吗？",
    "这件会不会显胖呀",
    "周末店里有活动吗",
    "能帮我留一件吗，晚点过去",
    "有没有别的颜色",
)
Switch = Corp.ClientSwitch


@dataclass(frozen=True)
class Act:
    """One button. `address` opens in a new tab instead; `why_not` says why it cannot be used."""

    key: str
    label: str
    icon: str
    address: str = ""
    why_not: str = ""
    is_on: bool = False
    reopens: bool = False  # the app's page has to begin anew to notice


@dataclass(frozen=True)
class Seat:
    """Where a click comes from. `origin` is the address of this request, for the callbacks."""

    userid: str
    customer: str
    group: str
    text: str
    origin: str


@public("the sandbox is a played WeCom: settings refuse it on a public installation")
@require_POST
@csrf_exempt  # the window clears the app's cookies, its CSRF token among them
def act(request: HttpRequest) -> HttpResponse:
    """Do what was clicked: `act` with user, customer, group and text. → {"said": …}, 409 refused.

    Whatever WeCom would tell the app goes out as a callback after this answer.
    """
    key = request.POST.get("act", "")
    seat = Seat(
        userid=request.POST.get("userid", ""),
        customer=request.POST.get("customer", ""),
        group=request.POST.get("group", ""),
        text=request.POST.get("text", "").strip()[:TEXT_MAX],
        origin=f"{request.scheme}://{request.get_host()}",
    )
    if key == "session_ends":
        return _without_session(request)
    if key not in _KEYS:
        raise Http404
    name, data = _event(key, seat)
    try:
        events.raise_event(name, data, origin=seat.origin)
    except UnknownEvent as refused:
        return JsonResponse({"said": _("这一步做不了"), "reason": str(refused)}, status=409)
    return JsonResponse({"said": _said(key, data)})


def _without_session(request: HttpRequest) -> HttpResponse:
    """The app's session ends. Of an app elsewhere nobody knows its cookie: all of them go."""
    response = JsonResponse({"said": _("登录已过期，点侧边栏试试")})
    if settings.SANDBOX_APP_URL:
        forget_app(request, response)
    else:
        response.delete_cookie(settings.SESSION_COOKIE_NAME)
    return response


def buttons(person: User, open_chat: Chat) -> list[Act]:
    """What can happen in the open chat."""
    no_customer = "" if open_chat.customer else _("先选一位客户")
    gone = _("TA 已经删除导购") if open_chat.has_left else no_customer
    link = last_link(person, open_chat)
    opens = reverse("sandbox:window_open", args=[link.pk]) if link else ""
    left = _("TA 已经离职") if person.deleted_at else ""
    return [
        Act("customer_adds", _("客户加导购"), "plus", why_not=left),
        Act("customer_says", _("客户发消息"), "chat", why_not=gone or left),
        Act(
            "customer_opens",
            _("客户看素材"),
            "eye",
            address=opens,
            why_not=no_customer or ("" if link else _("还没有发过素材")),
        ),
        Act("customer_deletes", _("客户删除导购"), "minus", why_not=gone or left),
        Act("member_leaves", _("导购离职"), "swap", why_not=left),
        Act("session_ends", _("登录过期"), "lock"),
    ]


def switches() -> list[Act]:
    """How the client behaves from now on; at most one is on."""
    corp = Corp.objects.first()
    on = corp.client_switch if corp else ""
    labels = (
        (Switch.NO_PERMISSION, _("没有客户联系权限"), "shield"),
        (Switch.WRONG_CONTEXT, _("不在客户聊天里"), "warn"),
        (Switch.CANCEL, _("发送时取消"), "close"),
    )
    return [
        Act(f"switch_{key}", label, icon, is_on=key == on, reopens=key != Switch.CANCEL)
        for key, label, icon in labels
    ]


def _said(key: str, data: dict[str, str]) -> str:
    """What the window says about it; nothing where the chat itself shows it."""
    words = {
        "customer_adds": _("%(name)s 加了导购") % {"name": data.get("name", "")},
        "customer_deletes": _("客户删除了导购"),
        "member_leaves": _("导购已离职"),
    }
    return words.get(key, "")


def _event(key: str, seat: Seat) -> tuple[str, dict[str, str]]:
    """The name of what was clicked, as `services.events` knows it, and its data."""
    member = {"userid": seat.userid}
    pair = member | {"external_userid": seat.customer}
    if key == "customer_adds":
        known = Customer.objects.count()
        return "add_external_contact", member | {"name": _NAMES[known % len(_NAMES)]}
    if key == "customer_says":
        said = ChatMessage.objects.filter(sender=ChatMessage.Sender.CUSTOMER).count()
        return "customer_message", pair | {"text": seat.text or _LINES[said % len(_LINES)]}
    if key == "member_says":
        return "user_message", pair | {"chat_id": seat.group, "text": seat.text}
    if key.startswith("switch_"):
        wanted = key.removeprefix("switch_")
        is_on = Corp.objects.filter(client_switch=wanted).exists()
        return "client_switch", {"value": "" if is_on else wanted}
    return _PLAIN[key], member if key == "member_leaves" else pair


_PLAIN = {"customer_deletes": "del_follow_user", "member_leaves": "delete_user"}
_KEYS = {"customer_adds", "customer_says", "member_says", *_PLAIN} | {
    f"switch_{value}" for value in Switch.values if value
}
