"""What the wording check finds, where it finds it, and what that costs."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideapp.core.word_search import Hit, Searcher


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    """A short list."""
    return Searcher([("全网最低", "absolute_claim"), ("NO.1", "absolute_claim"), ("av", "other")])


def test_a_listed_word_is_found_with_its_place(searcher: Searcher) -> None:
    assert searcher.hits("今天全网最低价") == [Hit("全网最低", "absolute_claim", 2, 6)]


def test_a_clean_text_has_no_hits(searcher: Searcher) -> None:
    assert searcher.hits("周末来店里坐坐，给您留了位置。") == []


def test_an_empty_list_finds_nothing() -> None:
    assert Searcher([]).hits("全网最低") == []


@pytest.mark.parametrize("written", ["NO.1", "no.1", "ＮＯ．１", "ｎo.１", "N\u200bO.1"])
def test_width_case_and_invisible_characters_do_not_hide_a_word(
    searcher: Searcher, written: str
) -> None:
    text = f"本店{written}款"
    (hit,) = searcher.hits(text)
    assert (hit.word, text[hit.start : hit.end]) == ("NO.1", written)


def test_places_are_those_of_the_text_as_written_after_a_character_that_unfolds(
    searcher: Searcher,
) -> None:
    text = "㎏ⅷ全网最低"
    (hit,) = searcher.hits(text)
    assert text[hit.start : hit.end] == "全网最低"


def test_a_latin_word_inside_a_longer_one_is_not_a_hit(searcher: Searcher) -> None:
    assert searcher.hits("save 20, Ava 喜欢") == []
    assert [hit.word for hit in searcher.hits("看AV片")] == ["av"]


def test_of_two_overlapping_words_the_longer_one_is_named() -> None:
    searcher = Searcher([("最低", "other"), ("全网最低", "absolute_claim")])
    assert [hit.word for hit in searcher.hits("全网最低，最低")] == ["全网最低", "最低"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_word_is_found_between_any_two_texts(before: str, after: str) -> None:
    text = f"{before}全网最低{after}"
    hits = Searcher([("全网最低", "other")]).hits(text)
    assert any(text[hit.start : hit.end].startswith("全网最低") for hit in hits)


def test_ten_thousand_words_cost_at_most_a_millisecond_a_message() -> None:
    searcher = Searcher((f"禁词{number}号", "other") for number in range(10_000))
    message = "周末会员日，新到的羊毛大衣给您留了一件。ＶＩＰ 专享 禁词7号。" * 30
    searcher.hits(message)
    spent = []
    for _round in range(20):
        began = time.perf_counter()
        searcher.hits(message)
        spent.append(time.perf_counter() - began)
    assert min(spent) <= 0.001
