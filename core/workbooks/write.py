"""Write a ledger workbook: title rows, a header with units, typed columns, totals, a second sheet "query".

Two engines give the same sheet: XlsxWriter, whose totals are formulas with their value stored beside them, and
rustpy-xlsxwriter for large exports (five times quicker), whose totals are values because it stores none beside a
formula: a preview and our own importer then read numbers. What one sheet can't hold goes on the next. No text can be
taken for a formula: every text cell is written as text and carries the sheet's "quote prefix" mark, so its value stays
untouched.

With `group`, rows next to each other that share that column's value end in a subtotal. Subtotals and total are
SUBTOTAL(9, …), which leaves other subtotals out. Large ledgers stay flat and have a third sheet with the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

import xlsxwriter
from rustpy_xlsxwriter import FastExcel, Format

from core.workbooks.batches import Cells, Tally
from core.workbooks.columns import (
    DATE,
    DATETIME,
    DECIMAL,
    INTEGER,
    MAX_TEXT,
    MONEY,
    SUMMABLE,
    TEXT,
    Column,
    Row,
    Value,
    cell_value,
)
from core.workbooks.read import column_letters
from core.workbooks.subtotals import Run

__all__ = [
    "DATE", "DATETIME", "DECIMAL", "INTEGER", "MAX_TEXT", "MONEY", "NUMBER_FORMATS", "TEXT", "Column", "Labels",
    "LedgerWriter", "Row", "Value", "WrittenLedger", "cell_value", "csv_text",
]  # fmt: skip
NUMBER_FORMATS = {
    TEXT: "@",
    INTEGER: "0",
    DECIMAL: "0.00",
    MONEY: "#,##0.00",
    DATE: "yyyy-mm-dd",
    DATETIME: "yyyy-mm-dd hh:mm:ss",
}
MAX_ROWS = 1_048_576
A3, A4, WIDE = 8, 9, 170.0
FOOTER = "&C&P / &N"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Labels:
    """Words of the file that aren't data; the caller passes them in the language of the reader."""

    total: str = "Total"
    query_sheet: str = "query"
    rows: str = "rows"
    sha256: str = "SHA-256 of the rows"
    subtotal: str = "Subtotal"
    totals_sheet: str = "totals"


@dataclass(frozen=True, slots=True)
class WrittenLedger:
    """What was written: data rows, totals by column key (fen for MONEY), hash of the rows' canonical text."""

    path: Path
    rows: int
    totals: dict[str, int | Decimal]
    rows_sha256: str


class LedgerWriter:
    """Writes one ledger to ``path``.

    ``titles`` are full-width rows above the header; ``query`` is what the second sheet states (who, when, scope …; a
    function is asked once the rows are written), to which the number of rows and their hash are added. ``large``
    chooses the quick engine, which spreads the rows ``expected`` over as many sheets as they need. ``group`` is the key
    of the column whose runs get subtotals; ``created`` is the moment the file states as its making.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[Column],
        *,
        titles: Sequence[str],
        query: Mapping[str, str | Callable[[], str]],
        sheet_name: str,
        labels: Labels | None = None,
        large: bool = False,
        group: str = "",
        created: datetime | None = None,
        expected: int = 0,
    ) -> None:
        headings = [column.heading for column in columns]
        if len(set(headings)) != len(headings):
            raise ValueError(f"two columns have the same heading: {headings}")
        unsummable = [column.key for column in columns if column.total and column.kind not in SUMMABLE]
        if unsummable:
            raise ValueError(f"columns without a sum: {unsummable}")
        self.path, self.columns, self.titles, self.query = path, columns, titles, query
        self.sheet_name, self.labels, self.large = sheet_name, labels or Labels(), large
        self.created = created
        summed = any(column.total for column in columns)
        self.group = group if summed and any(column.key == group for column in columns) else ""
        self.room = MAX_ROWS - len(titles) - 2  # head and total
        self.sheets = max(1, -(-expected // self.room)) if large else 1
        self.paper = A3 if sum(column.width for column in columns) > WIDE else A4

    def write(self, rows: Iterable[Row]) -> WrittenLedger:
        """Write every row, the totals and the query sheet; rows are taken some hundred at a time and never kept."""
        tally = Tally(self.columns, self.group)
        (self._write_large if self.large else self._write_with_formulas)(rows, tally)
        return WrittenLedger(self.path, tally.rows, tally.totals, tally.digest.hexdigest())

    def _query_rows(self, tally: Tally) -> Iterator[tuple[str, str]]:
        yield from ((key, said() if callable(said) else said) for key, said in self.query.items())
        yield self.labels.rows, str(tally.rows)
        yield self.labels.sha256, tally.digest.hexdigest()

    # --- XlsxWriter -------------------------------------------------------------------------------------

    def _write_with_formulas(self, rows: Iterable[Row], tally: Tally) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(self.path), options) as book:
            if self.created is not None:
                book.set_properties({"created": self.created.astimezone(UTC).replace(tzinfo=None)})
            sheet = book.add_worksheet(self.sheet_name)
            formats = _xlsxwriter_formats(book)
            self._write_head(sheet, formats)
            self._write_totals(sheet, tally, self._write_rows(sheet, rows, tally, formats), formats)
            query_sheet = book.add_worksheet(self.labels.query_sheet)
            query_sheet.set_column(0, 1, 40)
            for row_no, pair in enumerate(self._query_rows(tally)):
                for position, text in enumerate(pair):
                    query_sheet.write_string(row_no, position, text, formats[TEXT])

    def _write_rows(self, sheet: Any, rows: Iterable[Row], tally: Tally, formats: Mapping[str, Any]) -> int:
        """Rows and subtotals; returns the row (from 0) that comes after the last."""
        at = len(self.titles) + 1
        for batch, ended in tally.batches(rows, self.room):
            for values in batch:
                self._write_cells(sheet, at, values, formats)
                at += 1
            if ended is not None:
                self._write_sums(sheet, at, self._named(ended), ended.totals, at - ended.rows, formats)
                at += 1
        return at

    def _named(self, run: Run) -> str:
        return f"{run.name} {self.labels.subtotal}".strip()

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
        sheet.set_paper(self.paper)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, len(self.titles))
        sheet.hide_gridlines(0)  # shown on the screen and on paper
        sheet.set_footer(FOOTER)

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

    def _write_totals(self, sheet: Any, tally: Tally, at: int, formats: Mapping[str, Any]) -> None:
        if tally.totals:
            self._write_sums(sheet, at, self.labels.total, tally.totals, len(self.titles) + 1, formats)

    def _write_sums(
        self, sheet: Any, at: int, name: str, sums: Mapping[str, Any], first: int, formats: Mapping[str, Any]
    ) -> None:
        """One row of sums in row `at` over the rows from `first`, both counted from 0."""
        if not self.columns[0].total:
            sheet.write_string(at, 0, name, formats["sum name"])
        for position, column in enumerate(self.columns):
            if column.total:
                letters = column_letters(position + 1)
                ranged = f"{letters}{first + 1}:{letters}{max(at, first + 1)}"
                formula = f"=SUBTOTAL(9,{ranged})" if self.group else f"=SUM({ranged})"
                cached = cell_value(column.kind, sums[column.key])
                sheet.write_formula(
                    at, position, formula if at > first else "=0", formats[f"{column.kind} sum"], cached
                )

    # --- rustpy-xlsxwriter ------------------------------------------------------------------------------

    def _write_large(self, rows: Iterable[Row], tally: Tally) -> None:
        head, bold, last = len(self.titles), Format().set_bold(), len(self.columns) - 1
        merges = [(row_no, 0, row_no, last, title, bold) for row_no, title in enumerate(self.titles)] if last else []
        book, sheets = FastExcel(str(self.path)), self._sheet_names()
        cells = chain.from_iterable(batch for batch, _ended in tally.batches(rows, self.room * len(sheets)))
        for name in sheets:
            book.freeze(row=head + 1, col=0, sheet=name).sheet(
                name,
                self._large_rows(islice(cells, self.room), tally, last=name is sheets[-1]),
                header_row=head,
                merge_ranges=merges,
                header_format=bold,
                column_formats={column.heading: _rustpy_format(column.kind) for column in self.columns},
                column_widths={column.heading: column.width for column in self.columns},
                page_setup={
                    "landscape": True, "paper_size": self.paper, "fit_to_pages": (1, 0), "repeat_rows": (0, head),
                    "print_gridlines": True, "footer": FOOTER,
                },
            )  # fmt: skip
        text = _rustpy_format(TEXT)
        query_rows = ({"": key, " ": value} for key, value in self._query_rows(tally))
        book.sheet(self.labels.query_sheet, query_rows, column_formats={"": text, " ": text}, column_width=40.0)
        if self.group:
            self._add_totals_sheet(book, tally)
        book.save()

    def _sheet_names(self) -> list[str]:
        """The ledger's sheet, and as many more as its rows need: a sheet ends after a million."""
        more = (f" {number}" for number in range(2, self.sheets + 1))
        return [self.sheet_name, *(self.sheet_name[: 31 - len(end)] + end for end in more)]

    def _add_totals_sheet(self, book: Any, tally: Tally) -> None:
        """Sums of the groups and of everything, as numbers; asked for when the ledger's sheet is written."""
        group = next(column for column in self.columns if column.key == self.group)
        summed = [column for column in self.columns if column.total]

        def line(name: str, rows: int, sums: Mapping[str, Any]) -> dict[str, Any]:
            cells = {column.heading: cell_value(column.kind, sums[column.key]) for column in summed}
            return {group.heading: name, self.labels.rows: rows, **cells}

        def lines() -> Iterator[dict[str, Any]]:
            yield from (line(run.name, run.rows, run.totals) for run in tally.runs.by_name())
            yield line(self.labels.total, tally.rows, tally.totals)

        kinds = {group.heading: TEXT, self.labels.rows: INTEGER} | {c.heading: c.kind for c in summed}
        formats = {heading: _rustpy_format(kind) for heading, kind in kinds.items()}
        book.sheet(self.labels.totals_sheet, lines(), column_formats=formats, column_width=18.0)

    def _large_rows(self, cells: Iterable[Cells], tally: Tally, *, last: bool) -> Iterator[dict[str, Any]]:
        """One dict for all rows, filled anew: the engine reads a row, by position, before it asks for the next.

        The total of everything stands below the `last` sheet's rows.
        """
        headings = [column.heading for column in self.columns]
        row: dict[str, Any] = dict.fromkeys(headings)
        empty = True
        for values in cells:
            row.update(zip(headings, values, strict=True))
            empty = False
            yield row
        if empty:  # of a sheet without rows the engine would not even write the head
            yield row
        if last and (totals := tally.totals):
            sums = [cell_value(c.kind, totals[c.key]) if c.total else None for c in self.columns]
            if not self.columns[0].total:
                sums[0] = self.labels.total
            yield dict(zip(headings, sums, strict=True))


def csv_text(value: str) -> str:
    """Text for a CSV cell, which has no type: one that begins like a formula gets an apostrophe."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _xlsxwriter_formats(book: Any) -> dict[str, Any]:
    formats = {kind: book.add_format({"num_format": code}) for kind, code in NUMBER_FORMATS.items()}
    formats[TEXT].set_quote_prefix()
    for kind in SUMMABLE:
        formats[f"{kind} sum"] = book.add_format({"num_format": NUMBER_FORMATS[kind], "bold": True, "top": 1})
    formats["sum name"] = book.add_format({"bold": True, "top": 1, "quote_prefix": True})
    formats["head"] = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "quote_prefix": True})
    formats["title"] = book.add_format({"bold": True, "align": "center", "quote_prefix": True})
    return formats


def _rustpy_format(kind: str) -> Any:
    cell_format = Format().set_num_format(NUMBER_FORMATS[kind])
    return cell_format.set_quote_prefix() if kind == TEXT else cell_format
