"""The uploaded file again, its faulty cells filled and noted, and the way back from such a file to its import.

Every sheet keeps its name, its rows and its columns; all cells are text, so an ID number keeps its tail. A further
column, right of all others, says which row of which import a row was: rows may be sorted or taken out, columns may not
be moved.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from core.workbooks.read import Sheet, Workbook
from households.importing.checked import cells_of, problems_of
from households.models import ImportRow, RosterImport
from households.problem_wording import sentence_of, with_advice
from households.roster.table import FILLED_DOWN

KEY_TITLE = "行标记（请勿改动）"
_PROPERTY = "portal_roster_import"
_PROPERTIES = "docProps/custom.xml"
_PROPERTIES_MAX = 64 * 1024
_FILL, _INK = "#FBE3E1", "#A4161A"
_NOTE_MAX = 900


class ColumnsMoved(Exception):
    """The marked file came back with columns put in or taken out before the marks."""


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A row of a marked file that came back: where it was, and its cells by column (1-based)."""

    import_id: int
    sheet: str
    row_no: int
    texts: Mapping[int, str]


def write_marked(book: Workbook, roster_import: RosterImport, rows: Iterable[ImportRow], target: Path) -> int:
    """Write the file with the faulty `rows` marked; returns how many cells are."""
    noted = _notes(rows)
    with xlsxwriter.Workbook(str(target), {"strings_to_formulas": False, "strings_to_urls": False}) as made:
        made.set_custom_property(_PROPERTY, str(roster_import.pk))
        formats = {
            "bad": made.add_format({"bg_color": _FILL, "font_color": _INK, "border": 1, "num_format": "@"}),
            "text": made.add_format({"num_format": "@"}),
            "key": made.add_format({"font_color": "#8A8F8D", "num_format": "@"}),
        }
        for number, sheet in enumerate(book.sheets):
            _write_sheet(made, sheet, f"{roster_import.pk}:{number}", noted[sheet.name], formats)
    return sum(map(len, noted.values()))


def _notes(rows: Iterable[ImportRow]) -> dict[str, dict[str, list[str]]]:
    """Sheet -> cell -> sentences."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        cells = cells_of(row)
        fallback = cells.get("id_number") or next(iter(cells.values()), "A1")
        for problem in problems_of(row):
            if problem.blocks(row.confirmed):
                cell = problem.cell or cells.get(problem.column) or fallback
                found[row.sheet][cell].append(with_advice(sentence_of(problem), problem.code))
    return found


def _write_sheet(
    made: Any, sheet: Sheet, key: str, noted: Mapping[str, Sequence[str]], formats: dict[str, Any]
) -> None:
    page = made.add_worksheet(sheet.name)
    width = max((len(row.texts) for row in sheet.rows), default=0)
    for row in sheet.rows:
        for column, text in enumerate(row.texts):
            page.write_string(row.row_no - 1, column, text, formats["text"])
        page.write_string(row.row_no - 1, width, f"{key}:{row.row_no}", formats["key"])
    _merge(page, sheet, formats["text"])
    by_row = {row.row_no: row.texts for row in sheet.rows}
    for cell, sentences in noted.items():
        row_no, column = _place(cell)
        texts = by_row.get(row_no, ())
        page.write_string(row_no - 1, column - 1, texts[column - 1] if column <= len(texts) else "", formats["bad"])
        page.write_comment(row_no - 1, column - 1, "\n".join(sentences)[:_NOTE_MAX], {"x_scale": 2})
    page.write_string(0, width, KEY_TITLE, formats["key"])
    page.set_column(0, max(width - 1, 0), 14)


def _merge(page: Any, sheet: Sheet, text: Any) -> None:
    first = {row.row_no: row.texts for row in sheet.rows}
    for first_row, first_column, last_row, last_column in sheet.merged:
        texts = first.get(first_row, ())
        said = texts[first_column - 1] if first_column <= len(texts) else ""
        page.merge_range(first_row - 1, first_column - 1, last_row - 1, last_column - 1, said, text)


def _place(cell: str) -> tuple[int, int]:
    """D7 -> (7, 4)."""
    letters = cell.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(cell[len(letters) :]), column


def is_marked(path: Path) -> bool:
    """Whether this is a file made by `write_marked`; a look at one small part, before anything is read.

    A damaged file is none; the reader, which comes next, says what is wrong with it.
    """
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as parts, parts.open(_PROPERTIES) as file:
            return _PROPERTY.encode() in file.read(_PROPERTIES_MAX)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        return False


def returned_rows(book: Workbook) -> Iterator[ReturnedRow]:
    """The rows of a marked file. Raises ColumnsMoved."""
    for sheet in book.sheets:
        column = _key_column(sheet)
        for row in sheet.rows:
            key = row.texts[column].strip() if column is not None and column < len(row.texts) else ""
            parts = key.split(":")
            if len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts):
                texts = dict(enumerate(row.texts[:column], 1))
                yield ReturnedRow(int(parts[0]), sheet.name, int(parts[2]), texts)


def _key_column(sheet: Sheet) -> int | None:
    for row in sheet.rows:
        if KEY_TITLE in row.texts:
            return row.texts.index(KEY_TITLE)
    return None


def changes_in(row: ImportRow, returned: ReturnedRow) -> dict[str, str]:
    """Field -> new text of the cells a person changed. Raises ColumnsMoved."""
    own = {name: cell for name, cell in cells_of(row).items() if cell and _place(cell)[0] == row.row_no}
    before: dict[str, str] = row.raw["texts"]
    found = {name: returned.texts.get(_place(cell)[1], "") for name, cell in own.items()}
    same = sum(found[name] == before.get(name, "") for name in found)
    if len(found) >= 4 and same * 2 < len(found):
        raise ColumnsMoved
    now = {**before, **row.corrections}
    changed = {name: text for name, text in found.items() if text not in (now.get(name, ""), before.get(name, ""))}
    # A place that stands in the row above or in a merged cell is blank in the row's own cell, and was before.
    return {name: text for name, text in changed.items() if text or name not in FILLED_DOWN}
