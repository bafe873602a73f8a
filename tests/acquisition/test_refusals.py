"""What WeCom can answer to a welcome, and what we do then."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
import time_machine
from django.conf import settings

from guideapp.acquisition.models import WelcomeDelivery
from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import TimelineEvent
from guideapp.wecom.client import forget_process_state
from guideapp.wecom.models import OutboxCall
from tests.acquisition.support import brand_of, greet_now
from tests.factories import make_follow, make_material, make_welcome

pytestmark = pytest.mark.django_db

State = OutboxCall.State
ADDRESS = f"{settings.WECOM_API_BASE_URL}/externalcontact/send_welcome_msg"
OK = {"errcode": 0, "errmsg": "ok"}


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """WeCom's side of the wire, with a token to begin with."""
    forget_process_state()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        token = OK | {"access_token": "t", "expires_in": 7200}
        mock.get(f"{settings.WECOM_API_BASE_URL}/gettoken", json=token)
        yield mock
    forget_process_state()


@pytest.fixture
def delivery() -> WelcomeDelivery:
    """A welcome with a card, owed a moment ago."""
    follow = make_follow()
    make_welcome(brand=brand_of(follow), material=make_material())
    delivery = greet_now(follow)
    assert delivery is not None
    return delivery


def bodies(wire: responses.RequestsMock) -> list[dict[str, Any]]:
    """What arrived at send_welcome_msg."""
    sent = [call.request for call in wire.calls if "send_welcome_msg" in str(call.request.url)]
    return [json.loads(request.body or "{}") for request in sent]


def run_for(seconds: int) -> None:
    """The worker goes on, second by second."""
    start = now()
    for second in range(seconds):
        with time_machine.travel(start + timedelta(seconds=second)):
            run_due(("urgent", "normal"))


@pytest.mark.parametrize(
    ("errcode", "reason"), [(41050, "too_late"), (41051, "already_talking"), (41053, "refused")]
)
def test_a_refused_welcome_is_not_repeated_and_is_told(
    wire: responses.RequestsMock, delivery: WelcomeDelivery, errcode: int, reason: str
) -> None:
    wire.post(ADDRESS, json={"errcode": errcode, "errmsg": "no"})
    run_for(5)
    assert len(bodies(wire)) == 1
    event = TimelineEvent.objects.get(kind="welcome_missed")
    assert event.params["reason"] == reason


def test_while_another_app_is_sending_we_ask_again(
    wire: responses.RequestsMock, delivery: WelcomeDelivery
) -> None:
    wire.post(ADDRESS, json={"errcode": 41096, "errmsg": "sending"})
    wire.post(ADDRESS, json=OK)
    run_for(5)
    assert len(bodies(wire)) == 2
    assert TimelineEvent.objects.get().kind == "welcome_sent"


def test_another_app_that_never_ends_is_asked_until_the_code_is_void(
    wire: responses.RequestsMock, delivery: WelcomeDelivery
) -> None:
    wire.post(ADDRESS, json={"errcode": 41096, "errmsg": "sending"})
    run_for(30)
    assert 5 <= len(bodies(wire)) <= 25
    assert TimelineEvent.objects.get().params["reason"] == "too_late"


def test_a_lost_answer_is_uncertain_and_never_repeated(
    wire: responses.RequestsMock, delivery: WelcomeDelivery
) -> None:
    wire.post(ADDRESS, body=requests.ReadTimeout())
    run_for(25)
    assert len(bodies(wire)) == 1
    assert OutboxCall.objects.get(pk=delivery.call_id).state == State.UNCERTAIN
    assert TimelineEvent.objects.get().params["reason"] == "uncertain"


def test_words_without_the_card_are_sent_when_wecom_will_not_take_it(
    wire: responses.RequestsMock, delivery: WelcomeDelivery
) -> None:
    wire.post(ADDRESS, json={"errcode": 41065, "errmsg": "attachments"})
    wire.post(ADDRESS, json=OK)
    run_for(3)
    first, second = bodies(wire)
    assert "attachments" in first
    assert "attachments" not in second
    assert second["text"] == first["text"]
    assert TimelineEvent.objects.get().kind == "welcome_sent"
