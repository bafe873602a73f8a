"""我的: look, language, roles, log out."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.context import LOOK_COOKIE, LOOKS
from guideapp.core.errors import BadInput
from guideapp.organisation.auth import GuideRequest, any_role_required
from guideapp.organisation.models import Role
from guideapp.organisation.services import homes_of

_YEAR = 365 * 24 * 3600
_LANGUAGES = (("zh-hans", "简体中文"), ("en", "English"))  # each in its own words


@require_GET
@any_role_required
def me(request: GuideRequest) -> HttpResponse:
    """Who I am, how it looks, which roles I can work in."""
    actor = request.actor
    is_hq_only = not actor.has(Role.GUIDE, Role.STORE_MANAGER, Role.REGIONAL_MANAGER)
    context = {
        "homes": homes_of(actor),
        "looks": [("system", _("跟随系统")), ("light", _("浅色")), ("dark", _("深色"))],
        "languages": _LANGUAGES,
        "section": "me",
        "is_hq_only": is_hq_only,
        "base": "base_console.html" if is_hq_only else "base_page.html",
    }
    return render(request, "organisation/me.html", context)


@require_POST
@any_role_required
def choose_look(request: GuideRequest) -> HttpResponse:
    """Keep the look in a cookie of this device."""
    return _keep(request, "look", LOOK_COOKIE, LOOKS)


@require_POST
@any_role_required
def choose_language(request: GuideRequest) -> HttpResponse:
    """Keep the language in a cookie of this device."""
    known = tuple(code for code, _words in _LANGUAGES)
    return _keep(request, "language", settings.LANGUAGE_COOKIE_NAME, known)


def _keep(request: GuideRequest, field: str, cookie: str, known: tuple[str, ...]) -> HttpResponse:
    value = request.POST.get(field, "")
    if value not in known:
        raise BadInput
    response = redirect("organisation:me")
    response.set_cookie(
        cookie, value, max_age=_YEAR, secure=settings.COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return response
