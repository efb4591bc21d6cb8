"""Tables that are text: CSV, and web pages saved under the name of a spreadsheet. Runs in the reading child.

Both raise OverflowError above ``cell_limit`` cells and ValueError for text that is no table.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import StringIO

#: `="370999..."` is how people keep digits whole in a CSV file that a spreadsheet program opens.
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')
_SPAN_LIMIT = 10_000
_SPACES = re.compile(r"[ \t\r\n\f]+")
_SHEET_NAME = re.compile(r"<x:Name>([^<]{1,60})</x:Name>", re.IGNORECASE)
MergedRange = tuple[int, int, int, int]


def csv_rows(content: str, cell_limit: int) -> Iterator[tuple[int, list[str]]]:
    """Rows by their line of the table (a quoted cell may span several lines of the file)."""
    cells = 0
    delimiter = max(",\t;", key=content[:16_384].count)
    try:
        for row_no, texts in enumerate(csv.reader(StringIO(content, newline=""), delimiter=delimiter), 1):
            cells += len(texts)
            if cells > cell_limit:
                raise OverflowError
            yield row_no, [_unquoted(text) for text in texts]
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _unquoted(text: str) -> str:
    found = _QUOTED_FORMULA.fullmatch(text) if text[:1] == "=" else None
    return found[1] if found else text


@dataclass
class Table:
    """One table of a page; ``merged`` as 1-based first row, first column, last row, last column."""

    name: str
    rows: list[list[str]] = field(default_factory=list)
    merged: list[MergedRange] = field(default_factory=list)
    covered: dict[int, set[int]] = field(default_factory=dict)


def html_tables(content: str, cell_limit: int) -> list[Table]:
    """The tables of a page in reading order; a table without a cell (mere layout) is left out."""
    parser = _Tables(cell_limit)
    parser.feed(content)
    parser.close()
    found = [table for table in parser.tables if any(any(row) for row in table.rows)]
    names = _SHEET_NAME.findall(content[:65_536])
    for number, table in enumerate(found, 1):
        table.name = names[number - 1] if len(names) == len(found) else f"表{number}"
    return found


@dataclass
class _Cell:
    row: list[str]
    place: int
    pieces: list[str] = field(default_factory=list)


class _Tables(HTMLParser):
    """Collects cells; a table inside a cell becomes a table of its own."""

    def __init__(self, cell_limit: int) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self._open: list[Table] = []
        self._cells: list[_Cell | None] = []
        self._left = cell_limit
        self._quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._quiet += 1
        elif tag == "table":
            self._begin()
        elif self._open and tag == "tr":
            self._end_cell()
            self._open[-1].rows.append([])
        elif self._open and tag in ("td", "th"):
            self._begin_cell(dict(attrs))
        elif tag in ("br", "p", "div"):
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._quiet = max(0, self._quiet - 1)
        elif self._open and tag in ("td", "th", "tr"):
            self._end_cell()
        elif self._open and tag == "table":
            self._end_cell()
            self._open.pop()
            self._cells.pop()

    def handle_data(self, data: str) -> None:
        cell = self._cells[-1] if self._cells else None
        if cell is not None and not self._quiet:
            cell.pieces.append(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self.handle_endtag("table")

    def _begin(self) -> None:
        table = Table("")
        self.tables.append(table)
        self._open.append(table)
        self._cells.append(None)
        if len(self._open) > 20:
            raise ValueError("tables within tables")

    def _begin_cell(self, attributes: dict[str, str | None]) -> None:
        self._end_cell()
        table = self._open[-1]
        if not table.rows:
            table.rows.append([])
        row, row_no = table.rows[-1], len(table.rows)
        while len(row) + 1 in table.covered.get(row_no, ()):
            self._pad(row, 1)
        across, down = _span(attributes.get("colspan")), _span(attributes.get("rowspan"))
        column = len(row) + 1
        if across > 1 or down > 1:
            self._merge(table, (row_no, column, row_no + down - 1, column + across - 1))
        self._pad(row, across)
        self._cells[-1] = _Cell(row, column - 1)

    def _merge(self, table: Table, area: MergedRange) -> None:
        top, left, bottom, right = area
        self._left -= (bottom - top) * (right - left + 1)
        self._refuse_excess()
        table.merged.append(area)
        for row_no in range(top + 1, bottom + 1):
            table.covered.setdefault(row_no, set()).update(range(left, right + 1))

    def _pad(self, row: list[str], cells: int) -> None:
        self._left -= cells
        self._refuse_excess()
        row.extend([""] * cells)

    def _refuse_excess(self) -> None:
        if self._left < 0:
            raise OverflowError

    def _end_cell(self) -> None:
        cell = self._cells[-1]
        if cell is not None:
            cell.row[cell.place] = _SPACES.sub(" ", "".join(cell.pieces)).strip()
            self._cells[-1] = None


def _span(text: str | None) -> int:
    digits = (text or "").strip()
    return min(int(digits), _SPAN_LIMIT) if digits.isascii() and digits.isdigit() and digits != "0" else 1
