"""The chat window: our app in a frame beside a played WeCom chat, at /sandbox/.

The window only shows and asks; whatever a person does goes through the addresses of `client` and
`control`. Where one is stands in the address (?customer=, ?group=, ?app=1, &entry=workbench), who
one is in the sandbox's own cookie, the frame's width and the look in cookies beside it.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import public
from guideapp.core.context import LOOK_COOKIE
from guideapp.sandbox import config
from guideapp.sandbox.config import PERSON_COOKIE
from guideapp.sandbox.models import ChatMessage, Department, Media, User, WireLog
from guideapp.sandbox.services import chat as talk
from guideapp.sandbox.services import faults, wirelog
from guideapp.sandbox.views import window_acts, window_faults
from guideapp.sandbox.views import window_content as content
from guideapp.sandbox.views.client import remember_person

WIDTHS = ("360", "390", "450")
WIDTH_COOKIE = "sandbox_width"  # written by static/js/sandbox-look.js
CUSTOMER_COOKIE = "sandbox_customer"  # which customer opened a link in this browser last
_KEPT_COOKIES = {LOOK_COOKIE, settings.LANGUAGE_COOKIE_NAME}
_YEAR_SECONDS = 365 * 24 * 3600

played = public("the sandbox is a played WeCom: settings refuse it on a public installation")


@dataclass(frozen=True)
class Entry:
    """Where the app is opened from, in the client: `context` is getContext's word for it."""

    key: str  # chat, group, workbench
    label: str
    address: str
    context: str
    page: str
    is_current: bool


@played
@require_GET
@never_cache
def window(request: HttpRequest) -> HttpResponse:
    """The whole window."""
    host = config.home_host(request.get_host())
    if host != request.get_host():
        return HttpResponseRedirect(f"{request.scheme}://{host}{request.get_full_path()}")
    person = person_of(request)
    context = page_context(request, person) if person else {}
    response = render(request, "sandbox/window.html", {"person": person, **context})
    if person and request.COOKIES.get(PERSON_COOKIE) != person.userid:
        remember_person(response, person.userid)
    return response


@played
@require_GET
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The parts that change by themselves; 204 while nothing did since `?version=`."""
    person = person_of(request)
    if person is None:
        return HttpResponse(status=204)
    if request.GET.get("version") == version_of(request, person):
        return HttpResponse(status=204)
    return render(request, "sandbox/window.html#live", live_context(request, person))


@played
@require_POST
@csrf_exempt  # the window clears the app's cookies, its CSRF token among them
def look(request: HttpRequest) -> HttpResponse:
    """Choose light or dark for the window and the product alike."""
    chosen = request.POST.get("look", "")
    if chosen not in {"light", "dark"}:
        raise Http404
    response = HttpResponse(status=204)
    response.set_cookie(LOOK_COOKIE, chosen, max_age=_YEAR_SECONDS, samesite="Lax")
    return response


@played
@require_POST
@csrf_exempt  # as above
def clear_log(request: HttpRequest) -> HttpResponse:
    """Empty the log beside the chat."""
    wirelog.clear()
    return HttpResponse(status=204)


@played
@require_GET
@never_cache
def open_link(request: HttpRequest, message_id: int) -> HttpResponse:
    """Open a sent card as the customer who received it, on the customer's own device.

    The device is this machine under its other name (localhost or 127.0.0.1): another cookie jar,
    emptied when another customer takes it up. Under any other name there is one jar only.
    """
    message = get_object_or_404(ChatMessage.objects.exclude(customer=None), pk=message_id)
    link = content.address_in(message.payload)
    if not link.startswith(("http://", "https://", "/")):
        raise Http404
    customer = message.customer.external_userid if message.customer else ""
    host = request.get_host()
    device = config.device_name(host)
    here = reverse("sandbox:window_open", args=[message_id])
    if request.GET.get("as") != "customer" and device:
        return HttpResponseRedirect(f"{request.scheme}://{device}{here}?as=customer")
    if faults.met(faults.Name.DEAD_LINK, link):
        return dead_link(request, message)
    talk.customer_opened(message)
    response = HttpResponseRedirect(config.for_device(link, host))
    if device and request.COOKIES.get(CUSTOMER_COOKIE) != customer:
        for cookie in request.COOKIES.keys() - _KEPT_COOKIES:
            if not cookie.startswith("sandbox_"):
                response.delete_cookie(cookie)
        response.set_cookie(CUSTOMER_COOKIE, customer, httponly=True, samesite="Lax")
    return response


def dead_link(request: HttpRequest, message: ChatMessage) -> HttpResponse:
    """What a phone shows when a link leads nowhere; the app hears nothing of it."""
    wirelog.record(
        WireLog.Kind.JSSDK,
        "open_link",
        ok=False,
        fault=faults.Name.DEAD_LINK,
        external_userid=message.customer.external_userid if message.customer else "",
    )
    problem = _("网页打不开：链接已失效")
    return render(request, "sandbox/oauth_error.html", {"problem": problem}, status=404)


@played
@require_GET
def media(request: HttpRequest, media_id: str) -> HttpResponse:
    """An uploaded picture or file that was sent into a chat."""
    row = get_object_or_404(Media, media_id=media_id)
    response = HttpResponse(bytes(row.content), content_type=row.content_type)
    if row.kind != "image":
        response["Content-Disposition"] = "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def person_of(request: HttpRequest) -> User | None:
    """Who the browser plays: by its cookie, also after leaving; else the first guide."""
    named = request.COOKIES.get(PERSON_COOKIE, "").lower()
    chosen = User.objects.filter(folded=named).order_by("-pk").first() if named else None
    return chosen or min(User.objects.present(), key=_eagerness, default=None)


def _eagerness(user: User) -> tuple[bool, bool, int]:
    """Whom the window begins with: who serves customers, leads nobody, and was there first."""
    return not user.contact_right, _leads(user), user.pk


def _leads(user: User) -> bool:
    return any(entry["leader"] for entry in user.departments)


def page_context(request: HttpRequest, person: User) -> dict[str, Any]:
    """Everything of the window.

    people [(department, [User])] · entries [Entry] · entry Entry · width · widths · frame
    (an id of this opening) · reset_url, and live_context.
    """
    shown = live_context(request, person)
    entries = list(entries_of(request, person, shown["chat"]))
    width = request.COOKIES.get(WIDTH_COOKIE, "")
    return {
        "people": people(),
        "entries": entries,
        "entry": next(entry for entry in entries if entry.is_current),
        "width": width if width in WIDTHS else WIDTHS[0],
        "widths": WIDTHS,
        "frame": secrets.token_hex(8),
        "reset_url": reset_url(),
        **shown,
    }


def live_context(request: HttpRequest, person: User) -> dict[str, Any]:
    """conversations [Conversation] · chat Chat · title · bubbles [Bubble] · acts and switches
    [Act] · lines [WireLog] · search · version, and window_faults.panel."""
    search = request.GET.get("q", "")[:32]
    version = version_of(request, person)  # first: what comes while we read is asked for again
    chat = content.chat_of(person, request.GET.dict())
    found = content.conversations(person, search)
    return {
        "person": person,
        "version": version,
        "conversations": found,
        "chat": chat,
        "title": title_of(chat),
        "bubbles": content.bubbles(person, chat),
        "acts": window_acts.buttons(person, chat),
        "switches": window_acts.switches(),
        **window_faults.panel(),
        "lines": content.log_lines(),
        "search": search,
    }


def version_of(request: HttpRequest, person: User) -> str:
    """The state that a page shows, and the view of it."""
    return f"{content.version(person)}~{request.GET.get('q', '')[:32]}"


def title_of(chat: content.Chat) -> str:
    """The name above the chat."""
    if chat.follow and chat.customer:
        return chat.follow.remark or chat.customer.name
    if chat.group:
        return chat.group.name
    return _("应用消息") if chat.is_app else _("还没有客户")


def people() -> list[tuple[str, list[User]]]:
    """Everybody who can be played, by department."""
    names = dict(Department.objects.values_list("id", "name"))
    present = sorted(User.objects.present(), key=lambda user: (user.department_ids()[:1], user.pk))
    grouped = groupby(present, key=lambda user: next(iter(user.department_ids()), 0))
    return [(names.get(department, ""), list(users)) for department, users in grouped]


def entries_of(request: HttpRequest, person: User, chat: content.Chat) -> Iterator[Entry]:
    """The three containers of the one app; those that the person does not have are left out."""
    at_work = request.GET.get("entry") == "workbench" or chat.is_app or not chat.query
    newest = content.chat_of(person, {})
    customer = chat if chat.customer else newest
    groups = content.groups_of(person)
    group = chat if chat.group else content.Chat(group=groups[0]) if groups else None
    if customer.query:
        yield Entry(
            key="chat",
            label=_("客户聊天"),
            address=f"?{urlencode(customer.query)}",
            context="single_chat_tools",
            page=page_of_app(settings.SANDBOX_CHAT_PAGE),
            is_current=bool(chat.customer) and not at_work,
        )
    if group:
        yield Entry(
            key="group",
            label=_("群聊"),
            address=f"?{urlencode(group.query)}",
            context="group_chat_tools",
            page=page_of_app(settings.SANDBOX_CHAT_PAGE),
            is_current=bool(chat.group) and not at_work,
        )
    yield Entry(
        key="workbench",
        label=_("工作台"),
        address=f"?{urlencode({**chat.query, 'entry': 'workbench'})}",
        context="normal",
        page=page_of_app(settings.SANDBOX_HOME_PAGE or home_of(person)),
        is_current=at_work,
    )


def page_of_app(path: str) -> str:
    """Where a page of the app is: on this host, or at the address `manage.py sandbox` was told."""
    return f"{settings.SANDBOX_APP_URL}{path}"


def home_of(person: User) -> str:
    """The app's home page as the workbench opens it, by what the address book says of a member."""
    if _leads(person):
        return "/m/"
    return "/g/" if person.contact_right else "/wecom/login/"  # leads home by role


def reset_url() -> str:
    """Where 重置 goes: the demo resets the product too, the sandbox alone only itself."""
    try:
        return reverse("demo:reset")
    except NoReverseMatch:
        return reverse("sandbox:control_reset")
