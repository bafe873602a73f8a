"""The house rules of imports: a room imports only from rooms below its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINES = (  # from the ground up; rooms on one line do not know each other
    ("core",),
    ("wecom",),
    ("organisation",),
    ("members", "catalogue"),
    ("attribution", "compliance"),
    ("materials", "benefits", "stock"),
    ("acquisition", "outreach", "groups"),
    ("handover",),
    ("kpi", "risk"),
    ("workbench", "integration"),
)
LEVEL = {room: level for level, rooms in enumerate(LINES) for room in rooms}
OPEN_GROUND = {"core", "wecom"}
DOORS = {"models", "services", "errors", "signals"}
EXTRA_DOORS = {"organisation": {"auth"}, "members": {"timeline"}}
INSIDE = (  # errors ← models ← services ← the rest
    {"errors", "signals"},
    {"models"},
    {"services"},
    {"handlers", "forms", "views", "api", "management", "urls", "apps"},
)


def test_a_room_imports_only_from_rooms_below_its_own():
    wrong = [
        f"{path}: {room} → {target}"
        for path, room, module in room_imports()
        if (target := module[0]) != room and not may_know(room, target)
    ]
    assert wrong == []


def test_another_room_is_entered_through_its_doors():
    wrong = [
        f"{path}: {'.'.join(module)}"
        for path, room, module in room_imports()
        if module[0] not in {room, *OPEN_GROUND}
        and room not in {"demo"}
        and len(module) > 1
        and module[1] not in DOORS | EXTRA_DOORS.get(module[0], set())
    ]
    assert wrong == []


def test_inside_a_room_models_do_not_know_services_nor_services_views():
    wrong = []
    for path, room, module in room_imports():
        own = depth(path.relative_to(ROOT / "guideapp" / room).parts[0].removesuffix(".py"))
        other = depth(module[1]) if module[0] == room and len(module) > 1 else None
        if own is not None and other is not None and other > own:
            wrong.append(f"{path}: {'.'.join(module)}")
    assert wrong == []


def test_nothing_but_the_demo_knows_the_sandbox():
    wrong = [
        str(path)
        for path, room, module in room_imports()
        if module[0] == "sandbox" and room not in {"sandbox", "demo"}
    ]
    assert wrong == []


def test_views_never_call_wecom_themselves():
    wrong = [
        str(path)
        for path, room, module in room_imports()
        if "views" in path.relative_to(ROOT / "guideapp").parts[1]
        and module[:2] == ("wecom", "client")
    ]
    assert wrong == []


def test_no_import_hides_in_a_function():
    wrong = [
        f"{path}:{node.lineno}"
        for path in sources()
        if path.name != "apps.py"
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert wrong == []


def may_know(room: str, target: str) -> bool:
    if room == "demo":
        return True
    if room == "sandbox":
        return target in OPEN_GROUND
    return target in LEVEL and LEVEL[target] < LEVEL[room]


def depth(module: str) -> int | None:
    return next((level for level, names in enumerate(INSIDE) if module in names), None)


def sources() -> Iterator[Path]:
    for path in (ROOT / "guideapp").rglob("*.py"):
        if "migrations" not in path.parts:
            yield path


def room_imports() -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """(file, its room, imported module as parts below guideapp)."""
    for path in sources():
        parts = path.relative_to(ROOT / "guideapp").parts
        if len(parts) < 2:
            continue
        for name in imported(ast.parse(path.read_text())):
            if name.startswith("guideapp.") and not name.startswith("guideapp.env"):
                yield path, parts[0], tuple(name.split(".")[1:])


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
