"""A person's own copy, in words: names of codes, Shanghai time, yuan; no data format to know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from guideapp.core.clock import SHANGHAI
from guideapp.core.templatetags.page import duration
from guideapp.members.models import Contact, Member, Preference, Suggestion, TimelineEvent
from guideapp.members.services import FACTS, RULES, WORDS, preference_words
from guideapp.workbench.operator_audit import SCREENS
from guideapp.workbench.privacy_words import FIELDS, KINDS, PARTS

type Words = dict[Any, str | Promise]


@dataclass(frozen=True, slots=True)
class ReadableTable:
    """A table of an export: heads and rows of cells."""

    label: str
    heads: list[str]
    rows: list[list[str]]


def readable(data: dict[str, Any]) -> list[ReadableTable]:
    """The tables of `members.services.export_subject`; columns without a word are left out."""
    tables = (_readable(name, table) for name, table in data["tables"].items())
    return [table for table in tables if table.heads]


def moment_words(text: str) -> str:
    """An ISO time as the clock in Shanghai showed it."""
    moment = parse_datetime(text)
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if moment else text


def _readable(label: str, table: dict[str, Any]) -> ReadableTable:
    names = [name for name in table["rows"][0] if name in FIELDS]
    words = {name: _codes_of(label, name) for name in names}
    rows = [[_cell(name, row, words[name]) for name in names] for row in table["rows"]]
    return ReadableTable(table["label"], [str(FIELDS[name]) for name in names], rows)


def _codes_of(label: str, name: str) -> Words:
    """What the codes of a column are called."""
    columns: dict[tuple[str, str], Words] = {
        (TimelineEvent._meta.label, "kind"): {**KINDS},
        (Suggestion._meta.label, "rule"): {key: rule.label for key, rule in RULES.items()},
        (Contact._meta.label, "gender"): dict(Member.Gender.choices),
        ("core.AccessLog", "screen"): {**SCREENS},
        ("compliance.ContactSlot", "kind"): {**KINDS},
    }
    field: Any = apps.get_model(label)._meta.get_field(name)
    return columns.get((label, name)) or dict(field.flatchoices)


def _cell(name: str, row: dict[str, Any], codes: Words) -> str:
    value = row[name]
    if isinstance(value, str | int) and not isinstance(value, bool) and value in codes:
        return str(codes[value])
    if name == "value" and row.get("kind") in Preference.Kind.values:
        return preference_words(row["kind"], value)
    return _said(name, value)


def _said(name: str, value: Any) -> str:
    """A value in words, as its name says what it is."""
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return _parts(value)
    if isinstance(value, list):
        return "、".join(_said(name, part) for part in value)
    return next((say(value) for fits, say in _FORMS if fits(name, value)), str(value))


def _parts(value: dict[str, Any]) -> str:
    """`金额：¥99.00；尺码：M`, in the order of the words; parts without one are technical."""
    named = {**FACTS, **FIELDS, **PARTS}
    told = [
        (label, str(WORDS[key](value[key])) if key in _CODED else _said(key, value[key]))
        for key, label in named.items()
        if key in value and key not in _KEYS_OF_ROWS
    ]
    return "；".join(f"{label}：{text}" for label, text in told if text not in {"", "—"}) or "—"


def _is_time(name: str, value: Any) -> bool:
    named_so = name == "at" or name.endswith("_at") or name in {"valid_from", "as_of"}
    return named_so and isinstance(value, str) and isinstance(parse_datetime(value), datetime)


_CODED = {"source", "welcome", "sign"}  # worded where the suggestion is
_KEYS_OF_ROWS = {"material", "line", "key"}
_FORMS: tuple[tuple[Callable[[str, Any], bool], Callable[[Any], str]], ...] = (
    (_is_time, moment_words),
    (lambda name, value: name.endswith("_fen"), lambda value: f"¥{value / 100:,.2f}"),
    (lambda name, value: name == "dwell_ms", lambda value: duration(value)),
    (lambda name, value: name == "depth", lambda value: f"{value}%"),
)
