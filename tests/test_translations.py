"""English is complete, and the compiled catalogue is the one that the sources give."""

import gettext
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES"
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{[^}]*\}")


def entries(text: str) -> list[tuple[str, str]]:
    """(msgid, msgstr) of a catalogue without wrapped lines, plurals or contexts."""
    text = re.sub(r"^msgctxt .*\nmsgid .*\nmsgstr .*\n", "", text, flags=re.M)
    blocks = re.findall(r'^msgid (".*(?:\n".*)*)\nmsgstr (".*(?:\n".*)*)', text, re.M)
    return [tuple("".join(re.findall(r'"(.*)"', part)) for part in block) for block in blocks][1:]


def words_of_the_sources() -> set[str]:
    """Literal strings that templates and code ask a translation for."""
    found: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        found |= {match[1] for match in re.findall(r"{%\s*translate\s+(['\"])(.*?)\1", text)}
    for path in (ROOT / "guideapp").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(
            re.findall(r'(?<!\w)(?:_|gettext|gettext_lazy)\(\s*"((?:[^"\\]|\\.)*)"\s*\)', text)
        )
    return found


@pytest.fixture(scope="module")
def catalogue() -> list[tuple[str, str]]:
    return entries((CATALOGUE / "django.po").read_text(encoding="utf-8"))


def test_every_sentence_has_its_english(catalogue):
    assert [msgid for msgid, msgstr in catalogue if not msgstr] == []


def test_no_translation_loses_a_placeholder(catalogue):
    wrong = [
        (msgid, msgstr)
        for msgid, msgstr in catalogue
        if sorted(_PLACEHOLDER.findall(msgid)) != sorted(_PLACEHOLDER.findall(msgstr))
    ]
    assert wrong == []


def test_no_sentence_of_the_sources_is_missing_from_the_catalogue(catalogue):
    # Templates write a bare %, the catalogue doubles it.
    known = {msgid.replace('\\"', '"').replace("%%", "%") for msgid, _msgstr in catalogue}
    assert {word.replace('\\"', '"') for word in words_of_the_sources()} - known == set()


def test_sentences_are_asked_for_under_names_that_the_collector_knows():
    other_name = re.compile(r"import \w*gettext\w* as (?!_\b)\w+")
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "guideapp").rglob("*.py")
        if other_name.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_the_compiled_catalogue_is_that_of_the_sources(catalogue):
    with (CATALOGUE / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    stale = [
        msgid
        for msgid, msgstr in catalogue
        if compiled.gettext(unescaped(msgid)) != unescaped(msgstr)
    ]
    assert stale == []


def unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\n", "\n")
