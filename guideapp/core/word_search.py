"""Find listed words in a text, whatever their width or case, however long the list.

A searcher is prepared once from the words; preparing 10,000 takes tens of milliseconds, a search in
a message of 1,000 characters well under one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

# Full-width forms of ASCII are one character for one, so that places stay the same.
_NARROW = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}
# Invisible characters that would hide a word from the search: soft hyphen, joiners, marks.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed word found in a text: `text[start:end]` is how it stands there."""

    word: str
    category: str
    start: int
    end: int


class Searcher:
    """Finds any of `words` (pairs of word and category) in a text."""

    def __init__(self, words: Iterable[tuple[str, str]]) -> None:
        known = {folded: (word, category) for word, category in words if (folded := _fold(word))}
        self._listed = list(known.values())
        self._patterns = list(known)
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)

    def hits(self, text: str) -> list[Hit]:
        """What `text` contains, in the order of the text; of two that overlap the longer one."""
        folded, places = _fold_with_places(text)
        found = self._automaton.find_matches_as_indexes(folded)
        return list(self._worded(folded, places, found, len(text)))

    def _worded(
        self,
        folded: str,
        places: Sequence[int],
        found: Iterable[tuple[int, int, int]],
        length: int,
    ) -> Iterator[Hit]:
        for index, start, end in found:
            if _inside_a_latin_word(folded, start, end):
                continue
            word, category = self._listed[index]
            after = places[end] if end < len(places) else length
            yield Hit(word, category, places[start], max(after, places[end - 1] + 1))


def _fold(text: str) -> str:
    """`text` in one width and one case, without invisible characters."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _fold_with_places(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters where it came from in `text`."""
    narrow = text.translate(_NARROW)
    folded = narrow.casefold()
    plain = len(folded) == len(text) and unicodedata.is_normalized("NFKC", narrow)
    if plain and not _INVISIBLE.search(narrow):
        return folded, range(len(text))
    pieces = [(_fold(character), place) for place, character in enumerate(text)]
    return (
        "".join(piece for piece, _place in pieces),
        [place for piece, place in pieces for _character in piece],
    )


def _inside_a_latin_word(folded: str, start: int, end: int) -> bool:
    """True where a latin word of the list is only a part of a longer one (`av` in `save`)."""
    before = start > 0 and _is_latin(folded[start - 1]) and _is_latin(folded[start])
    after = end < len(folded) and _is_latin(folded[end]) and _is_latin(folded[end - 1])
    return before or after


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
