"""CSV files of the batch import: the columns of the official templates, by their headings."""

import csv
import io
from typing import Any

from guideapp.sandbox.errors import Refused

type Row = dict[str, str]

_MEMBER_COLUMNS = {
    "姓名": "name",
    "账号": "userid",
    "帐号": "userid",
    "手机号": "mobile",
    "邮箱": "email",
    "所在部门": "department",
    "职位": "position",
    "性别": "gender",
    "别名": "alias",
}
_PARTY_COLUMNS = {"部门名称": "name", "部门ID": "id", "父部门ID": "parentid", "排序": "order"}
_GENDERS = {"男": "1", "女": "2"}


def members(content: str) -> list[Row]:
    """Rows of a member file. Raises Refused 40092 without the columns, 302003 for a double."""
    rows = _rows(content, _MEMBER_COLUMNS, needed={"userid"})
    _refuse_doubles([row["userid"].lower() for row in rows], 302003)
    return rows


def parties(content: str) -> list[Row]:
    """Rows of a department file. Raises Refused 40092, 302006, 302007."""
    rows = _rows(content, _PARTY_COLUMNS, needed={"name", "id", "parentid"})
    if not all(row[name].isdigit() for row in rows for name in ("id", "parentid")):
        raise Refused(40092)
    _refuse_doubles([row["id"] for row in rows], 302006)
    _refuse_doubles([f"{row['parentid']}/{row['name']}" for row in rows], 302007)
    return rows


def fields_of(row: Row) -> dict[str, Any]:
    """The fields of user/create that the row has; an empty cell is no field."""
    given: dict[str, Any] = {
        name: row[name]
        for name in ("name", "mobile", "email", "position", "alias")
        if row.get(name)
    }
    if row.get("department"):
        given["department"] = department_ids(row)
    if row.get("gender"):
        given["gender"] = _GENDERS.get(row["gender"], "0")
    return given


def department_ids(row: Row) -> list[int]:
    """The column holds ids separated by ;."""
    cells = [cell.strip() for cell in row.get("department", "").split(";")]
    return [int(cell) for cell in cells if cell.isdigit()]


def _rows(content: str, columns: dict[str, str], *, needed: set[str]) -> list[Row]:
    reader = csv.reader(io.StringIO(content.removeprefix("\ufeff")))
    headings = [columns.get(cell.strip(), "") for cell in next(reader, [])]
    if not needed <= set(headings):
        raise Refused(40092)
    rows = [
        {name: cell.strip() for name, cell in zip(headings, cells, strict=False) if name}
        for cells in reader
        if any(cell.strip() for cell in cells)
    ]
    if not all(row.get(name) for row in rows for name in needed):
        raise Refused(40092)
    return rows


def _refuse_doubles(values: list[str], errcode: int) -> None:
    if len(set(values)) < len(values):
        raise Refused(errcode)
