"""What a page and a callback cost at least here: the same middleware, session, and one row."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.access import public
from guideapp.core.clock import now
from guideapp.organisation.auth import GuideRequest, guide_required
from guideapp.organisation.models import Store
from guideapp.wecom.models import CallbackEvent

_KEYS = 7  # stores that every seeded company has


@require_GET
@guide_required
def view(request: GuideRequest) -> HttpResponse:
    """One row by its key."""
    store = Store.objects.get(pk=1 + request.actor.guide.pk % _KEYS)
    return HttpResponse(store.name)


@csrf_exempt
@public("exists only while it is measured")
@require_POST
def insert(request: HttpRequest) -> HttpResponse:
    """One row of the inbox, written without asking anything."""
    at = now()
    CallbackEvent.objects.create(
        corp_id="bare",
        digest=secrets.token_hex(32),
        event="bare",
        fields={"size": len(request.body)},
        created_at=at,
        received_at=at,
    )
    return HttpResponse()
