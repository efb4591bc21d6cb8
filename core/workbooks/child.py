"""The child process that opens an uploaded workbook: every cell as text, one JSON line per batch of rows.

Run by path (``python -I child.py``) with limits on memory, time and file size set before the parser is
loaded, so a file that breaks the parser breaks only this process. Of the portal it imports only the plain readers
of text (``core.workbooks.texts``) and of old workbooks' error cells (``core.workbooks.biff``).

Lines on stdout: ``["sheet", name, hidden, merged, hidden_rows]`` (merged ranges as 1-based first row, first
column, last row, last column), ``["rows", [[row_no, [text, ...], {"column": note}], ...]]`` (columns 1-based),
``["end"]``, or ``["refused", code, values]``. Long runs of blank rows are left out; row numbers stay true.
"""

from __future__ import annotations

import datetime
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

NUMERIC_ID, FORMULA_NO_VALUE, ERROR_VALUE, DATE_CELL = (
    "NUMERIC_ID",
    "FORMULA_NO_VALUE",
    "ERROR_VALUE",
    "DATE_CELL",
)
#: A spreadsheet keeps 15 digits; a longer number has lost its tail for ever.
LARGEST_EXACT = 10**15
_BATCH = 500
#: Longer runs of blank rows are formatting dragged down to the end of the sheet.
_BLANK_RUN = 200
#: A stray cell far below a list spans this many times the cells that are ever sent; the parser holds them all.
_SPAN_FACTOR = 4
#: The width of a name in the portal's tables; a spreadsheet program allows 31, other files any number.
_NAME_WIDTH = 60
_OVERLAP = 8192
_CELL_HEAD = rb'<c\s(?:[^>]*?\s)?r="([A-Z]{1,3}[0-9]{1,7})"[^>]*'
_UNCACHED = re.compile(_CELL_HEAD + rb">\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_ERROR = re.compile(rb'<c\s(?=[^>]*\bt="e")(?:[^>]*?\s)?r="([A-Z]{1,3}[0-9]{1,7})"')
_HIDDEN_ROW = re.compile(rb'<row\s(?=[^>]*\bhidden="(?:1|true)")')
_NUL = b"\\u0000"
_ONLY_TEXT = {str}
Note = dict[tuple[int, int], str]


def cell_text(value: Any) -> tuple[str, str]:
    """Return the text of one cell value as the clerk sees it, and a note or ''."""
    if isinstance(value, str):
        return value, ""
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), ""
    if isinstance(value, int | float):
        return _number_text(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat(), DATE_CELL
    if isinstance(value, datetime.datetime):
        return value.isoformat(" "), DATE_CELL
    if isinstance(value, datetime.date):
        return value.isoformat(), DATE_CELL
    return str(value), DATE_CELL


def _number_text(value: float) -> tuple[str, str]:
    if abs(value) >= LARGEST_EXACT:
        return f"{value:.5E}", NUMERIC_ID
    if float(value).is_integer():
        return str(int(value)), ""
    # Not repr(): a sheet that shows 86.3 may hold 86.30000000000001.
    return f"{value:.15g}", ""


def _address(reference: str) -> tuple[int, int]:
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(reference[len(letters) :]), column


def sheet_notes(archive: zipfile.ZipFile, part: str) -> tuple[Note, int]:
    """Cells of one sheet that hold a formula without a stored value, or an error such as #N/A; hidden rows counted."""
    notes: Note = {}
    tail, hidden_rows = b"", 0
    with archive.open(part) as file:
        while chunk := file.read(1 << 20):
            text = tail + chunk
            if b"<f" in text:
                notes.update({_address(m[1].decode()): FORMULA_NO_VALUE for m in _UNCACHED.finditer(text)})
            if b't="e"' in text:
                notes.update({_address(m[1].decode()): ERROR_VALUE for m in _ERROR.finditer(text)})
            if b"hidden=" in text:
                hidden_rows += sum(m.end() > len(tail) for m in _HIDDEN_ROW.finditer(text))
            tail = text[-_OVERLAP:]
    return notes, hidden_rows


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> part name inside an xlsx container."""
    targets = {}
    for relation in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):
        target = relation.get("Target", "").lstrip("/")
        targets[relation.get("Id")] = target if target.startswith("xl/") else f"xl/{target}"
    parts = {}
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if element.tag.rpartition("}")[2] == "sheet":
            relation_id = next((v for k, v in element.attrib.items() if k.endswith("}id")), None)
            parts[element.get("name", "")] = targets.get(relation_id, "")
    return parts


def all_notes(path: str) -> dict[str, tuple[Note, int]]:
    """Notes and number of hidden rows of every sheet of an xlsx file."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        return {name: sheet_notes(archive, part) for name, part in sheet_parts(archive).items() if part in names}


def sheet_rows(sheet: Any, notes: Note) -> Iterator[list[Any]]:
    """Rows with true addresses: the parser starts columns at the first used one, so pad on the left."""
    if sheet.start is None:
        return
    left = sheet.start[1]
    noted_rows: dict[int, dict[int, str]] = {}
    for (row_no, column), note in notes.items():
        noted_rows.setdefault(row_no, {})[column] = note
    margin = [""] * left
    for row_no, values in enumerate(sheet.iter_rows(), 1):
        row_notes = dict(noted_rows[row_no]) if row_no in noted_rows else {}
        if set(map(type, values)) == _ONLY_TEXT:
            yield [row_no, margin + values, row_notes]
            continue
        texts = margin.copy()
        for column, value in enumerate(values, left + 1):
            text, note = (value, "") if value.__class__ is str else cell_text(value)
            texts.append(text)
            if note:
                row_notes[column] = note
        yield [row_no, texts, row_notes]


def _merged(sheet: Any) -> list[tuple[int, int, int, int]]:
    ranges = sheet.merged_cell_ranges or []
    return [(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in ranges]


def _send(*line: Any) -> None:
    """One line of JSON in UTF-8. A half of a surrogate pair has no UTF-8, a NUL is written as an escape."""
    try:
        line_bytes = _encode(line)
    except UnicodeEncodeError:
        line_bytes = b""
    if not line_bytes or _NUL in line_bytes:
        line_bytes = _encode(_fit(line))
    sys.stdout.buffer.write(line_bytes + b"\n")


def _encode(line: Any) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


def _fit(value: Any) -> Any:
    """The value without characters that no database text may hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "")
    if isinstance(value, dict):
        return {key: _fit(item) for key, item in value.items()}
    return [_fit(item) for item in value] if isinstance(value, list | tuple) else value


def _send_sheet(
    name: str, hidden: bool, merged: list[Any], hidden_rows: int, rows: Iterable[list[Any]], cells_left: int
) -> int:
    """Send one sheet and return how many cells may still be sent; OverflowError when it holds more."""
    _send("sheet", _own_name(name), hidden, merged, hidden_rows)
    batch: list[list[Any]] = []
    blank: list[list[Any]] = []
    for row in rows:
        if not row[2] and not any(row[1]):
            if len(blank) <= _BLANK_RUN:
                blank.append(row)
            continue
        cells_left -= len(row[1])
        if cells_left < 0:
            raise OverflowError
        batch += blank if len(blank) <= _BLANK_RUN else ()
        batch.append(row)
        blank = []
        if len(batch) >= _BATCH:
            _send("rows", batch)
            batch = []
    if batch:
        _send("rows", batch)
    return cells_left


_names: set[str] = set()


def _own_name(name: str) -> str:
    """The sheet's name in the width of the portal's tables; a damaged file may use one twice."""
    name = _fit(name)[:_NAME_WIDTH]
    while name in _names:
        name = f"{name[: _NAME_WIDTH - 4]}~{len(_names) + 1}"
    _names.add(name)
    return name


def _send_calamine(
    book: Any, position: int, notes: dict[str, tuple[Note, int]], cells_left: int, shapes: Sequence[Any] = ()
) -> int:
    from python_calamine import SheetVisibleEnum

    meta = book.sheets_metadata[position]
    sheet = book.get_sheet_by_index(position)
    cells = (sheet.end[0] + 1) * (sheet.end[1] + 1) if sheet.end is not None else 0
    if cells > cells_left * _SPAN_FACTOR:
        raise OverflowError
    noted, hidden_rows = notes.get(meta.name, ({}, 0))
    hidden = meta.visible != SheetVisibleEnum.Visible
    merged = _merged(sheet)
    if position < len(shapes):
        merged, hidden_rows = shapes[position].merged, shapes[position].hidden_rows
    return _send_sheet(meta.name, hidden, merged, hidden_rows, sheet_rows(sheet, noted), cells_left)


def send_workbook(path: str, kind: str, cell_limit: int) -> None:
    """Write the whole workbook to stdout."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    notes = all_notes(path) if kind == "xlsx" else {}
    if kind == "xls":
        from core.workbooks.biff import error_cells

        notes = {name: (dict.fromkeys(cells, ERROR_VALUE), 0) for name, cells in error_cells(path).items()}
    shapes: Sequence[Any] = ()
    if kind == "ods":
        from core.workbooks.ods import table_shapes

        shapes = table_shapes(path)
    with open(path, "rb") as file, CalamineWorkbook.from_filelike(file) as book:
        cells_left = cell_limit
        for position, meta in enumerate(book.sheets_metadata):
            if meta.typ == SheetTypeEnum.WorkSheet:
                cells_left = _send_calamine(book, position, notes, cells_left, shapes)


def send_text(path: str, kind: str, encoding: str, cell_limit: int) -> None:
    """Write a CSV file as one sheet, a web page as one sheet per table."""
    from core.workbooks.texts import csv_rows, html_tables

    content = Path(path).read_bytes().decode(encoding)
    if kind == "csv":
        rows = ([row_no, texts, {}] for row_no, texts in csv_rows(content, cell_limit))
        _send_sheet(Path(path).stem, False, [], 0, rows, cell_limit)
        return
    for table in html_tables(content, cell_limit):
        rows = ([row_no, texts, {}] for row_no, texts in enumerate(table.rows, 1))
        cell_limit = _send_sheet(table.name, False, table.merged, 0, rows, cell_limit)


def _limit_resources(memory_bytes: int, cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> int:
    """PATH KIND ENCODING CELL_LIMIT MEMORY_BYTES CPU_S."""
    path, kind, encoding = arguments[:3]
    cell_limit, memory_bytes, cpu_s = map(int, arguments[3:])
    _limit_resources(memory_bytes, cpu_s)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from python_calamine import PasswordError

    try:
        if kind in ("csv", "html"):
            send_text(path, kind, encoding, cell_limit)
        else:
            send_workbook(path, kind, cell_limit)
        _send("end")
    except PasswordError:
        _send("refused", "FILE_ENCRYPTED", {})
    except OverflowError:
        _send("refused", "FILE_TOO_MANY_CELLS", {"limit": cell_limit})
    except MemoryError:
        _send("refused", "FILE_TOO_MUCH_WORK", {})
    except Exception as error:  # a parser may raise anything on a hostile file; the parent words it
        _send("refused", "FILE_CORRUPT", {"detail": type(error).__name__})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
