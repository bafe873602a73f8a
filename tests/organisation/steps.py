"""Steps that several tests of the room take."""

from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from guideapp.organisation.models import Department, Guide
from guideapp.organisation.services import link_region, link_store

LOGIN = reverse("organisation:login")
OAUTH = reverse("organisation:oauth")
INSIDE_WECOM = {"User-Agent": "Mozilla/5.0 wxwork/4.1.36 MicroMessenger/7.0.1"}


def begin(client: Client, path: str = "/me/", **query: str) -> HttpResponse:
    """Ask for the login; the answer leads to WeCom."""
    return client.get(LOGIN, {"next": path} | query)


def state_in(response: HttpResponse) -> str:
    """The state that WeCom was handed."""
    return parse_qs(urlsplit(response["Location"]).query)["state"][0]


def choose(client: Client, response: HttpResponse, person: str) -> str:
    """Be `person` on the played WeCom's page; returns the address it leads back to."""
    address = f"{response['Location'].partition('#')[0]}&as={person}"
    return str(client.get(address)["Location"])


def log_in(client: Client, person: str, path: str = "/me/") -> HttpResponse:
    """The whole login of `person`; the last answer of ours."""
    return client.get(choose(client, begin(client, path), person))


def link_small_company() -> None:
    """Say of scenarios/small.json what is a region and what is a store."""
    east, xinghe, wukang = (Department.objects.get(wecom_id=id) for id in (2, 3, 4))
    region = link_region(actor_userid="", department=east, brand_name="青禾")
    link_store(actor_userid="", department=xinghe, region=region, code="S01")
    link_store(actor_userid="", department=wukang, region=region, code="S02")


def guide_called(userid: str) -> Guide:
    """The present holder of the userid."""
    return Guide.objects.with_userid(userid).get()
