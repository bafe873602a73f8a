"""The whole way: WeCom reports a new customer, the welcome arrives, the guide is told."""

import json
from typing import Any

import pytest

from guideapp.core.jobs.worker import run_due
from guideapp.materials.models import Material, Visit
from guideapp.members.models import Suggestion, TimelineEvent
from guideapp.organisation.models import Guide
from guideapp.wecom.models import OutboxCall
from tests.factories import make_guide, make_material, make_store, make_welcome
from tests.wecom_support import PlayedWeCom

SEND = "externalcontact/send_welcome_msg"


@pytest.fixture
def guide(wecom: PlayedWeCom) -> Guide:
    """A guide of a store whose brand has a welcome with a material."""
    store = make_store(name="星河里店")
    guide = make_guide(userid="linxm", name="林小满", store=store)
    material = make_material(title="大衣的五种穿法", summary="看一眼就会")
    make_welcome(brand=store.region.brand, text="{客户}您好，我是{门店}的{导购}", material=material)
    return guide


def come(wecom: PlayedWeCom, kind: str = "add_external_contact", **kw: Any) -> str:
    """A customer adds the guide, WeCom tells us, and whatever is due then is done."""
    external_userid = wecom.customer("wutong")
    given = {"userid": "linxm", "external_userid": external_userid, "state": "door"} | kw
    wecom.raise_event(kind, **given)
    wecom.deliver()
    run_due()
    return external_userid


def test_a_new_customer_reads_the_welcome_and_the_guide_is_told(
    wecom: PlayedWeCom, guide: Guide
) -> None:
    external_userid = come(wecom)
    text, card = [row["payload"] for row in wecom.chat("linxm", external_userid)]
    material = Material.objects.get()
    assert "我是星河里店的林小满" in json.dumps(text, ensure_ascii=False)
    assert f"/v/{material.pk}/" in json.dumps(card)
    assert TimelineEvent.objects.filter(kind="welcome_sent").count() == 1
    assert Suggestion.objects.get().evidence["welcome"] == "sent"
    assert len(wecom.app_messages("linxm")) == 1


def test_the_same_callback_delivered_twice_is_one_welcome(wecom: PlayedWeCom, guide: Guide) -> None:
    come(wecom)
    (added,) = OutboxCall.objects.filter(kind="welcome")
    wecom.deliver()
    run_due()
    assert OutboxCall.objects.get(kind="welcome") == added
    assert len(wecom.calls(SEND)) == 1


def test_a_half_event_is_welcomed_and_the_whole_one_adds_nothing(
    wecom: PlayedWeCom, guide: Guide
) -> None:
    come(wecom, "add_half_external_contact")
    come(wecom, "add_external_contact")
    assert len(wecom.calls(SEND)) == 1
    assert Suggestion.objects.filter(state=Suggestion.State.OPEN).count() == 1
    assert len(wecom.app_messages("linxm")) == 1


def test_where_the_console_greets_we_do_not(wecom: PlayedWeCom, guide: Guide) -> None:
    come(wecom, welcome=False)
    assert wecom.calls(SEND) == []
    assert Suggestion.objects.get().evidence["welcome"] == "none"


def test_nothing_is_read_from_wecom_before_the_welcome_is_owed(
    wecom: PlayedWeCom, guide: Guide
) -> None:
    come(wecom, unreadable_seconds=30)
    assert len(wecom.calls(SEND)) == 1
    assert OutboxCall.objects.get(kind="welcome").state == OutboxCall.State.DONE


def test_the_code_is_forgotten_once_it_was_used(wecom: PlayedWeCom, guide: Guide) -> None:
    come(wecom)
    assert "welcome_code" not in OutboxCall.objects.get(kind="welcome").payload


def test_opening_the_welcomes_card_counts_for_the_guide(
    wecom: PlayedWeCom, guide: Guide, client: Any
) -> None:
    come(wecom)
    material = Material.objects.get()
    link = guide.links.get()
    client.get(
        f"/v/{material.pk}/{link.token}", headers={"User-Agent": "Mozilla/5.0 MicroMessenger"}
    )
    visit = Visit.objects.get()
    assert (visit.link, visit.counted) == (link, True)
