"""Everything that the code writes into the audit log has words on the page, and can be filtered."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from guideapp.env import BASE_DIR
from guideapp.workbench.operator_audit import ACTIONS, SUBJECTS

WRITERS = {"record_audit", "AuditEntry"}
MODULES = [
    path
    for path in sorted((BASE_DIR / "guideapp").rglob("*.py"))
    if any(writer in path.read_text(encoding="utf-8") for writer in WRITERS)
]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def argument(call: ast.Call, name: str, place: int | None) -> ast.expr | None:
    """What a call gives for a parameter."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    placed = call.args[place : place + 1] if place is not None else []
    return next(iter([*named, *placed]), None)


def written(path: Path, field: str) -> Iterator[str]:
    """The texts that the module gives for a field of an audit entry."""
    for writer in WRITERS:
        yield from given(path, writer, field, None)


def given(path: Path, function: str, name: str, place: int | None) -> Iterator[str]:
    """The texts that calls of `function` in the module give for a parameter."""
    for around in ast.walk(tree_of(path)):
        if not isinstance(around, ast.FunctionDef):
            continue
        for call in ast.walk(around):
            if isinstance(call, ast.Call) and name_of(call) == function:
                value = argument(call, name, place)
                if value is not None:
                    yield from texts(path, around, value)


def texts(path: Path, around: ast.FunctionDef, value: ast.expr) -> Iterator[str]:
    """What an expression may be: constants, the beginning of an f-string, or a parameter's."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from texts(path, around, one)
            yield from texts(path, around, other)
        case ast.Subscript(value=inner):
            yield from texts(path, around, inner)
        case ast.Name(id=name):
            yield from named(path, around, name)


def named(path: Path, around: ast.FunctionDef, name: str) -> Iterator[str]:
    """A constant of the module, or what callers give for a parameter."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            yield from texts(path, around, node.value)
    parameters = [one.arg for one in (*around.args.posonlyargs, *around.args.args)]
    if name in parameters or name in [one.arg for one in around.args.kwonlyargs]:
        place = parameters.index(name) if name in parameters else None
        yield from given(path, around.name, name, place)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BASE_DIR)))
def test_every_action_of_a_module_has_words(path: Path) -> None:
    assert [action for action in written(path, "action") if action not in ACTIONS] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BASE_DIR)))
def test_every_kind_of_subject_has_words(path: Path) -> None:
    kinds = {subject.partition(":")[0] for subject in written(path, "subject")}
    assert sorted(kinds - SUBJECTS.keys()) == []


def test_the_search_sees_an_action_that_is_handed_on() -> None:
    found = set(written(BASE_DIR / "guideapp/materials/services/editing.py", "action"))
    assert {"material.create", "material.publish", "category.remove"} <= found
    roles = set(written(BASE_DIR / "guideapp/organisation/services/roles.py", "action"))
    assert {"role_granted", "role_revoked"} <= roles
