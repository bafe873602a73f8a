"""接口客户端: which systems may call us, what they did, and a new one."""

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.integration.errors import NameTaken
from guideapp.integration.forms import ClientForm
from guideapp.integration.models import ApiClient
from guideapp.integration.services import make_client, revoke_client
from guideapp.organisation.auth import GuideRequest, admin_required, fresh_login

_SHOWN = 200  # a company has a handful


@require_GET
@admin_required
def clients(request: GuideRequest) -> HttpResponse:
    """Every client with its scopes, its last call and its counters; live ones first."""
    known = ApiClient.objects.prefetch_related("brands")
    rows = list(known.order_by(F("revoked_at").desc(nulls_first=True), "name")[:_SHOWN])
    live = [row for row in rows if row.revoked_at is None]
    revoked = [row for row in rows if row.revoked_at is not None]
    context = {"live": live, "revoked": revoked, "section": "api"}
    return render(request, "integration/clients.html", context)


@require_GET
@admin_required
def new(request: GuideRequest) -> HttpResponse:
    """The form for a new client."""
    return _form_page(request, ClientForm())


@require_POST
@admin_required
@fresh_login(_("新建接口客户端"))
def make(request: GuideRequest) -> HttpResponse:
    """Make a client and show its secret, this once."""
    form = ClientForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        client, bearer = make_client(by=request.actor.guide.userid, **form.cleaned_data)
    except NameTaken as error:
        form.add_error("name", str(error.message))
        return _form_page(request, form, status=422)
    context = {"client": client, "bearer": bearer, "section": "api"}
    return render(request, "integration/client_secret.html", context)


@require_POST
@admin_required
@fresh_login(_("停用接口客户端"))
def revoke(request: GuideRequest, client_id: int) -> HttpResponse:
    """Take a client's access away."""
    client = get_object_or_404(ApiClient, pk=client_id)
    revoke_client(client, by=request.actor.guide.userid)
    return redirect("integration:clients")


def _form_page(request: GuideRequest, form: ClientForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "section": "api"}
    return render(request, "integration/client_new.html", context, status=status)
