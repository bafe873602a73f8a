"""What several tests of the welcome say in one line."""

from datetime import datetime
from typing import Any

from guideapp.acquisition.models import WelcomeDelivery
from guideapp.acquisition.services import greet
from guideapp.core.clock import now
from guideapp.members.models import FollowRelation
from guideapp.organisation.models import Brand, Guide
from guideapp.wecom.models import OutboxCall
from tests.factories import make_guide, make_store


def make_seller(name: str = "小满", store: str = "星河里店", **kw: Any) -> Guide:
    """A guide of a store with names that a text can show."""
    return make_guide(name=name, store=make_store(name=store), **kw)


def brand_of(follow: FollowRelation) -> Brand:
    """The brand whose store the guide works in."""
    assert follow.guide.store is not None
    return follow.guide.store.region.brand


def greet_now(
    follow: FollowRelation, code: str = "CODE1", *, at: datetime | None = None, state: str = "door"
) -> WelcomeDelivery | None:
    """The customer of `follow` came, at this moment unless told otherwise."""
    return greet(follow, welcome_code=code, state=state, event_at=at or now())


def ended(delivery: WelcomeDelivery, state: str, errcode: int | None = None) -> WelcomeDelivery:
    """The outbox call of `delivery` is over."""
    OutboxCall.objects.filter(pk=delivery.call_id).update(
        state=state, errcode=errcode, sent_at=now(), answer={"title": ""}
    )
    delivery.refresh_from_db()
    return delivery
