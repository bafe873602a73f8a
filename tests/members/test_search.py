"""Finding people by what a guide types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideapp.core.search import matching, search_terms
from guideapp.members.models import FollowRelation
from tests.factories import make_follow


def found(query: str) -> set[str]:
    rows = FollowRelation.objects.filter(matching("search_terms", query))
    return set(rows.values_list("remark", flat=True))


@pytest.fixture
def people(db):
    for name in ("周晚晴", "单小姐", "Amy 林_88", "顾北"):
        make_follow(remark=name, search_terms=search_terms(name))


@pytest.mark.parametrize(
    "query",
    [
        "周",
        "晚",
        "周晚",
        "晚晴",
        "周晚晴",
        "zhou",
        "zho",
        "zhouwanq",
        "wanqing",
        "zwq",
        "zw",
        "ZWQ",
    ],
)
def test_a_name_is_found_by_characters_pinyin_and_initials(people, query):
    assert found(query) == {"周晚晴"}


@pytest.mark.parametrize("query", ["shan", "dan", "chan", "sxj", "dxj"])
def test_a_surname_is_found_in_every_reading(people, query):
    assert found(query) == {"单小姐"}


@pytest.mark.parametrize("query", ["amy", "AMY", "am", "88", "林88", "amy林", "lin amy"])
def test_latin_and_chinese_are_found_side_by_side(people, query):
    assert found(query) == {"Amy 林_88"}


@pytest.mark.parametrize("query", ["晴周", "my", "周 北", "%", "_", "'; --", "🌸", "hou"])
def test_what_nobody_is_called_finds_nobody(people, query):
    assert found(query) == set()


def test_an_empty_query_finds_everybody(people):
    assert len(found("  ")) == 4


def test_full_width_letters_are_letters(people):
    assert found("AMY") == {"Amy 林_88"}


@given(st.text(max_size=40))
def test_any_text_makes_clean_tokens(text):
    terms = search_terms(text)
    assert terms == "" or (terms[0] == terms[-1] == " " and "  " not in terms)
    assert not set(terms) & {"%", "_", "\x00", "\n"}


@given(st.text(alphabet="周单晚晴北林小满ab1 ", min_size=1, max_size=12))
def test_a_text_is_found_by_itself(text):
    terms = search_terms(text)
    condition = matching("search_terms", text)
    assert all(token in terms for _name, token in map(tuple, condition.children))
