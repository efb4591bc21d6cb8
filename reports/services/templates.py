"""The county's own workbook, filled by a map of cells kept as data: its title, its columns, its order, its look."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from xlsxwriter.utility import xl_col_to_name

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.files import delete_file, open_file, store_bytes
from core.refusals import Refused
from core.workbooks.read import read_workbook
from core.workbooks.refusals import WorkbookRefused
from core.workbooks.write import NUMBER_FORMATS, TEXT, Column, Value, cell_value
from households.models import Document
from reports.ledgers.base import Extent, Ledger
from reports.models import LedgerTemplate

RIGHT = "programmes.edit"
MAX_BYTES, MAX_ROWS, LOOKED_AT, FEWEST = 2 << 20, 20_000, 30, 2
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_UNIT = re.compile(r"[(（].*?[)）]|[/／].*$|\s+")
_CELL, _COLUMN = re.compile(r"[A-Z]{1,2}[1-9]\d{0,3}"), re.compile(r"[A-Z]{1,2}")


@dataclass(frozen=True)
class Map:
    """Which column of the sheet takes which column of the ledger, from which row on; words for single cells."""

    sheet: str
    first_row: int
    columns: dict[str, str]
    cells: dict[str, str]


def plain(heading: str) -> str:
    """A heading without unit, blanks and width: "应补（元）" and "应 补/元" are both "应补"."""
    return _UNIT.sub("", unicodedata.normalize("NFKC", heading)).strip()


def guessed(sheets: Iterable[Any], columns: Iterable[Column]) -> Map | None:
    """The map by the sheet's own headings: the row on which most of the ledger's titles stand. None below two."""
    known = {plain(column.title): column.key for column in columns}
    best: tuple[int, Map] | None = None
    for sheet in sheets:
        for row in sheet.rows[:LOOKED_AT]:
            found = {
                xl_col_to_name(n - 1): known[plain(text)] for n, text in enumerate(row.texts, 1) if plain(text) in known
            }
            if len(found) >= FEWEST and (best is None or len(found) > best[0]):
                best = len(found), Map(sheet.name, row.row_no + 1, found, {})
    return best[1] if best else None


def read_map(text: str, columns: Iterable[Column]) -> tuple[dict[str, str], dict[str, str]]:
    """Lines "B = head_name" and "A2 = {place}" as (columns, cells). Raises Refused MAP_UNREADABLE with every fault."""
    known, found, cells, faults = {column.key for column in columns}, {}, {}, []
    for number, line in enumerate(text.splitlines(), 1):
        name, _sep, value = (part.strip() for part in line.partition("="))
        if not name and not value:
            continue
        if _COLUMN.fullmatch(name) and value in known:
            found[name] = value
        elif _CELL.fullmatch(name) and value:
            cells[name] = value[:200]
        else:
            faults.append(f"{number}: {line.strip()[:40]}")
    if faults:
        words = _("These lines are no map: %(lines)s. Write “B = %(key)s” or “A2 = {place}”; columns are: %(known)s.")
        raise Refused(
            "MAP_UNREADABLE", words, lines="; ".join(faults[:9]), key=min(known), known=", ".join(sorted(known))
        )
    return found, cells


@transaction.atomic
def add_template(
    *, ledger: Ledger, extent: Extent, name: str, file_name: str, content: bytes, map_text: str = "", by: User
) -> LedgerTemplate:  # fmt: skip
    """Keep a workbook and its map. Raises Refused FILE_…, NO_COLUMNS, MAP_UNREADABLE, NAME_TAKEN."""
    if not by.has_right(RIGHT, extent.area_code):
        raise PermissionDenied(RIGHT)
    columns = ledger.columns(extent)
    found = _mapped(content, columns, map_text)
    if LedgerTemplate.objects.filter(area_id=extent.area_code, kind=ledger.kind, name=name).exists():
        raise Refused("NAME_TAKEN", _("A workbook of this name exists already; choose another name."))
    stored = store_bytes(content)
    try:
        with transaction.atomic(), acting(by, reason=name[:300]):
            paper = Document.objects.create(
                area_id=extent.area_code, kind="ledger_template", file_name=file_name[:200], content_type=XLSX,
                stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
            )  # fmt: skip
            return LedgerTemplate.objects.create(
                area_id=extent.area_code, kind=ledger.kind, name=name, document=paper, sheet=found.sheet,
                first_row=found.first_row, columns=found.columns, cells=found.cells, added_by=by, added_at=clock.now(),
            )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise


def _mapped(content: bytes, columns: list[Column], map_text: str) -> Map:
    if len(content) > MAX_BYTES:
        raise Refused("FILE_TOO_LARGE", _("The workbook is larger than %(mib)d MB."), mib=MAX_BYTES >> 20)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        path.write_bytes(content)
        try:
            sheets = read_workbook(path).sheets
        except WorkbookRefused as error:
            raise Refused(
                "FILE_UNREADABLE", _("The file can't be read as a workbook (%(why)s)."), why=error.code
            ) from error
    given, cells = read_map(map_text, columns)
    found = guessed(sheets, columns)
    if found is None and not given:
        words = _("No row of the workbook holds two of the ledger's headings: %(known)s. Write the map by hand.")
        raise Refused("NO_COLUMNS", words, known="、".join(plain(column.title) for column in columns))
    base = found or Map(sheets[0].name, 2, {}, {})
    return Map(base.sheet, base.first_row, given or base.columns, cells)


def fill(template: LedgerTemplate, ledger: Ledger, extent: Extent, target: Path, words: Mapping[str, str]) -> int:
    """Write the ledger into a copy of the workbook; returns the rows. Raises Refused TOO_MANY_ROWS.

    The first data row lends its look to all; what stands below it (totals, signatures) moves down.
    """
    count = ledger.found(extent).order_by().count()
    if count > MAX_ROWS:
        message = _("%(count)d rows are too many for this workbook (%(most)d). Choose a town, or take our own form.")
        raise Refused("TOO_MANY_ROWS", message, count=count, most=MAX_ROWS)
    import openpyxl  # takes every program's start 0.1 s

    with open_file(template.document.stored_name) as file:
        book = openpyxl.load_workbook(file)
    sheet = book[template.sheet]
    kinds = {column.key: column.kind for column in ledger.columns(extent)}
    looks = {letters: copy(sheet[f"{letters}{template.first_row}"]._style) for letters in template.columns}
    _make_room(sheet, template.first_row, count)
    for number, line in enumerate(ledger.lines(extent)):
        for letters, key in template.columns.items():
            cell = sheet[f"{letters}{template.first_row + number}"]
            cell._style = copy(looks[letters])
            _put(cell, kinds.get(key, TEXT), line.get(key))
    for address, text in template.cells.items():
        _put(sheet[address], TEXT, _said(text, words))
    book.save(target)
    return count


def words_for(extent: Extent, place: str, rows: int) -> dict[str, str]:
    """What `{…}` in a cell may stand for."""
    return {
        "programme": extent.programme.name, "place": place, "rows": str(rows), "year": str(extent.programme.year_from),
        "today": f"{timezone.localtime(clock.now()):%Y-%m-%d}",
    }  # fmt: skip


def _said(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _put(cell: Any, kind: str, value: Value) -> None:
    """A value as the ledger's own workbook has it: text stays text whatever it begins with."""
    shown = cell_value(kind, value)
    if kind == TEXT and shown is not None:
        cell.value, cell.data_type, cell.quotePrefix = shown, "s", True
    else:
        cell.value = shown
    if cell.number_format == "General":
        cell.number_format = NUMBER_FORMATS[kind]


def _make_room(sheet: Any, first: int, count: int) -> None:
    """Move all below the first data row down by the rows that are added, merged cells with them."""
    more, last = max(count, 1) - 1, sheet.max_row
    if not more or last <= first:
        return
    merged = [one for one in sheet.merged_cells.ranges if one.min_row > first]
    for one in merged:
        sheet.merged_cells.remove(one)
    sheet.move_range(f"A{first + 1}:{xl_col_to_name(sheet.max_column - 1)}{last}", rows=more, translate=True)
    for one in merged:
        one.shift(row_shift=more)
        sheet.merged_cells.add(one)
