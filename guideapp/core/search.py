"""Search for Chinese text: one normalised column of tokens, read with LIKE on both databases.

Tokens: single characters, bigrams, Latin words, and for each run of Chinese its pinyin and its
initials from every character on. The first character of a run counts with all its readings,
because surnames (单, 曾, 解) are read differently. Never an FTS5 or pg_trgm trigram index: a word
of two characters finds nothing there, silently.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Any

from django.db.models import Q
from pypinyin import Style, lazy_pinyin, pinyin
from pypinyin.seg.simpleseg import seg

_HAN = r"\u3400-\u9fff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"(?P<chinese>[{_HAN}]+)|(?P<latin>[^\W_{_HAN}]+)")
_PINYIN_RUN = 6  # syllables that one pinyin token holds: longer input is matched by its head
_MAX_QUERY_TOKENS = 12


def search_terms(text: str) -> str:
    """The tokens of `text`, separated and surrounded by single spaces; '' when there are none.

    `周晚晴` gives ` 周 晚 晴 周晚 晚晴 zhouwanqing zwq wanqing wq qing q `.
    """
    tokens: dict[str, None] = {}
    for run, is_chinese in _runs(text):
        tokens |= dict.fromkeys(_chinese_tokens(run) if is_chinese else [run])
    return f" {' '.join(tokens)} " if tokens else ""


def matching(field: str, query: str) -> Q:
    """Rows whose `search_terms` column `field` holds every token of what a person typed.

    Chinese must match as typed; Latin letters match the beginning of a word, of the pinyin or of
    the initials. A query without a letter or digit finds nothing; an empty one finds everything.
    """
    if not query.strip():
        return Q()
    condition = Q()
    tokens = _query_tokens(query)
    for token in tokens:
        condition &= Q(**{f"{field}__contains": token})
    return condition if tokens else Q(pk__in=[])


def _query_tokens(query: str) -> list[str]:
    """What LIKE looks for: ` 周晚 ` whole, ` zho` as the beginning of a token."""
    tokens: dict[str, None] = {}
    for run, is_chinese in _runs(query):
        if not is_chinese:
            tokens[f" {run}"] = None
        elif len(run) == 1:
            tokens[f" {run} "] = None
        else:
            tokens |= dict.fromkeys(f" {a}{b} " for a, b in pairwise(run))
    return list(tokens)[:_MAX_QUERY_TOKENS]


def _runs(text: str) -> list[tuple[str, bool]]:
    """Runs of Chinese (True) and of other letters or digits (False), in one normal form."""
    normal = unicodedata.normalize("NFKC", text).lower()
    return [(run.group(), run.lastgroup == "chinese") for run in _RUNS.finditer(normal)]


@lru_cache(maxsize=32_000)  # names come again: two guides follow one customer, people share one
def _chinese_tokens(run: str) -> tuple[str, ...]:
    tokens = [*run, *(f"{a}{b}" for a, b in pairwise(run))]
    usual = _syllables(run)
    for start in range(len(run)):
        rest = [syllable for syllable in usual[start + 1 : start + _PINYIN_RUN] if syllable]
        for first in _readings(run[start], surname=start == 0):
            syllables = [first, *rest]
            tokens.append("".join(syllables))
            tokens.append("".join(syllable[0] for syllable in syllables))
    return tuple(tokens)


def _syllables(run: str) -> tuple[str, ...]:
    """The usual reading of each character, '' for an unknown one; a word decides ambiguous ones."""
    readings = [_readings(character, surname=True) for character in run]
    if all(len(some) <= 1 for some in readings):
        return tuple(some[0] if some else "" for some in readings)
    return tuple(syllable for word in seg(run) for syllable in _syllables_of(word))


@lru_cache(maxsize=20_000)
def _syllables_of(word: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(word, errors=_unknown))


def _unknown(characters: str) -> Any:
    """'' for each, so that every character keeps its place."""
    return [""] * len(characters)


@lru_cache(maxsize=20_000)
def _readings(character: str, *, surname: bool) -> tuple[str, ...]:
    """Toneless readings of a character: all of them where it may be a surname, else the usual."""
    found = pinyin(character, style=Style.NORMAL, heteronym=surname, errors="ignore")
    return tuple(dict.fromkeys(found[0])) if found else ()
