"""`/`: the way in. In the demo a page with four doors, otherwise straight to the person's work."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from guideapp.core.access import public
from guideapp.core.htmx import render_fragment
from guideapp.organisation.auth import Actor, actor_of, login_url
from guideapp.organisation.models import Role
from guideapp.organisation.services import home_of
from guideapp.workbench import trial

_MANAGERS = (Role.STORE_MANAGER, Role.REGIONAL_MANAGER)
_HEADQUARTERS = (Role.HQ_CONTENT, Role.HQ_ADMIN)


@public("leads to pages that ask for a login; in the demo it shows counts of played events")
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """The doors of the demo; elsewhere the person's home, or the login."""
    actor = actor_of(request)
    if not settings.DEMO:
        return HttpResponseRedirect(home_of(actor) if actor else login_url())
    steps = trial.steps(trial.started_at())
    context = {
        "steps": steps,
        "done": sum(step.done_at is not None for step in steps),
        "manager_door": _door(actor, reverse("workbench:team"), *_MANAGERS),
        "hq_door": _door(actor, reverse("materials:hq_library"), *_HEADQUARTERS),
    }
    return render_fragment(request, "workbench/start.html", "trial", context)


def _door(actor: Actor | None, address: str, *roles: str) -> str:
    """`address` for whoever may open it; for others the login, where they choose who they are."""
    return address if actor and actor.has(*roles) else login_url(address, by_qr=True)
