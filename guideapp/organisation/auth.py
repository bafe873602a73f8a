"""Who is asking, and what their roles reach. Enforces every URL's rule."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.db.models import BigIntegerField, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from guideapp.core.access import requires, rule_of
from guideapp.core.audit import record_audit
from guideapp.core.clock import now, today
from guideapp.core.error_pages import forbidden
from guideapp.core.errors import Forbidden
from guideapp.core.middleware import DomainErrorMiddleware
from guideapp.core.prepared import Given, Prepared
from guideapp.organisation import held, sessions
from guideapp.organisation.models import Guide, LoginDay, Region, Role, RoleGrant

log = logging.getLogger(__name__)

guide_required = requires(Role.GUIDE)
manager_required = requires(Role.STORE_MANAGER, Role.REGIONAL_MANAGER)
content_required = requires(Role.HQ_CONTENT, Role.HQ_ADMIN)
admin_required = requires(Role.HQ_ADMIN)
any_role_required = requires(*Role.values)

TOUCH_SECONDS = 600  # a session row is written at most this often
_SILENT_PREFIXES = ("/s/", "/g/")  # pages that only ever open inside WeCom


@dataclass(frozen=True)
class Actor:
    """The logged-in person with the grants in force at this request."""

    guide: Guide
    grants: tuple[RoleGrant, ...]

    @cached_property
    def roles(self) -> frozenset[str]:
        """Role values that the person holds."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def region(self) -> Region | None:
        """The region that the person manages, if any."""
        return next((grant.region for grant in self.grants if grant.region), None)

    def has(self, *roles: str) -> bool:
        """True when the person holds one of `roles`."""
        return not self.roles.isdisjoint(roles)

    def scope_q(self, *, guide: str, store: str) -> Q:
        """The rows that the roles reach, given the paths to a row's guide and store.

        Guide: own rows. Store manager: the store's. Regional manager: the region's. Headquarters'
        roles reach no customer here: their access needs a reason and has its own page.
        """
        reach = Q(**{guide: self.guide.pk}) if self.has(Role.GUIDE) else Q(pk__in=[])
        for grant in self.grants:
            if grant.role == Role.STORE_MANAGER and grant.store_id:
                reach |= Q(**{store: grant.store_id})
            elif grant.role == Role.REGIONAL_MANAGER and grant.region_id:
                reach |= Q(**{f"{store}__region": grant.region_id})
        return reach


class GuideRequest(HttpRequest):
    """A request behind a rule with roles: `actor` is always there."""

    actor: Actor


def log_in(request: HttpRequest, guide: Guide, by_qr: bool) -> None:
    """Begin a session of `guide` under a new key; whatever the old one held is dropped.

    Except what the same person sent before they were asked to scan: it waits for them.
    """
    moment = _seconds()
    waiting = held.kept_for(request, guide.pk)
    request.session.flush()
    request.session[sessions.GUIDE] = guide.pk
    for key in (sessions.SINCE, sessions.SEEN, sessions.HQ_SEEN):
        request.session[key] = moment
    if by_qr:
        request.session[sessions.QR_AT] = moment
    if waiting is not None:
        request.session[sessions.HELD] = waiting


def log_out(request: HttpRequest) -> None:
    """End this session; others of the same person go on."""
    request.session.flush()
    request.actor = None  # type: ignore[attr-defined]


def actor_of(request: HttpRequest) -> Actor | None:
    """The person behind the request, or None without a live session of an active guide with a role.

    Two queries (session; guide with grants), once a request.
    """
    if not hasattr(request, "actor"):
        request.actor = _read_actor(request)  # type: ignore[attr-defined]
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    return actor


def fresh_login[View: Callable[..., Any]](act: str | Promise) -> Callable[[View], View]:
    """A POST to the view needs a QR login of the last minutes (FRESH_LOGIN_MINUTES).

    `act` names it for the person ("给角色"). Whoever scanned longer ago is led to a QR code first;
    what they sent waits in their session, and one tap sends it again (organisation:again).
    """

    def mark(view: View) -> View:
        view.fresh_act = act  # type: ignore[attr-defined]  # functions carry their rule
        return view

    return mark


def fresh_act_of(view: object) -> str | Promise:
    """What a view that declared `fresh_login` does; '' for any other view."""
    act: str | Promise = getattr(view, "fresh_act", "")
    return act


def has_fresh_qr_login(request: HttpRequest) -> bool:
    """True when the person scanned a QR code minutes ago (roles, exports, secrets, repairs)."""
    return _age(request, sessions.QR_AT) < settings.FRESH_LOGIN_MINUTES * 60


def scan_hint(request: HttpRequest) -> dict[str, Any]:
    """What a page with a sensitive act says before it: `is_fresh`, and the `minutes` of a scan."""
    return {"is_fresh": has_fresh_qr_login(request), "minutes": settings.FRESH_LOGIN_MINUTES}


def login_url(path: str = "", *, by_qr: bool = False) -> str:
    """The address that logs somebody in and then shows `path` (of ours, with its query)."""
    query = {"next": path} if path else {}
    if by_qr:
        query["by"] = "qr"
    address = reverse("organisation:login")
    return f"{address}?{urlencode(query)}" if query else address


def wants_qr(request: HttpRequest, path: str) -> bool:
    """QR login for a desktop browser; OAuth inside WeCom and for pages that only open there."""
    inside_wecom = "wxwork" in request.headers.get("User-Agent", "").lower()
    return not inside_wecom and not path.startswith(_SILENT_PREFIXES)


def own_path(request: HttpRequest, address: str) -> str:
    """`address` when it is a path of ours that a login may lead to, else ''."""
    is_path = address.startswith("/") and not address.startswith("/wecom/")
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()})
    return address if is_path and is_ours and len(address) <= 500 else ""


def refuse_foreign(request: GuideRequest, subject: str) -> NoReturn:
    """Raise Http404 for something out of scope, and keep who tried. `subject` is `kind:id`.

    Call it outside a transaction: the row must outlive the refusal.
    """
    userid = request.actor.guide.userid
    record_audit(actor=userid, action="refused", subject=subject[:96], reason="out of scope")
    raise Http404


class AccessMiddleware:
    """Refuse every view whose rule the person does not meet; no rule means no access."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve; the rule is checked in process_view."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Let the view run (None), or answer in its place."""
        rule = rule_of(view)
        if rule is None:
            log.error("view without an access rule", extra={"view": _name_of(view)})
            return forbidden(request)
        if rule.public:
            return None
        actor = actor_of(request)
        needs_scan = request.method == "POST" and bool(fresh_act_of(view))
        if actor is None:
            knew_them = needs_scan and sessions.GUIDE in request.session
            return _ask_for_scan(request) if knew_them else _send_to_login(request)
        if not actor.has(*rule.roles):
            return self._refuse(request, actor, view)
        if needs_scan and not has_fresh_qr_login(request):
            return _ask_for_scan(request)
        if needs_scan:
            held.forget(request)
        _note_use(request, actor)
        return None

    def _refuse(
        self, request: HttpRequest, actor: Actor, view: Callable[..., Any]
    ) -> HttpResponse | None:
        """403 in the manner that was asked for, with an audit row."""
        record_audit(
            actor=actor.guide.userid,
            action="refused",
            subject=f"view:{_name_of(view)}"[:96],
            reason="role missing",
        )
        if _is_scripted(request):
            return DomainErrorMiddleware(self.get_response).process_exception(request, Forbidden())
        return forbidden(request)


def _read_actor(request: HttpRequest) -> Actor | None:
    guide_id = request.session.get(sessions.GUIDE)
    if guide_id is None:
        return None
    if not _is_within_limits(request):
        request.session.flush()
        return None
    if request.path.startswith("/hq/") and not _is_within_hq_limits(request):
        return None  # the session still opens the guide's own pages
    grants = tuple(_GRANTS.rows(guide=guide_id))
    return Actor(guide=grants[0].guide, grants=grants) if grants else None


def _is_within_limits(request: HttpRequest) -> bool:
    young = _age(request, sessions.SINCE) < settings.SESSION_COOKIE_AGE
    return young and _age(request, sessions.SEEN) < settings.GUIDE_IDLE_SECONDS


def _is_within_hq_limits(request: HttpRequest) -> bool:
    young = _age(request, sessions.SINCE) < settings.HQ_SESSION_SECONDS
    return young and _age(request, sessions.HQ_SEEN) < settings.HQ_IDLE_SECONDS


def _age(request: HttpRequest, moment: str) -> int:
    """Seconds since the session's `moment`; a moment that is not there is very long ago."""
    return _seconds() - int(request.session.get(moment, 0))


def _note_use(request: HttpRequest, actor: Actor) -> None:
    """Keep the session from idling, and the day as a login day with its first page view."""
    session = request.session
    if _age(request, sessions.SEEN) >= TOUCH_SECONDS:
        if _is_within_hq_limits(request):
            session[sessions.HQ_SEEN] = _seconds()
        session[sessions.SEEN] = _seconds()
    day = today()
    is_page_view = request.method == "GET" and not _is_scripted(request)
    if is_page_view and session.get(sessions.LOGIN_DAY) != day.isoformat():
        entry = LoginDay(guide=actor.guide, store=actor.guide.store, day=day, first_at=now())
        LoginDay.objects.bulk_create([entry], ignore_conflicts=True)
        session[sessions.LOGIN_DAY] = day.isoformat()


def _send_to_login(request: HttpRequest) -> HttpResponse:
    """A page goes to the login and comes back; a script is told to take its page there (401)."""
    return _go_first(request, login_url(_page_of(request)), "login_expired", _("登录过期了"))


def _ask_for_scan(request: HttpRequest) -> HttpResponse:
    """Keep what was sent, and lead to the page that asks for a QR code and sends it again."""
    held.hold(request, page=_page_of(request))
    return _go_first(request, reverse("organisation:again"), "scan_first", _("先扫一次码"))


def _go_first(request: HttpRequest, address: str, code: str, message: str) -> HttpResponse:
    """Lead a browser to `address`; tell a script (401) to take its page there."""
    if not _is_scripted(request):
        return redirect(address)
    body = {"code": code, "message": message, "login": address}
    response = JsonResponse(body, status=401)
    response["HX-Redirect"] = address
    return response


def _page_of(request: HttpRequest) -> str:
    """The page to come back to: the address itself, or for a script or form the page it is on."""
    if request.method == "GET" and not _is_scripted(request):
        return own_path(request, _without_words(request.get_full_path()))
    page = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return ""
    return own_path(request, _without_words(f"{page.path}?{page.query}"))


def _without_words(address: str) -> str:
    """The address without what was searched for: a name is not to be kept with the login."""
    path, _, query = address.partition("?")
    kept = urlencode([(key, value) for key, value in parse_qsl(query) if key != "q"])
    return f"{path}?{kept}" if kept else path


def _is_scripted(request: HttpRequest) -> bool:
    """True when a script reads the answer: htmx, or fetch() asking for JSON."""
    wants_json = "application/json" in request.headers.get("Accept", "")
    return wants_json or request.headers.get("HX-Request") == "true"


def _name_of(view: Callable[..., Any]) -> str:
    return f"{view.__module__}.{getattr(view, '__qualname__', type(view).__name__)}"


def _seconds() -> int:
    return int(now().timestamp())


def _grants() -> QuerySet[RoleGrant]:
    of_guide = RoleGrant.objects.in_force().filter(guide=Given("guide", BigIntegerField()))
    return of_guide.select_related("guide__store__region__brand", "store", "region")


_GRANTS = Prepared(_grants)  # each request of each page asks for them
