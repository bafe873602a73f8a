"""How time, money and numbers read on a page."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import translation

from guideapp.core.clock import day_of, day_range, today
from guideapp.core.money import yuan
from guideapp.core.templatetags import page

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "¥0"),
        (5, "¥0.05"),
        (189900, "¥1,899"),
        (238650, "¥2,386.50"),
        (-100, "-¥1"),
        (123456789, "¥1,234,567.89"),
    ],
)
def test_fen_read_as_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text
    assert page.money(fen) == text


def test_two_places_can_be_kept() -> None:
    assert yuan(10000, decimals=True) == "¥100.00"


def test_what_is_not_known_is_a_dash_and_never_a_zero() -> None:
    unknown = [page.money(None), page.pct(None), page.thousands(None), page.ago(None)]
    assert [*unknown, page.day(None), page.duration(None), page.mask_phone("")] == ["—"] * 7


@pytest.mark.parametrize(
    ("rate", "text"), [(0, "0%"), (0.042, "4.2%"), (0.1, "10%"), (0.456, "46%"), (1, "100%")]
)
def test_rates_read_as_percent(rate: float, text: str) -> None:
    assert page.pct(rate) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(seconds=59), "刚刚"),
        (timedelta(minutes=5, seconds=30), "5 分钟前"),
        (timedelta(hours=3), "今天 09:00"),
        (timedelta(hours=12, seconds=1), "昨天 23:59"),
        (timedelta(days=9), "3月1日"),
        (timedelta(days=100), "2025年11月30日"),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_moments_read_as_people_say_them(before: timedelta, text: str) -> None:
    assert page.ago(NOON - before) == text


@time_machine.travel(NOON, tick=False)
def test_days_read_in_english_too() -> None:
    with translation.override("en"):
        assert page.day(date(2026, 3, 1)) == "Mar 1"
        assert page.day(date(2025, 3, 1)) == "Mar 1, 2025"


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(4000, "4 秒"), (72000, "1 分 12 秒"), (59999, "1 分 0 秒")]
)
def test_durations_read_in_minutes_and_seconds(milliseconds: int, text: str) -> None:
    assert page.duration(milliseconds) == text


def test_numbers_that_belong_to_a_person_are_masked() -> None:
    assert page.mask_phone("+8613800002046") == "138****2046"
    assert page.mask_number("HY20267731") == "HY****7731"
    assert page.mask_number("12345") == "12345"


def test_a_colour_belongs_to_its_key_for_good() -> None:
    assert page.tint("wm1") == page.tint("wm1")
    assert {page.tint(n) for n in range(50)} == {f"c-{name}" for name in page.TINTS}


def test_an_avatar_without_a_picture_shows_the_first_character() -> None:
    assert [page.initial("  林晓"), page.initial("")] == ["林", "·"]


def test_the_day_turns_at_midnight_in_shanghai() -> None:
    assert day_of(datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 9)
    assert day_of(datetime(2026, 3, 9, 16, 0, tzinfo=UTC)) == date(2026, 3, 10)
    with time_machine.travel(datetime(2026, 3, 9, 16, 0, tzinfo=UTC)):
        assert today() == date(2026, 3, 10)


def test_a_range_of_days_is_half_open() -> None:
    start, end = day_range(date(2026, 3, 9), date(2026, 3, 10))
    assert start == datetime(2026, 3, 8, 16, tzinfo=UTC)
    assert end == datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert day_range(date(2026, 3, 9))[1] == start + timedelta(days=1)
