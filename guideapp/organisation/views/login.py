"""Come in through WeCom, and go out again."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import public
from guideapp.core.audit import record_audit
from guideapp.core.errors import GuideAppError
from guideapp.core.jobs.enqueue import enqueue_once
from guideapp.core.limits import address_of, hit
from guideapp.organisation import auth, held
from guideapp.organisation.errors import LoginStateRefused
from guideapp.organisation.models import Guide, RoleGrant
from guideapp.organisation.services import begin_login, consume_login, home_of
from guideapp.organisation.services.address_book import read_guide
from guideapp.wecom import oauth
from guideapp.wecom.errors import WeComError

log = logging.getLogger(__name__)

BROWSER_COOKIE = f"{'__Host-' if settings.COOKIE_SECURE else ''}login"
_BROWSER_LENGTH = 32


@require_GET
@public("the way in; nothing is shown or changed before WeCom has said who it is")
def login(request: HttpRequest) -> HttpResponse:
    """Send the browser to WeCom: silent OAuth inside the client, a QR code on a desktop."""
    _limit(request, "login")
    path = auth.own_path(request, request.GET.get("next", ""))
    by_qr = request.GET.get("by") == "qr" or auth.wants_qr(request, path)
    browser = request.COOKIES.get(BROWSER_COOKIE, "")
    if len(browser) != _BROWSER_LENGTH:
        browser = get_random_string(_BROWSER_LENGTH)
    state = begin_login(browser=browser, next_path=path, by_qr=by_qr)
    back = request.build_absolute_uri(reverse("organisation:oauth"))
    address = oauth.qr_login_url(back, state) if by_qr else oauth.authorize_url(back, state)
    response = redirect(address)
    response.set_cookie(
        BROWSER_COOKIE,
        browser,
        max_age=settings.LOGIN_STATE_SECONDS,
        secure=settings.COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@public("the way in; the state, the browser's cookie and WeCom's one-time code protect it")
def come_back(request: HttpRequest) -> HttpResponse:
    """WeCom sent the browser back: check the state, exchange the code once, begin a session."""
    _limit(request, "oauth")
    try:
        begun = consume_login(
            state=request.GET.get("state", ""), browser=request.COOKIES.get(BROWSER_COOKIE, "")
        )
    except LoginStateRefused as error:
        log.warning("a login state was refused")
        return _failed(request, error)
    code = request.GET.get("code", "")
    if not code:  # the person closed the QR page
        return _failed(request, LoginStateRefused(), next_path=begun.next_path)
    try:
        identity = oauth.exchange(code)
    except WeComError as error:
        log.warning("a login code was not exchanged", extra={"errcode": error.errcode})
        return _failed(request, error, next_path=begun.next_path)
    guide = Guide.objects.with_userid(identity.userid).first() if identity.userid else None
    grants = tuple(RoleGrant.objects.in_force().filter(guide=guide)) if guide else ()
    if guide is None or not grants:
        return _not_enabled(request, identity.userid, guide)
    auth.log_in(request, guide, begun.by_qr)
    response = redirect(begun.next_path or home_of(auth.Actor(guide=guide, grants=grants)))
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@auth.any_role_required
def again(request: auth.GuideRequest) -> HttpResponse:
    """Ask for a QR code, then offer to send what the person sent before, unchanged."""
    is_fresh = auth.has_fresh_qr_login(request)
    waiting = held.held(request)
    context = {
        "held": waiting,
        "act": auth.fresh_act_of(resolve(waiting.path).func) if waiting else "",
        "is_fresh": is_fresh,
        "scan": auth.login_url(request.path, by_qr=True),
        "minutes": settings.FRESH_LOGIN_MINUTES,
    }
    return render(request, "organisation/again.html", context)


@require_POST
@public("ends nothing but the caller's own session")
def logout(request: HttpRequest) -> HttpResponse:
    """End this session."""
    auth.log_out(request)
    return redirect("organisation:logged_out")


@require_GET
@public("says only that somebody logged out")
def logged_out(request: HttpRequest) -> HttpResponse:
    """Where logging out leads: no login begins by itself here."""
    return render(request, "organisation/logged_out.html")


def _failed(request: HttpRequest, error: GuideAppError, next_path: str = "") -> HttpResponse:
    """The login did not work: plain words, and one button to begin again."""
    context = {"error": error, "again": auth.login_url(next_path)}
    return render(request, "organisation/login_failed.html", context, status=error.status)


def _not_enabled(request: HttpRequest, userid: str, guide: Guide | None) -> HttpResponse:
    """WeCom knows the person, we do not let them in: say who can help, but not to outsiders."""
    record_audit(actor=userid[:64], action="refused", subject="login", reason="not enabled")
    helpers: list[RoleGrant] = []
    if userid:
        store_id = guide.store_id if guide else None
        helpers = list(RoleGrant.objects.helpers_for(store_id).select_related("guide")[:2])
        if guide is None:
            enqueue_once(read_guide, userid[:64], dedupe_key=f"organisation:read:{userid[:64]}")
    return render(request, "errors/not_enabled.html", {"helpers": helpers}, status=403)


def _limit(request: HttpRequest, name: str) -> None:
    hit(name, address_of(request), limit=settings.LOGIN_LIMIT_PER_MINUTE, seconds=60)
