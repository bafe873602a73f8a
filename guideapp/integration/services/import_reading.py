"""Read a table that somebody uploads: CSV or XLSX, whatever its encoding, row by row."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from guideapp.core.errors import GuideAppError
from guideapp.integration.services.import_columns import field_named, title_of, value_of
from guideapp.integration.services.resources import Resource, fields_of

MAX_ROWS = 50_000
_MAX_COLUMNS = 100
_MAX_CELL = 2_000  # characters
_UNPACKED_MAX = 300 * 1024 * 1024  # bytes of an XLSX
_XLSX_PARTS = {"[Content_Types].xml", "xl/workbook.xml"}
_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",;\t"


class FileRefused(GuideAppError):
    """The file as a whole cannot be read; the message says why."""

    code = "file_refused"
    status = 422


@dataclass(frozen=True)
class Item:
    """One record and the row of the file where it begins, as a spreadsheet counts."""

    row: int
    fields: dict[str, Any]


@dataclass
class Table:
    """An opened file: its records, and the headings that mean nothing to the resource."""

    items: list[Item]
    unknown: list[str] = field(default_factory=list)


def read_table(content: bytes, resource: Resource) -> Table:
    """The records of a file. Empty cells are left out: they change nothing.

    Headings are the API's names or the Chinese ones of `import_columns`; `lines.sku` is a field of
    a record's lines, which may stand in several rows. Raises FileRefused.
    """
    rows = _rows_of(content)
    heading = next((row for _number, row in rows if any(row)), None)
    if heading is None:
        raise FileRefused(_("文件是空的"))
    if len(heading) > _MAX_COLUMNS:
        raise FileRefused(_("列太多了，最多 %(n)s 列") % {"n": _MAX_COLUMNS})
    known = fields_of(resource)
    names = [field_named(title, known) for title in heading]
    missing = [name for name in resource.key if known[name] and name not in names]
    if missing:
        raise FileRefused(_("缺少这些列：%(names)s") % {"names": "、".join(missing)})
    double = {name for name in names if name and names.count(name) > 1}
    if double:
        raise FileRefused(_("这些列出现了两次：%(names)s") % {"names": "、".join(sorted(double))})
    unknown = [title for title, name in zip(heading, names, strict=True) if title and not name]
    records = (_Record(number, names, row) for number, row in rows if any(row))
    return Table(list(_folded(records, resource)), unknown)


def _rows_of(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """(row number from 1, cells as text) of either kind of file, limited as it is read."""
    cells = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
    for number, row in enumerate(cells, start=1):
        if number > MAX_ROWS + 1:
            raise FileRefused(_("超过 %(n)s 行了，分成几份再导") % {"n": f"{MAX_ROWS:,}"})
        yield number, [_text(cell) for cell in row]


def _csv(content: bytes) -> Iterable[list[str]]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error:
        raise FileRefused(_("表格的引号没有成对，检查后再传")) from None


def _decoded(content: bytes) -> str:
    if b"\0" in content:
        raise FileRefused(_("只收 CSV 和 XLSX 文件"))
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused(_("文字读不出来，另存为 UTF-8 的 CSV 再传"))


def _xlsx(content: bytes) -> Iterator[list[Any]]:
    """The first sheet. Its size unpacked is checked before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise FileRefused(_("这个 XLSX 打不开，重新另存一份")) from None
    if not {part.filename for part in parts} >= _XLSX_PARTS:
        raise FileRefused(_("只收 CSV 和 XLSX 文件"))
    if sum(part.file_size for part in parts) > _UNPACKED_MAX:
        raise FileRefused(_("文件展开后太大，分成几份再导"))
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        yield from workbook.get_sheet_by_index(0).iter_rows()
    except (CalamineError, OverflowError, ValueError):  # also a day that no calendar has
        raise FileRefused(_("这个 XLSX 打不开，重新另存一份")) from None


def _text(cell: Any) -> str:
    """A cell as the sender would have typed it: whole numbers without a point, times as ISO."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        at_midnight = cell.time() == time.min
        return cell.date().isoformat() if at_midnight else cell.isoformat(sep=" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell).strip()[:_MAX_CELL]


class _Record:
    """One row by field, with the dotted fields apart."""

    def __init__(self, row: int, names: list[str], cells: list[str]) -> None:
        self.row = row
        self.plain: dict[str, Any] = {}
        self.nested: dict[str, dict[str, Any]] = {}
        for name, cell in zip(names, cells, strict=False):
            if not name or cell == "":
                continue
            outer, dot, inner = name.partition(".")
            if dot:
                self.nested.setdefault(outer, {})[inner] = cell
            else:
                self.plain[name] = value_of(name, cell)


def _folded(records: Iterable[_Record], resource: Resource) -> Iterator[Item]:
    """Rows of one record become one, with a list of lines, wherever they stand in the file.

    Else the later ones would replace the lines of the first.
    """
    lists = list_fields(resource)
    known: dict[tuple[Any, ...], Item] = {}
    stores: dict[tuple[Any, ...], Any] = {}
    for record in records:
        key = tuple(record.plain.get(name) for name in resource.key)
        if None in key:  # the store says whose it is; a row without one goes on with the last
            stores[key] = record.plain.get("store") or stores.get(key)
            key += (stores[key],)
        parts = record.nested.keys() & lists
        if parts and key in known:
            for name in parts:
                known[key].fields.setdefault(name, []).append(record.nested[name])
            continue
        nested = {
            name: [value] if name in lists else value for name, value in record.nested.items()
        }
        item = Item(record.row, record.plain | nested)
        if parts:
            known[key] = item
        yield item


def headings(resource: Resource) -> list[str]:
    """The headings of an empty table; a list's parts stand as `lines.sku_code`."""
    known = fields_of(resource)
    parts = {
        name: getattr(getattr(one, "child", None), "fields", {})
        for name, one in resource.serializer().fields.items()
    }
    return [
        heading
        for name in known
        for heading in [f"{name}.{part}" for part in parts[name]] or [title_of(name, known)]
    ]


def list_fields(resource: Resource) -> set[str]:
    """Fields that hold several parts (an order's lines)."""
    fields = resource.serializer().fields.items()
    return {name for name, one in fields if getattr(one, "many", False) or hasattr(one, "child")}
