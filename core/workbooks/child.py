"""The child process that opens an uploaded workbook: every cell as text, one JSON line per batch of rows.

Run by path (``python -I child.py``) with limits on memory, time and file size set before the parser is
loaded, so a file that breaks the parser breaks only this process. It therefore imports nothing of the portal.

Lines on stdout: ``["sheet", name, hidden, merged]`` (merged ranges as 1-based first row, first column, last
row, last column), ``["rows", [[row_no, [text, ...], {"column": note}], ...]]`` (columns 1-based),
``["end"]``, or ``["refused", code, values]``.
"""

from __future__ import annotations

import datetime
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
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
_OVERLAP = 8192
_CELL_HEAD = rb'<c\s(?:[^>]*?\s)?r="([A-Z]{1,3}[0-9]{1,7})"[^>]*'
_UNCACHED = re.compile(_CELL_HEAD + rb">\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_ERROR = re.compile(rb'<c\s(?=[^>]*\bt="e")(?:[^>]*?\s)?r="([A-Z]{1,3}[0-9]{1,7})"')
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


def sheet_notes(archive: zipfile.ZipFile, part: str) -> Note:
    """Cells of one sheet that hold a formula without a stored value, or an error such as #N/A."""
    notes: Note = {}
    tail = b""
    with archive.open(part) as file:
        while chunk := file.read(1 << 20):
            text = tail + chunk
            if b"<f" in text:
                notes.update({_address(m[1].decode()): FORMULA_NO_VALUE for m in _UNCACHED.finditer(text)})
            if b't="e"' in text:
                notes.update({_address(m[1].decode()): ERROR_VALUE for m in _ERROR.finditer(text)})
            tail = text[-_OVERLAP:]
    return notes


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


def all_notes(path: str) -> dict[str, Note]:
    """Notes of every sheet of an xlsx file."""
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
    for row_no, values in enumerate(sheet.iter_rows(), 1):
        texts = [""] * left
        row_notes = dict(noted_rows.get(row_no, ()))
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
    sys.stdout.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n")


def _send_sheet(book: Any, position: int, notes: dict[str, Note], cells_left: int) -> int:
    from python_calamine import SheetVisibleEnum

    meta = book.sheets_metadata[position]
    sheet = book.get_sheet_by_index(position)
    cells = (sheet.end[0] + 1) * (sheet.end[1] + 1) if sheet.end is not None else 0
    if cells > cells_left:
        raise OverflowError
    _send("sheet", meta.name, meta.visible != SheetVisibleEnum.Visible, _merged(sheet))
    batch: list[list[Any]] = []
    for row in sheet_rows(sheet, notes.get(meta.name, {})):
        batch.append(row)
        if len(batch) == _BATCH:
            _send("rows", batch)
            batch = []
    if batch:
        _send("rows", batch)
    return cells_left - cells


def send_workbook(path: str, kind: str, cell_limit: int) -> None:
    """Write the whole workbook to stdout."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    notes = all_notes(path) if kind == "xlsx" else {}
    with open(path, "rb") as file, CalamineWorkbook.from_filelike(file) as book:
        cells_left = cell_limit
        for position, meta in enumerate(book.sheets_metadata):
            if meta.typ == SheetTypeEnum.WorkSheet:
                cells_left = _send_sheet(book, position, notes, cells_left)
    _send("end")


def _limit_resources(memory_bytes: int, cpu_s: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> int:
    """PATH KIND CELL_LIMIT MEMORY_BYTES CPU_S."""
    path, kind = arguments[:2]
    cell_limit, memory_bytes, cpu_s = map(int, arguments[2:])
    _limit_resources(memory_bytes, cpu_s)
    from python_calamine import PasswordError

    try:
        send_workbook(path, kind, cell_limit)
    except PasswordError:
        _send("refused", "FILE_ENCRYPTED", {})
    except OverflowError:
        _send("refused", "FILE_TOO_MANY_CELLS", {"limit": cell_limit})
    except MemoryError:
        _send("refused", "FILE_TOO_MUCH_WORK", {"limit": "memory"})
    except Exception as error:  # a parser may raise anything on a hostile file; the parent words it
        _send("refused", "FILE_CORRUPT", {"detail": type(error).__name__})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
