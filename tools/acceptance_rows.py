"""Write docs/acceptance.md from the acceptance tests: one line a row, with what its test shows.

`python -m tools.acceptance_rows` writes the page; the suite fails when the page is stale.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "acceptance.md"
_NAME = re.compile(r"test_([rn])(\d+)_\w+\.py")
_HEAD = """# Acceptance rows that are done

Made by `python -m tools.acceptance_rows` from tests/acceptance; do not edit by hand.
`pytest tests/acceptance -k r20_` runs one row.

| row | what its test shows | test |
|---|---|---|
"""


def rows() -> list[tuple[str, int, str, str]]:
    """(letter, number, first sentence of the test file, file name), in order."""
    found = []
    for path in (ROOT / "tests" / "acceptance").glob("test_*.py"):
        match = _NAME.fullmatch(path.name)
        if match:
            doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            says = " ".join(doc.split("\n\n")[0].split())
            found.append((match[1].upper(), int(match[2]), says, path.name))
    return sorted(found, key=lambda row: (row[0] != "R", row[1], row[3]))


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(
        f"| {letter}{number} | {says} | `{name}` |\n" for letter, number, says, name in rows()
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{len(rows())} rows\n")
