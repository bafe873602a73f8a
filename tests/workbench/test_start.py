"""`/`: four doors and a list that ticks itself in the demo, the person's work elsewhere."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from guideapp.acquisition.models import WelcomeDelivery
from guideapp.core.audit import record_access
from guideapp.core.clock import now
from guideapp.core.models import AccessLog
from guideapp.materials.models import Share
from guideapp.wecom.models import OutboxCall
from guideapp.workbench import trial
from tests.factories import make_follow, make_guide, make_share, make_visit, make_welcome

pytestmark = pytest.mark.django_db


def done() -> list[bool]:
    """Which of the four steps are ticked."""
    return [step.done_at is not None for step in trial.steps(None)]


def open_card() -> None:
    """A guide sees a customer's card beside the chat."""
    record_access(actor_id=make_guide().pk, subject="contact:1", screen="sidebar")


def welcome(state: str) -> WelcomeDelivery:
    """A welcome whose call stands like that."""
    call = OutboxCall.objects.create(
        kind="welcome",
        key="welcome:1",
        payload={},
        lane="urgent",
        idempotent=False,
        state=state,
        created_at=now(),
        sent_at=now(),
    )
    return WelcomeDelivery.objects.create(
        code_hash="a", follow=make_follow(), message=make_welcome(), call=call, due_at=now()
    )


def test_the_demo_has_four_doors(client: Any) -> None:
    page = client.get("/").content.decode()
    assert page.count('href="/sandbox/"') == 2
    for words in ("导购，在聊天里", "店长", "总部", "企业微信沙盒"):
        assert words in page


@pytest.mark.parametrize(
    ("who", "manager", "hq"),
    [("as_guide", False, False), ("as_manager", True, False), ("as_admin", False, True)],
)
def test_a_door_that_is_not_ones_own_asks_who_one_is(
    who: str, manager: bool, hq: bool, request: pytest.FixtureRequest
) -> None:
    page = request.getfixturevalue(who).get("/").content.decode()
    for own, address in ((manager, "/m/"), (hq, "/hq/materials/")):
        assert (f'href="{address}"' in page) == own
        assert (f'href="/wecom/login/?next={quote(address, safe="")}&amp;by=qr"' in page) != own


def test_nothing_is_ticked_before_anything_happened() -> None:
    assert done() == [False, False, False, False]


def test_opening_a_card_beside_a_chat_ticks_the_first_step() -> None:
    open_card()
    assert done() == [True, False, False, False]


def test_a_card_on_another_screen_does_not_tick_it() -> None:
    record_access(actor_id=1, subject="contact:1", screen="customer")
    assert done() == [False, False, False, False]


@pytest.mark.parametrize("state", Share.State.values)
def test_only_a_material_reported_as_sent_ticks_the_first_two_steps(state: str) -> None:
    make_share(state=state, reported_at=now())
    sent = state == Share.State.SENT
    assert done() == [sent, sent, False, False]  # who sends has the sidebar open


def test_a_counted_view_ticks_the_third_step() -> None:
    share = make_share(state=Share.State.UNKNOWN)
    make_visit(share=share, counted=False)
    make_visit()
    assert done()[2] is False
    make_visit(share=share)
    assert done()[2] is True


@pytest.mark.parametrize(("state", "ticked"), [("done", True), ("failed", False)])
def test_a_welcome_that_wecom_took_ticks_the_fourth_step(state: str, ticked: bool) -> None:
    welcome(state)
    assert done() == [False, False, False, ticked]


def test_what_happened_before_the_last_reset_does_not_count() -> None:
    open_card()
    make_visit(share=make_share(reported_at=now()))
    welcome("done")
    assert all(step.done_at for step in trial.steps(now() - timedelta(hours=1)))
    assert not any(step.done_at for step in trial.steps(now() + timedelta(hours=1)))


def test_the_list_is_asked_for_again_as_a_fragment(client: Any) -> None:
    open_card()
    page = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert "做完 1/4" in page
    assert AccessLog.objects.count() == 1


def test_outside_the_demo_a_stranger_is_sent_to_the_login(client: Any, settings: Any) -> None:
    settings.DEMO = False
    assert client.get("/").url.startswith("/wecom/login/")


@pytest.mark.parametrize(
    ("who", "home"),
    [
        ("as_guide", "/g/"),
        ("as_manager", "/m/"),
        ("as_regional", "/m/"),
        ("as_content", "/hq/materials/"),
        ("as_admin", "/hq/people/"),
    ],
)
def test_outside_the_demo_everybody_begins_at_their_work(
    who: str, home: str, request: pytest.FixtureRequest, settings: Any
) -> None:
    settings.DEMO = False
    assert request.getfixturevalue(who).get("/").url == home
