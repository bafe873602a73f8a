"""The sandbox calls nobody but the app that it tells: no network is needed."""

import ast
from pathlib import Path

from guideapp.env import BASE_DIR

ROOT = BASE_DIR / "guideapp" / "sandbox"
REACHES_OUT = {"http.client", "urllib.request", "requests", "socket", "smtplib", "ftplib", "httpx"}
# Callbacks to the app, and the command's own question whether its server answers.
MAY = {Path("services/callbacks.py"), Path("management/commands/sandbox.py")}


def test_only_callbacks_leave_the_sandbox():
    found = {
        path.relative_to(ROOT) for path in ROOT.rglob("*.py") if REACHES_OUT & set(imports(path))
    }
    assert found == MAY


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
