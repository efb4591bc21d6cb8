"""Workbooks by XlsxWriter for the messy rosters, and the register of the functions that make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.rosters.formats import Area, Fault, Formula, Page
from tests.rosters.people import cells

FILES: dict[str, Callable[[Path], Any]] = {}
TITLE = ["甲镇清洁取暖改造户花名册"]
SHORT = ("村", "户主姓名", "身份证号", "取暖面积(㎡)", "改造方式", "门牌号")


def roster(suffix: str) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Register the function of one file."""

    def register(made: Callable[[Path], Any]) -> Callable[[Path], Any]:
        FILES[f"{made.__name__}.{suffix}"] = made
        return made

    return register


def write_xlsx(path: Path, pages: Sequence[Page], *, options: dict[str, Any] | None = None) -> Path:
    """A workbook by XlsxWriter; text stays text, a `date` becomes a date cell."""
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, **(options or {})}) as book:
        for page in pages:
            sheet = book.add_worksheet(page.name)
            for area in page.merged:
                _merge(sheet, page, area)
            for row_no, row in enumerate(page.rows):
                for column, value in enumerate(row):
                    write_cell(book, sheet, row_no, column, value)
            if page.hidden:
                sheet.hide()
    return path


def _merge(sheet: Any, page: Page, area: Area) -> None:
    top, left, bottom, right = area
    sheet.merge_range(top - 1, left - 1, bottom - 1, right - 1, page.rows[top - 1][left - 1])


def write_cell(book: Any, sheet: Any, row_no: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Formula):
        sheet.write_formula(row_no, column, value.text, None, "" if value.value is None else value.value)
    elif isinstance(value, Fault):
        sheet.write_formula(row_no, column, "=VLOOKUP(1,A1:A1,1)", None, value.text)
    elif isinstance(value, date):
        sheet.write_datetime(row_no, column, value, book.add_format({"num_format": "yyyy-m-d"}))
    elif isinstance(value, str):
        sheet.write_string(row_no, column, value)
    else:
        sheet.write_number(row_no, column, value)


def rewrite(path: Path, change: Callable[[str, bytes], bytes], **added: bytes) -> None:
    """Change parts of a zip container in place; ``added`` takes names with __ for / and _dot_ for the dot."""
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(part, old.read(part)))
        for part, content in added.items():
            new.writestr(part.replace("__", "/").replace("_dot_", "."), content)


def one_sheet(path: Path, *rows: Sequence[Any], merged: list[Area] | None = None) -> Path:
    return write_xlsx(path, [Page("名单", rows, merged or [])])


def short(n: int, **changes: object) -> list[object]:
    return cells(n, SHORT, **changes)
