"""The words of a welcome: variables, and what cannot be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideapp.acquisition.errors import WelcomeTextRefused, WelcomeTooLong
from guideapp.acquisition.wording import MOST_BYTES, Names, fill, require_sendable, tidy

KNOWN = Names(customer="晚晴", guide="小满", store="星河里店")
UNKNOWN = Names(customer="", guide="小满", store="星河里店")


def test_variables_are_filled() -> None:
    assert fill("{客户}您好，我是{门店}的{导购}", KNOWN) == "晚晴您好，我是星河里店的小满"


def test_an_unknown_customer_is_addressed_politely_and_once() -> None:
    assert fill("{客户}您好", UNKNOWN) == "您好"
    assert fill("{客户}，欢迎", UNKNOWN) == "您，欢迎"


def test_blanks_inside_the_braces_do_no_harm() -> None:
    assert fill("{ 导购 }", KNOWN) == "小满"


def test_a_name_with_braces_is_not_filled_again() -> None:
    names = Names(customer="{门店}", guide="小满", store="星河里店")
    assert fill("{客户}", names) == "{门店}"


def test_one_kind_of_line_end_is_kept() -> None:
    assert tidy("  第一行\r\n第二行\r第三行 \n") == "第一行\n第二行\n第三行"


@pytest.mark.parametrize("text", ["您好", "{客户}{导购}{门店}", "{ }、{两个 词}照原样发"])
def test_what_can_be_sent_is_let_through(text: str) -> None:
    require_sendable(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "先写"), ("{名字}您好", "{名字}"), ("好\x00", "字符"), ("好\ud800", "字符")],
)
def test_what_cannot_be_sent_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(WelcomeTextRefused) as refusal:
        require_sendable(text)
    assert says in str(refusal.value.message)


def test_a_text_that_is_too_long_is_told_by_how_much() -> None:
    with pytest.raises(WelcomeTooLong) as refusal:
        require_sendable("好" * 1043)
    assert "1043" in str(refusal.value.message)
    assert "43" in str(refusal.value.message)


def test_variables_that_would_burst_the_limit_of_wecom_are_refused() -> None:
    with pytest.raises(WelcomeTextRefused):
        require_sendable("{客户}" * 250)


@given(st.text(max_size=60), st.integers(1, 300))
def test_a_sendable_text_fits_into_one_message_whatever_the_names(name: str, times: int) -> None:
    text = "{客户}好" * times
    try:
        require_sendable(text)
    except (WelcomeTextRefused, WelcomeTooLong):
        return
    filled = fill(text, Names(name, name, name))
    assert len(filled.encode(errors="replace")) <= MOST_BYTES
