"""One process does not hammer WeCom: a breaker a path, four calls at once."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from guideapp.wecom import limits as module
from guideapp.wecom.errors import WeComNotSent, WeComOverBudget, WeComRateLimited
from guideapp.wecom.limits import Breaker, Limits


def failed(breaker: Breaker, *moments: float) -> Breaker:
    for at in moments:
        breaker.failed(at)
    return breaker


def test_five_failures_in_thirty_seconds_open_the_breaker() -> None:
    breaker = failed(Breaker(), 0, 5, 10, 15)
    assert breaker.allows(20)
    assert not failed(breaker, 20).allows(49)


def test_five_failures_in_a_longer_time_do_not() -> None:
    assert failed(Breaker(), 0, 10, 20, 30, 40).allows(41)


def test_an_answer_in_between_forgives_the_failures_before() -> None:
    breaker = failed(Breaker(), 0, 1, 2, 3)
    breaker.succeeded()
    assert failed(breaker, 4).allows(5)


def test_after_the_rest_one_call_tries_for_all() -> None:
    breaker = failed(Breaker(), 0, 1, 2, 3, 4)
    assert breaker.allows(34)
    assert not breaker.allows(35)


def test_a_good_trial_closes_the_breaker() -> None:
    breaker = failed(Breaker(), 0, 1, 2, 3, 4)
    assert breaker.allows(34)
    breaker.succeeded()
    assert breaker.allows(35)


def test_a_bad_trial_opens_it_again() -> None:
    breaker = failed(Breaker(), 0, 1, 2, 3, 4)
    assert breaker.allows(34)
    assert not failed(breaker, 35).allows(64)
    assert breaker.allows(65)


def test_a_trial_that_our_own_budget_held_back_leaves_the_trial_to_another_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = Limits()
    monkeypatch.setattr(module, "OPEN_SECONDS", 0)  # the rest is over at once
    for _ in range(5):
        limits.failed("user/get")
    monkeypatch.setattr(module, "OPEN_SECONDS", 30)
    with pytest.raises(WeComOverBudget), limits.place("user/get", wait_seconds=0):
        raise WeComOverBudget("user/get", rest_seconds=1)
    with limits.place("user/get", wait_seconds=0):
        limits.succeeded("user/get")


@pytest.fixture
def four_calls() -> Iterator[Limits]:
    """Four calls of user/get are under way."""
    limits = Limits()
    with ExitStack() as under_way:
        for _ in range(4):
            under_way.enter_context(limits.place("user/get", wait_seconds=0))
        yield limits


def test_a_fifth_call_of_a_path_at_once_is_held_back(four_calls: Limits) -> None:
    with pytest.raises(WeComNotSent), four_calls.place("user/get", wait_seconds=0.01):
        pass


def test_another_path_is_not_concerned(four_calls: Limits) -> None:
    with four_calls.place("user/list", wait_seconds=0):
        pass


def test_a_held_back_call_goes_on_when_a_place_is_free() -> None:
    limits = Limits()
    entered = threading.Event()

    def wait_for_a_place() -> None:
        with limits.place("user/get", wait_seconds=5):
            entered.set()

    with ExitStack() as under_way:
        for _ in range(4):
            under_way.enter_context(limits.place("user/get", wait_seconds=0))
        waiting = threading.Thread(target=wait_for_a_place)
        waiting.start()
    waiting.join(5)
    assert entered.is_set()


def test_a_call_held_back_by_the_breaker_gives_its_place_back() -> None:
    limits = Limits()
    for _ in range(5):
        limits.failed("user/get")
    for _ in range(6):
        with pytest.raises(WeComNotSent), limits.place("user/get", wait_seconds=0):
            pass


def test_a_rate_limited_path_rests() -> None:
    limits = Limits()
    limits.rate_limited("user/get", 60)
    with pytest.raises(WeComRateLimited), limits.place("user/get", wait_seconds=0):
        pass
    limits.clear()
    with limits.place("user/get", wait_seconds=0):
        pass


def test_who_is_held_back_hears_how_long_the_rest_lasts() -> None:
    limits = Limits()
    limits.rate_limited("user/get", 20)
    for _ in range(5):
        limits.failed("user/list")
    with pytest.raises(WeComRateLimited) as closed, limits.place("user/get", wait_seconds=0):
        pass
    with pytest.raises(WeComNotSent) as broken, limits.place("user/list", wait_seconds=0):
        pass
    assert 19 < (closed.value.rest_seconds or 0) <= 23
    assert 29 < (broken.value.rest_seconds or 0) <= 33
