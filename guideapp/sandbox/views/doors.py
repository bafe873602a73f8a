"""What a customer's phone shows behind a 「联系我」 code and behind an acquisition link."""

import io
from collections.abc import Callable
from urllib.parse import urlencode

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from guideapp.core.access import public
from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models import Follow, User
from guideapp.sandbox.models.acquisition import AcquisitionLink
from guideapp.sandbox.models.contact_ways import ContactWay
from guideapp.sandbox.services import acquisition, contact_ways, link_customers
from guideapp.sandbox.views import connect

played = public("anybody may scan a printed code; settings refuse the sandbox in production")


@played
@require_GET
def way_code(request: HttpRequest, key: str) -> HttpResponse:
    """The picture of the code: the address of the page below."""
    if _way(key) is None:
        return connect.refuse(request, _("这个二维码已经失效"), status=404)
    drawn = io.BytesIO()
    address = request.build_absolute_uri(reverse("sandbox:way", args=[key]))
    segno.make(address).save(drawn, kind="png", scale=6, border=4)
    return HttpResponse(drawn.getvalue(), content_type="image/png")


@played
@require_http_methods(["GET", "POST"])
def way(request: HttpRequest, key: str) -> HttpResponse:
    """After scanning: the member behind the code, and 添加到通讯录."""
    found = _way(key)
    if found is None:
        return connect.refuse(request, _("这个二维码已经失效"), status=404)

    def scan(external_userid: str, origin: str) -> Follow | None:
        return contact_ways.scan(
            qr_code=found.qr_code, external_userid=external_userid, origin=origin
        )

    return _door(request, contact_ways.behind(found), scan)


@played
@require_http_methods(["GET", "POST"])
def acquisition_link(request: HttpRequest, key: str) -> HttpResponse:
    """After a click, with ?customer_channel= at will."""
    links = AcquisitionLink.objects.filter(deleted_at=None, is_available=True)
    found = links.filter(url__endswith=f"/ca/{key}").first()
    if found is None:
        return connect.refuse(request, _("这个链接已经失效"), status=404)

    def click(external_userid: str, origin: str) -> Follow | None:
        return link_customers.click(
            link_id=found.link_id,
            customer_channel=request.GET.get("customer_channel", ""),
            external_userid=external_userid,
            origin=origin,
        )

    return _door(request, acquisition.behind(found), click)


def _way(key: str) -> ContactWay | None:
    ways = ContactWay.objects.filter(deleted_at=None, qr_code__endswith=f"/way/{key}.png")
    return next((row for row in ways if not contact_ways.has_expired(row)), None)


def _door(
    request: HttpRequest, members: list[User], come: Callable[[str, str], Follow | None]
) -> HttpResponse:
    """The phone's page for the first of `members`, or for the one who was just added."""
    if not members:
        return connect.refuse(request, _("现在没有人可以添加"), status=404)
    if request.method == "POST":
        origin = f"{request.scheme}://{request.get_host()}"
        try:
            follow = come(connect.chosen_customer(request), origin)
        except UnknownEvent:
            return connect.refuse(request, _("现在没有人可以添加"), status=409)
        more = (
            {"added": follow.customer.external_userid, "to": follow.user.userid} if follow else {}
        )
        return HttpResponseRedirect(f"?{urlencode(request.GET.dict() | more)}")
    by_id = {user.userid: user for user in members}
    return connect.phone_page(request, by_id.get(request.GET.get("to", ""), members[0]))
