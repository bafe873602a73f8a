"""Events as a mall or a till sends them, of the known kinds and of the retailer's own."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.fields import blind_index
from guideapp.core.prepared import Prepared
from guideapp.members.models import Suggestion, TimelineEvent, Tombstone
from guideapp.members.services.tombstones import bury
from guideapp.workbench.card import rows
from tests.factories import make_card, make_follow
from tests.integration.support import System
from tests.integration.test_members_in import ends


def event(**kw):
    return {
        "kind": "scan_buy",
        "key": "E1",
        "at": now().isoformat(),
        "store": "SH01",
        "member": "HY0001",
        "title": "羊绒围巾",
    } | kw


def test_a_scan_in_the_store_is_seen_once_and_leads_to_the_card(crm, shop):
    answers = [crm.post("events", event()).json()["status"] for _ in range(2)]
    assert answers == ["created", "unchanged"]
    row = TimelineEvent.objects.get()
    assert (row.kind, row.contact_id, row.store.code) == ("scan_buy", shop.contact_id, "SH01")
    suggestion = Suggestion.objects.get()
    assert (suggestion.rule, suggestion.guide_id) == ("invite_to_card", shop.guide_id)


def test_who_has_a_card_is_not_asked_for_one(crm, shop):
    make_card(member=shop.contact.member, brand=shop.guide.store.region.brand)
    crm.post("events", event())
    assert not Suggestion.objects.exists()


def test_an_event_names_a_customer_who_is_no_member_yet(crm, shop):
    stranger = make_follow(guide=shop.guide)
    known = event(external_userid=stranger.contact.external_userid)
    del known["member"]
    assert crm.post("events", known).status_code == 201
    assert TimelineEvent.objects.get().contact_id == stranger.contact_id


def test_events_with_something_wrong(crm, shop):
    nobody = event()
    del nobody["member"]
    response = crm.bulk(
        "events",
        [
            nobody,
            nobody | {"unionid": "oNobody"},
            event(member="nobody"),
            event(store="SH99"),
            event(kind="flew"),
            event(at=(now() + timedelta(hours=1)).isoformat()),
        ],
    )
    assert [end[1:] for end in ends(response)] == [
        ("required", "member"),
        ("unknown_person", "unionid"),
        ("unknown_member", "member"),
        ("unknown_store", "store"),
        ("invalid_choice", "kind"),
        ("future_date", "at"),
    ]


def test_an_event_of_who_was_erased_is_refused_as_such_and_kept_nowhere(crm, shop):
    bury([(Tombstone.Kind.UNIONID, blind_index("oGone"))])
    nobody = event()
    del nobody["member"]
    response = crm.bulk("events", [nobody | {"unionid": "oGone"}])
    assert [end[1] for end in ends(response)] == ["erased"]


@pytest.fixture
def lookbook(settings, monkeypatch):
    """A kind of event that the retailer has named before anybody opened a card."""
    settings.API_EVENT_KINDS = ["lookbook=翻看了画册"]
    apps.get_app_config("integration").ready()
    monkeypatch.setattr(rows, "_BEHAVIOURS", Prepared(rows._last_behaviours))


def test_the_longest_names_make_no_key_that_is_too_long(settings, shop):
    kind = "k" * 32
    settings.API_EVENT_KINDS = [f"{kind}=翻看了画册"]
    apps.get_app_config("integration").ready()
    crm, keys = System(name="名" * 40), ["x" * 63 + end for end in "ab"]
    told = [event(kind=kind, key=key) for key in keys]
    assert [end[0] for end in ends(crm.bulk("events", told))] == ["created", "created"]
    assert [end[0] for end in ends(crm.bulk("events", told))] == ["unchanged", "unchanged"]
    assert all(len(row.key) <= 120 for row in TimelineEvent.objects.all())


def test_a_kind_of_the_retailers_own_stands_on_the_card_in_its_words(
    crm, shop, client_for, lookbook
):
    assert crm.post("events", event(kind="lookbook", title="秋冬画册")).status_code == 201
    page = client_for(shop.guide).get(reverse("workbench:customer", args=[shop.pk]))
    assert "翻看了画册：秋冬画册" in page.content.decode()


def test_an_event_keeps_as_of_when_it_was_told(crm, shop):
    crm.post("events", event(as_of="2026-11-01T10:00:00+08:00"))
    assert TimelineEvent.objects.get().params["as_of"].startswith("2026-11-01")


@pytest.mark.parametrize("told", ["purchase=买了", "scan_buy=扫码", "Look Book=x", "lookbook="])
def test_a_kind_needs_a_name_of_its_own_and_words(settings, told):
    settings.API_EVENT_KINDS = [told]
    with pytest.raises(ImproperlyConfigured):
        apps.get_app_config("integration").ready()
