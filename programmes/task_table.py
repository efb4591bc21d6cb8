"""A task table from a sheet (改造任务计划表): rows, subtotals, total, each checked (plain Python, no Django).

Columns are found by their headings and rows by their words, never by position alone: in the printed annex one row
begins a cell too far left or right (A-19). Every problem names its cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

MAX_ROWS, HEADING_ROWS = 5_000, 12
TOWN_WORDS = ("改造主体", "乡镇", "镇（街道）", "镇街", "街道", "乡（镇）")
VILLAGE_WORDS = ("村（社区）", "村(社区)", "村庄", "村", "社区", "行政村")
TOTAL_WORDS = ("改造户数", "户数", "合计", "任务数")
SUBTOTAL, GRAND_TOTAL = ("小计",), ("总计", "合计", "共计")
TOTAL = ""


@dataclass(frozen=True)
class Problem:
    """`code` with the cell it is about and the values the sentence needs."""

    code: str
    cell: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One numbered row: quantities by technology code; TOTAL is the row's own sum."""

    row_no: int
    town: str
    village: str
    quantities: dict[str, Decimal]
    town_cell: str = ""
    village_cell: str = ""


@dataclass
class Table:
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Columns:
    town: int
    village: int
    total: int
    routes: dict[int, str]
    heading_row: int


def read_table(lines: Iterable[tuple[int, Sequence[str]]], routes: Mapping[str, str], towns: Iterable[str]) -> Table:
    """Rows of a sheet given as (row number, cells).

    `routes`: heading word -> technology code. `towns`: names by which a shifted row is known.
    """
    kept = [(number, [cell.strip() for cell in cells]) for number, cells in lines]
    table = Table()
    columns = _columns(kept, routes)
    if columns is None:
        table.problems.append(Problem("NO_HEADINGS", "A1"))
        return table
    if len(kept) > MAX_ROWS:
        table.problems.append(Problem("TOO_MANY_ROWS", f"A{MAX_ROWS}", {"limit": str(MAX_ROWS)}))
        return table
    _Reader(table, columns, frozenset(towns)).read([line for line in kept if line[0] > columns.heading_row])
    return table


def _columns(lines: Sequence[tuple[int, Sequence[str]]], routes: Mapping[str, str]) -> _Columns | None:
    """Town, village and total column, and those of the technologies; headings may stand in two rows."""
    town = village = total = -1
    found: dict[int, str] = {}
    last = 0
    for number, cells in lines[:HEADING_ROWS]:
        for column, word in enumerate(cells):
            if word in TOWN_WORDS:
                town, last = column, number
            elif word in VILLAGE_WORDS:
                village, last = column, number
            elif word.split("（")[0].split("(")[0].strip() in TOTAL_WORDS and total < 0 and town >= 0:
                total, last = column, number
            elif word in routes:
                found[column], last = routes[word], number
    return _Columns(town, village, total, found, last) if min(town, village, total) >= 0 and found else None


@dataclass
class _Reader:
    table: Table
    columns: _Columns
    towns: frozenset[str]
    town: str = ""
    group: list[Row] = field(default_factory=list)

    def read(self, lines: Sequence[tuple[int, Sequence[str]]]) -> None:
        for number, cells in lines:
            words = {word.replace(" ", "") for word in cells[: self.columns.total + 1] if word}
            if words & set(SUBTOTAL):
                self._check(number, cells, [row for row in self.group if row.town == self.town])
                self.group = []
            elif words & set(GRAND_TOTAL):
                self._check(number, cells, self.table.rows)
            elif words and (row := self._row(number, cells)):
                self.table.rows.append(row)
                self.group.append(row)

    def _row(self, number: int, cells: Sequence[str]) -> Row | None:
        shift = self._shift(cells)
        at = self.columns
        self.town = _cell(cells, at.town + shift) or self.town
        village = _cell(cells, at.village + shift)
        if not village and not any(_cell(cells, column + shift) for column in at.routes):
            return None  # a note below the table
        quantities = self._numbers(number, cells, shift)
        stated = quantities.get(TOTAL)
        found = sum((value for code, value in quantities.items() if code != TOTAL), Decimal(0))
        if stated is not None and stated != found:
            self._fault("ROW_SUM", number, at.total + shift, stated, found)
        if not village:
            self._fault("NO_VILLAGE", number, at.village)
        cells_at = (f"{_letters(column + shift + 1)}{number}" for column in (at.town, at.village))
        return Row(number, self.town, village, quantities, *cells_at)

    def _shift(self, cells: Sequence[str]) -> int:
        """1 where the row begins a cell late: its town stands in the village's column."""
        late = _cell(cells, self.columns.village) in self.towns and not _is_number(_cell(cells, self.columns.total))
        return 1 if late else 0

    def _numbers(self, number: int, cells: Sequence[str], shift: int = 0) -> dict[str, Decimal]:
        found = {}
        for column, code in [(self.columns.total, TOTAL), *self.columns.routes.items()]:
            text = _cell(cells, column + shift)
            if text and not _is_number(text):
                place = f"{_letters(column + shift + 1)}{number}"
                self.table.problems.append(Problem("NO_NUMBER", place, {"value": text[:40]}))
            elif text:
                found[code] = Decimal(text.replace(",", ""))
        return found

    def _check(self, number: int, cells: Sequence[str], rows: Sequence[Row]) -> None:
        """The printed sums of a subtotal or total row against its rows; an empty cell stands for no rows there."""
        stated = self._numbers(number, cells)
        for column, code in [(self.columns.total, TOTAL), *self.columns.routes.items()]:
            found = sum((_share(row, code) for row in rows), Decimal(0))
            if stated.get(code, Decimal(0)) != found:
                self._fault("SUM", number, column, stated.get(code), found)

    def _fault(
        self, code: str, number: int, column: int, stated: Decimal | None = None, found: Decimal | None = None
    ) -> None:
        values = {} if found is None else {"stated": "—" if stated is None else f"{stated:f}", "found": f"{found:f}"}
        self.table.problems.append(Problem(code, f"{_letters(column + 1)}{number}", values))


def _share(row: Row, code: str) -> Decimal:
    if code != TOTAL:
        return row.quantities.get(code, Decimal(0))
    return sum((value for key, value in row.quantities.items() if key != TOTAL), Decimal(0))


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if 0 <= column < len(cells) else ""


def _is_number(text: str) -> bool:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return False
    return number.is_finite() and 0 <= number < Decimal(10) ** 12


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
