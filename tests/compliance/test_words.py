"""The lists: general and a brand's own, and how a change reaches the prepared searchers."""

import pytest
from django.db import IntegrityError, transaction

from guideapp.compliance.errors import WordingRefused
from guideapp.compliance.models import SensitiveWord
from guideapp.compliance.services import (
    add_words,
    check_wording,
    load_default_words,
    remove_words,
    require_clean,
)
from tests.factories import make_brand, make_sensitive_word

pytestmark = pytest.mark.django_db

OTHER = SensitiveWord.Category.OTHER


def _words(text: str, **kw: object) -> list[str]:
    return [hit.word for hit in check_wording(text, **kw)]  # type: ignore[arg-type]


def test_a_general_word_counts_for_every_brand() -> None:
    make_sensitive_word(word="刷单")
    assert _words("帮忙刷单", brand=make_brand()) == ["刷单"]
    assert _words("帮忙刷单") == ["刷单"]


def test_a_brands_word_counts_for_that_brand_alone() -> None:
    ours, theirs = make_brand(name="青禾"), make_brand(name="别家")
    add_words([("别家大衣", OTHER)], brand=ours)
    assert _words("别家大衣", brand=ours) == ["别家大衣"]
    assert _words("别家大衣", brand=theirs) == []


def test_a_brands_own_entry_names_the_category() -> None:
    brand = make_brand()
    add_words([("笑气", SensitiveWord.Category.DRUGS)])
    add_words([("笑气", OTHER)], brand=brand)
    assert check_wording("笑气", brand)[0].category == OTHER


def test_a_word_added_or_removed_counts_at_once() -> None:
    add_words([("甲词", OTHER)])
    assert _words("甲词乙词") == ["甲词"]
    add_words([("乙词", OTHER)])
    assert _words("甲词乙词") == ["甲词", "乙词"]
    assert remove_words(["甲词"]) == 1
    assert _words("甲词乙词") == ["乙词"]


def test_a_check_after_the_first_asks_the_database_once(
    django_assert_num_queries: object,
) -> None:
    load_default_words()
    check_wording("先准备好")
    with django_assert_num_queries(1):  # type: ignore[operator]
        check_wording("再查一次")


def test_a_refusal_names_the_word_and_keeps_the_places() -> None:
    load_default_words()
    with pytest.raises(WordingRefused) as refusal:
        require_clean("本店销量第一，欢迎光临")
    assert "销量第一" in str(refusal.value.message)
    assert [(hit.start, hit.end) for hit in refusal.value.hits] == [(2, 6)]


def test_clean_text_passes() -> None:
    load_default_words()
    require_clean("您好，我是星河里店的小满，这是新到的大衣，最好今天来试。")


def test_the_default_list_is_loaded_once() -> None:
    assert load_default_words() > 50
    assert load_default_words() == 0


def test_every_default_word_has_a_known_category() -> None:
    load_default_words()
    known = set(SensitiveWord.Category.values)
    assert set(SensitiveWord.objects.values_list("category", flat=True)) <= known


@pytest.mark.parametrize("own", [False, True])
def test_the_database_keeps_a_word_once_a_list(own: bool) -> None:
    brand = make_brand() if own else None
    make_sensitive_word(word="刷单", brand=brand)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_sensitive_word(word="刷单", brand=brand)
