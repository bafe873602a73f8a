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
