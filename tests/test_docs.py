"""The pages that are made from the code say what the code says."""

import re
from pathlib import Path

from tools import acceptance_rows

ROOT = Path(__file__).resolve().parent.parent


def test_the_list_of_done_rows_is_what_the_acceptance_tests_say():
    assert acceptance_rows.PAGE.read_text(encoding="utf-8") == acceptance_rows.page()


def test_every_setting_that_is_read_has_its_line_in_env_example():
    read = set()
    for path in (ROOT / "guideapp").rglob("*.py"):
        read |= set(re.findall(r'env_(?:str|int|bool|list|secret)\(\s*"(\w+)"', path.read_text()))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert read - set(re.findall(r"^(\w+)=", example, re.M)) == set()


def test_no_third_party_file_is_committed():
    assert not list((ROOT / "static").rglob("*.min.js"))
    assert not list((ROOT / "static").rglob("*jssdk*"))


def test_both_pages_of_the_sandbox_name_the_same_tests_and_each_is_there():
    named = [
        re.findall(r"::(test_\w+)", (ROOT / "docs" / page).read_text(encoding="utf-8"))
        for page in ("sandbox.md", "sandbox.zh-CN.md")
    ]
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named[0] == named[1]
    assert set(named[0]) - set(re.findall(r"def (test_\w+)", tests)) == set()
