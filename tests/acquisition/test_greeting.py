"""Who is greeted with what, and what the message is made of when it goes out."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from guideapp.acquisition.models import CODE_LIFE, WelcomeDelivery
from guideapp.acquisition.services import content_of
from guideapp.attribution.models import TrackedLink
from guideapp.core.clock import now
from guideapp.core.jobs import ledger
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.materials.models import Material
from guideapp.members.models import Contact, Suggestion
from guideapp.wecom.models import OutboxCall
from tests.acquisition.support import brand_of, greet_now, make_seller
from tests.factories import (
    make_contact,
    make_follow,
    make_guide,
    make_material,
    make_store,
    make_welcome,
)

pytestmark = pytest.mark.django_db


def test_a_new_customer_is_owed_the_brands_welcome_in_the_urgent_lane() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow))
    event_at = now()
    delivery = greet_now(follow, at=event_at)
    assert delivery is not None
    call = OutboxCall.objects.get()
    assert (delivery.call, call.lane) == (call, "urgent")
    assert call.expires_at == delivery.due_at == event_at + CODE_LIFE


def test_a_stores_own_welcome_goes_before_the_brands() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow), text="品牌的")
    make_welcome(brand=brand_of(follow), store=follow.guide.store, text="门店的")
    delivery = greet_now(follow)
    assert delivery is not None
    assert content_of(delivery)[0] == "门店的"


def test_a_store_that_switched_its_own_off_greets_with_the_brands() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow), text="品牌的")
    make_welcome(brand=brand_of(follow), store=follow.guide.store, text="门店的", is_active=False)
    delivery = greet_now(follow)
    assert delivery is not None
    assert content_of(delivery)[0] == "品牌的"


def test_another_stores_and_another_brands_welcome_are_not_used() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow), store=make_store())
    assert greet_now(follow) is None
    assert not OutboxCall.objects.filter(kind="welcome").exists()


def test_a_guide_without_a_store_has_no_welcome_but_a_prompt() -> None:
    make_welcome()
    follow = make_follow(guide=make_guide(store=None))
    assert greet_now(follow) is None
    assert Suggestion.objects.get().evidence["welcome"] == "none"


def test_without_a_code_nothing_is_sent_and_the_guide_is_told() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow))
    assert greet_now(follow, code="") is None
    assert not OutboxCall.objects.filter(kind="welcome").exists()
    assert Suggestion.objects.get().rule == "new_customer"


def test_the_same_code_twice_is_one_call_and_one_link() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow), material=make_material())
    first, second = greet_now(follow), greet_now(follow)
    assert first == second
    assert OutboxCall.objects.filter(kind="welcome").count() == 1
    assert TrackedLink.objects.count() == 1


def test_the_whole_event_after_the_half_one_does_not_speak_of_a_missing_welcome() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow))
    half = greet_now(follow)
    whole = greet_now(follow, code="", at=now() + timedelta(seconds=5))
    assert whole == half
    assert not Suggestion.objects.exists()


def test_the_code_is_not_kept_in_the_delivery() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow))
    greet_now(follow, code="SECRETCODE")
    assert "SECRETCODE" not in str(WelcomeDelivery.objects.values().get())


def test_a_name_that_arrives_before_the_call_goes_out_is_used() -> None:
    follow = make_follow(guide=make_seller(), contact=make_contact(name=""))
    make_welcome(brand=brand_of(follow), text="{客户}您好，我是{门店}的{导购}")
    delivery = greet_now(follow)
    assert delivery is not None
    assert content_of(delivery)[0] == "您好，我是星河里店的小满"
    Contact.objects.update(name="晚晴")
    fresh = WelcomeDelivery.objects.get()
    assert content_of(fresh)[0] == "晚晴您好，我是星河里店的小满"


def test_the_material_goes_along_as_a_card_with_a_tracked_absolute_link() -> None:
    follow = make_follow()
    material = make_material(title="大衣穿法", summary="五种")
    make_welcome(brand=brand_of(follow), material=material)
    delivery = greet_now(follow, state="store31-qr7")
    assert delivery is not None
    assert delivery.link is not None
    link = delivery.link
    _text, (card,) = content_of(delivery)
    assert card["msgtype"] == "link"
    assert card["link"]["title"] == "大衣穿法"
    assert card["link"]["url"] == f"{settings.SITE_URL}/v/{material.pk}/{link.token}"
    assert card["link"]["picurl"].startswith(settings.SITE_URL)
    assert (link.kind, link.channel) == (TrackedLink.Kind.WELCOME, "store31-qr7")
    assert (link.guide, link.store, link.contact) == (
        follow.guide,
        follow.guide.store,
        follow.contact,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": Material.Status.WITHDRAWN},
        {"valid_until": now() - timedelta(minutes=1)},
        {"valid_from": now() + timedelta(days=1)},
    ],
)
def test_a_material_that_cannot_be_sent_any_more_is_left_out(change: dict[str, Any]) -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow), material=make_material())
    delivery = greet_now(follow)
    assert delivery is not None
    Material.objects.update(**change)
    text, attachments = content_of(delivery)
    assert text
    assert attachments == []


def test_a_material_of_other_stores_is_left_out() -> None:
    follow = make_follow()
    material = make_material()
    material.only_stores.add(make_store())
    make_welcome(brand=brand_of(follow), material=material)
    delivery = greet_now(follow)
    assert delivery is not None
    assert content_of(delivery)[1] == []


def test_an_over_long_title_is_cut_inside_the_limit_of_wecom() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow), material=make_material(title="𠮷" * 40))
    delivery = greet_now(follow)
    assert delivery is not None
    (card,) = content_of(delivery)[1]
    assert card["link"]["title"] == "𠮷" * 32


def test_the_welcome_is_claimed_before_ten_thousand_bulk_jobs() -> None:
    waiting = [
        Job(task="nowhere", lane="bulk", run_at=now(), enqueued_at=now()) for _n in range(10_000)
    ]
    Job.objects.bulk_create(waiting, batch_size=1_000)
    follow = make_follow()
    make_welcome(brand=brand_of(follow))
    delivery = greet_now(follow)
    assert delivery is not None
    (job,) = ledger.claim("urgent", worker="w", limit=1, lease_seconds=10)
    assert job.args == [delivery.call_id]


def test_a_welcome_whose_time_is_over_is_not_sent() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow))
    delivery = greet_now(follow, at=now() - timedelta(seconds=25))
    run_due(("urgent",))
    assert delivery is not None
    call = OutboxCall.objects.get(pk=delivery.call_id)
    assert (call.state, call.sent_at) == (OutboxCall.State.FAILED, None)


def test_the_outbox_may_forget_its_calls_and_a_customer_may_be_erased() -> None:
    follow = make_follow()
    make_welcome(brand=brand_of(follow), material=make_material())
    delivery = greet_now(follow)
    OutboxCall.objects.all().delete()
    assert WelcomeDelivery.objects.get() == delivery
    follow.contact.delete()
    assert not WelcomeDelivery.objects.exists()
    assert not TrackedLink.objects.exists()
