"""/m/stores/<id>/picture/: what the customers of a store are like, beside the brand's."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from guideapp.core.htmx import render_fragment
from guideapp.organisation.auth import GuideRequest, manager_required, refuse_foreign
from guideapp.workbench.picture import picture_of
from guideapp.workbench.team import stores_led_by


@require_GET
@manager_required
def picture(request: GuideRequest, store_id: int) -> HttpResponse:
    """A page of its own, or the part that the store's board fetches."""
    store = stores_led_by(request.actor).filter(pk=store_id).first()
    if store is None:
        refuse_foreign(request, f"store:{store_id}")
    context = {"tab": "board", "store": store, "picture": picture_of(store)}
    return render_fragment(request, "workbench/team_picture.html", "picture", context)
