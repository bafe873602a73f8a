"""The registry of personal columns is complete, and means what it says."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from guideapp.core import personal
from guideapp.core.personal import About, Fate, tables
from guideapp.workbench.privacy_words import FIELDS

ROOT = Path(__file__).resolve().parent.parent.parent
# The sandbox plays another company's server; it runs in demos and tests alone.
MODELS = [
    model
    for model in apps.get_models()
    if model.__module__.startswith("guideapp.") and model._meta.app_label != "sandbox"
]
CUSTOMERS = [one for one in tables() if one.about is About.CUSTOMER]


def _label(one):
    return one.model._meta.label


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_field_has_a_class(model):
    said = {one.model: one for one in tables()}
    assert model in said, "say in the room's personal.py what this table holds"
    fields = {field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many)}
    assert set(said[model].classes) == fields


def test_nothing_is_said_of_models_that_are_gone():
    assert {one.model for one in tables()} == set(MODELS)


@pytest.mark.parametrize("one", CUSTOMERS, ids=_label)
def test_an_erasure_answers_for_every_personal_field(one):
    assert one.of is not None, "how are a person's rows found"
    if one.fate is not Fate.DELETE:
        missing = one.personal - set(one.blank) - set(one.keeps)
        assert not missing, "blank it, or say in `keeps` what obliges us to keep it"
    assert one.fate is not Fate.KEEP or not one.blank


@pytest.mark.parametrize("one", CUSTOMERS, ids=_label)
def test_an_export_has_a_label_and_a_word_for_every_personal_field(one):
    assert one.label
    if not one.untold:
        told = {name for name in one.exported if one.classes[name] in {"P1", "P2"}}
        assert told <= set(FIELDS)
        assert {name for name, sort in one.classes.items() if sort == "S"}.isdisjoint(one.exported)


@pytest.mark.parametrize("one", [one for one in tables() if one.about is About.NOBODY], ids=_label)
def test_a_table_about_nobody_holds_nothing_personal(one):
    assert not {name for name, sort in one.classes.items() if sort in {"P1", "P2"}}


def test_a_field_has_one_class():
    with pytest.raises(ValueError, match="two classes"):
        personal.table(MODELS[0], p1="name", p2="name")


@pytest.mark.parametrize(
    ("door", "users"),
    [
        ("pseudonymise", {"core/models.py", "core/personal.py"}),
        ("cut_off", {"core/models.py", "core/personal_tables.py"}),
    ],
)
def test_append_only_tables_have_two_doors_and_nobody_else_goes_through(door, users):
    found = {
        str(path.relative_to(ROOT / "guideapp"))
        for path in (ROOT / "guideapp").rglob("*.py")
        if re.search(rf"\b{door}\b", path.read_text())
    }
    assert found == users
