"""Write a ledger workbook: title rows, a header with units, typed columns, totals, a second sheet "query".

Two engines give the same sheet: XlsxWriter, whose totals are formulas with their value stored beside them,
and rustpy-xlsxwriter for large exports (about 7 times quicker), whose totals are values. No text can be taken
for a formula: every text cell is written as text and carries the sheet's "quote prefix" mark, so its value
stays untouched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from rustpy_xlsxwriter import FastExcel, Format

from core.workbooks.read import column_letters

TEXT, INTEGER, DECIMAL, MONEY, DATE, DATETIME = "text", "integer", "decimal", "money", "date", "datetime"
NUMBER_FORMATS = {
    TEXT: "@",
    INTEGER: "0",
    DECIMAL: "0.00",
    MONEY: "#,##0.00",
    DATE: "yyyy-mm-dd",
    DATETIME: "yyyy-mm-dd hh:mm:ss",
}
_SUMMABLE = (INTEGER, DECIMAL, MONEY)
_ZONE = ZoneInfo("Asia/Shanghai")
MAX_TEXT = 32_767
MAX_ROWS = 1_048_576
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Value = str | int | Decimal | date | datetime | None
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``kind`` MONEY takes integer fen and shows yuan; ID numbers and cards are TEXT."""

    key: str
    title: str
    kind: str = TEXT
    unit: str = ""
    width: float = 14.0
    total: bool = False

    @property
    def heading(self) -> str:
        """Title with its unit, as printed."""
        return f"{self.title}({self.unit})" if self.unit else self.title


@dataclass(frozen=True, slots=True)
class Labels:
    """Words of the file that aren't data; the caller passes them in the language of the reader."""

    total: str = "Total"
    query_sheet: str = "query"
    rows: str = "rows"
    sha256: str = "SHA-256 of the rows"


@dataclass(frozen=True, slots=True)
class WrittenLedger:
    """What was written: data rows, totals by column key (fen for MONEY), hash of the rows' canonical text."""

    path: Path
    rows: int
    totals: dict[str, int | Decimal]
    rows_sha256: str


@dataclass(slots=True)
class _Tally:
    """Counts, sums and hashes the rows while they stream past."""

    columns: Sequence[Column]
    rows: int = 0
    totals: dict[str, int | Decimal] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.totals = {column.key: 0 for column in self.columns if column.total}

    def take(self, row: Row, first_row: int) -> list[Any]:
        """Return the row's cell values in column order, converted for a sheet."""
        self.rows += 1
        if first_row + self.rows + 1 > MAX_ROWS:
            raise ValueError(f"a sheet holds {MAX_ROWS} rows; split the ledger, for example by town")
        values = [row.get(column.key) for column in self.columns]
        for column, value in zip(self.columns, values, strict=True):
            if column.total and value is not None:
                self.totals[column.key] += value  # type: ignore[operator]
        self.digest.update(("\x1f".join(map(_canonical, values)) + "\n").encode())
        return [self._cell(column, value) for column, value in zip(self.columns, values, strict=True)]

    def _cell(self, column: Column, value: Value) -> Any:
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ValueError(f"column {column.key}, row {self.rows}: a cell holds {MAX_TEXT} characters")
        return cell_value(column.kind, value)


class LedgerWriter:
    """Writes one ledger to ``path``.

    ``titles`` are full-width rows above the header; ``query`` is what the second sheet states (who, when,
    scope …), to which the number of rows and their hash are added. ``large`` chooses the quick engine.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[Column],
        *,
        titles: Sequence[str],
        query: Mapping[str, str],
        sheet_name: str,
        labels: Labels | None = None,
        large: bool = False,
    ) -> None:
        headings = [column.heading for column in columns]
        if len(set(headings)) != len(headings):
            raise ValueError(f"two columns have the same heading: {headings}")
        unsummable = [column.key for column in columns if column.total and column.kind not in _SUMMABLE]
        if unsummable:
            raise ValueError(f"columns without a sum: {unsummable}")
        self.path, self.columns, self.titles, self.query = path, columns, titles, query
        self.sheet_name, self.labels, self.large = sheet_name, labels or Labels(), large

    def write(self, rows: Iterable[Row]) -> WrittenLedger:
        """Write every row, the totals and the query sheet; rows are taken one by one and never kept."""
        tally = _Tally(self.columns)
        (self._write_large if self.large else self._write_with_formulas)(rows, tally)
        return WrittenLedger(self.path, tally.rows, tally.totals, tally.digest.hexdigest())

    def _query_rows(self, tally: _Tally) -> Iterator[tuple[str, str]]:
        yield from self.query.items()
        yield self.labels.rows, str(tally.rows)
        yield self.labels.sha256, tally.digest.hexdigest()

    # --- XlsxWriter -------------------------------------------------------------------------------------

    def _write_with_formulas(self, rows: Iterable[Row], tally: _Tally) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(self.path), options) as book:
            sheet = book.add_worksheet(self.sheet_name)
            formats = _xlsxwriter_formats(book)
            self._write_head(sheet, formats)
            for row in rows:
                self._write_cells(sheet, len(self.titles) + tally.rows + 1, tally.take(row, len(self.titles)), formats)
            self._write_totals(sheet, tally, formats)
            query_sheet = book.add_worksheet(self.labels.query_sheet)
            query_sheet.set_column(0, 1, 40)
            for row_no, pair in enumerate(self._query_rows(tally)):
                for position, text in enumerate(pair):
                    query_sheet.write_string(row_no, position, text, formats[TEXT])

    def _write_head(self, sheet: Any, formats: Mapping[str, Any]) -> None:
        last = len(self.columns) - 1
        for position, column in enumerate(self.columns):
            sheet.set_column(position, position, column.width)
        for row_no, title in enumerate(self.titles):
            if last:
                sheet.merge_range(row_no, 0, row_no, last, "", formats["title"])
            sheet.write_string(row_no, 0, title, formats["title"])
        for position, column in enumerate(self.columns):
            sheet.write_string(len(self.titles), position, column.heading, formats["head"])
        sheet.freeze_panes(len(self.titles) + 1, 0)

    def _write_cells(self, sheet: Any, row_no: int, values: Sequence[Any], formats: Mapping[str, Any]) -> None:
        for position, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            if value is None:
                continue
            if column.kind == TEXT:
                sheet.write_string(row_no, position, value, formats[TEXT])
            elif column.kind in (DATE, DATETIME):
                sheet.write_datetime(row_no, position, value, formats[column.kind])
            else:
                sheet.write_number(row_no, position, value, formats[column.kind])

    def _write_totals(self, sheet: Any, tally: _Tally, formats: Mapping[str, Any]) -> None:
        if not tally.totals:
            return
        first, row_no = len(self.titles) + 2, len(self.titles) + 1 + tally.rows
        if not self.columns[0].total:
            sheet.write_string(row_no, 0, self.labels.total, formats["head"])
        for position, column in enumerate(self.columns):
            if column.total:
                letters = column_letters(position + 1)
                formula = f"=SUM({letters}{first}:{letters}{max(row_no, first)})" if tally.rows else "=0"
                cached = cell_value(column.kind, tally.totals[column.key])
                sheet.write_formula(row_no, position, formula, formats[column.kind], cached)

    # --- rustpy-xlsxwriter ------------------------------------------------------------------------------

    def _write_large(self, rows: Iterable[Row], tally: _Tally) -> None:
        head, bold, last = len(self.titles), Format().set_bold(), len(self.columns) - 1
        merges = [(row_no, 0, row_no, last, title, bold) for row_no, title in enumerate(self.titles)] if last else []
        book = FastExcel(str(self.path)).freeze(row=head + 1, col=0, sheet=self.sheet_name)
        book.sheet(
            self.sheet_name,
            self._large_rows(rows, tally),
            header_row=head,
            merge_ranges=merges,
            header_format=bold,
            column_formats={column.heading: _rustpy_format(column.kind) for column in self.columns},
            column_widths={column.heading: column.width for column in self.columns},
        )
        text = _rustpy_format(TEXT)
        query_rows = ({"": key, " ": value} for key, value in self._query_rows(tally))
        book.sheet(self.labels.query_sheet, query_rows, column_formats={"": text, " ": text}, column_width=40.0)
        book.save()

    def _large_rows(self, rows: Iterable[Row], tally: _Tally) -> Iterator[dict[str, Any]]:
        headings = [column.heading for column in self.columns]
        for row in rows:
            yield dict(zip(headings, tally.take(row, len(self.titles)), strict=True))
        if not tally.rows:
            yield dict.fromkeys(headings)
        if tally.totals:
            totals = [cell_value(c.kind, tally.totals[c.key]) if c.total else None for c in self.columns]
            if not self.columns[0].total:
                totals[0] = self.labels.total
            yield dict(zip(headings, totals, strict=True))


def cell_value(kind: str, value: Value) -> Any:
    """Value as a sheet holds it: fen become yuan, aware times become Shanghai wall time."""
    if value is None:
        return None
    if kind == MONEY:
        return Decimal(str(value)) / 100
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(_ZONE).replace(tzinfo=None)
    return str(value) if kind == TEXT else value


def csv_text(value: str) -> str:
    """Text for a CSV cell, which has no type: one that begins like a formula gets an apostrophe."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _canonical(value: Value) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "" if value is None else str(value)


def _xlsxwriter_formats(book: Any) -> dict[str, Any]:
    formats = {kind: book.add_format({"num_format": code}) for kind, code in NUMBER_FORMATS.items()}
    formats[TEXT].set_quote_prefix()
    formats["head"] = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "quote_prefix": True})
    formats["title"] = book.add_format({"bold": True, "align": "center", "quote_prefix": True})
    return formats


def _rustpy_format(kind: str) -> Any:
    cell_format = Format().set_num_format(NUMBER_FORMATS[kind])
    return cell_format.set_quote_prefix() if kind == TEXT else cell_format
