"""A ledger as sheets of paper: the rows of the workbook, masked, as far as paper is sensible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils import timezone

from core.money import format_yuan
from core.workbooks.subtotals import Run, Runs
from core.workbooks.write import DATE, DATETIME, MONEY, Column
from reports.ledgers.base import Extent, Ledger

MOST = 1000
NOTHING = ("", "0", "0.00")


@dataclass(frozen=True)
class Line:
    """A row of paper: its cells as text; `sums` for subtotals and the total."""

    cells: list[str]
    sums: bool = False


@dataclass(frozen=True)
class Sheet:
    """`more`: rows that are not printed; with them there is no total, for it would not be the sum of what is seen."""

    ledger: Ledger
    extent: Extent
    columns: Sequence[Column]
    lines: list[Line]
    rows: int
    more: int


def sheet_of(ledger: Ledger, extent: Extent) -> Sheet:
    """At most `MOST` rows with their subtotals; all others leave as a workbook."""
    columns = ledger.columns(extent)
    summed = [column.key for column in columns if column.total]
    group = ledger.group if summed and any(column.key == ledger.group for column in columns) else ""
    runs = Runs(group, summed)
    rows = ledger.found(extent).order_by().count()
    lines = list(_lines(islice(ledger.lines(extent), MOST), columns, runs))
    more = max(0, rows - MOST)
    if lines and summed and not more:
        lines.append(_sums(Run("合计", rows, runs.whole()), columns))
    kept = _told(columns, lines)
    lines = [Line([line.cells[at] for at in kept], line.sums) for line in lines]
    return Sheet(ledger, extent, [columns[at] for at in kept], lines, rows, more)


def _told(columns: Sequence[Column], lines: Sequence[Line]) -> list[int]:
    """Positions of the columns that say something in some row: paper has no room for columns of nothing but zeros."""
    said = [at for at in range(len(columns)) if any(line.cells[at] not in NOTHING for line in lines if not line.sums)]
    return said or list(range(len(columns)))


def _lines(rows: Iterator[Mapping[str, Any]], columns: Sequence[Column], runs: Runs) -> Iterator[Line]:
    for row in rows:
        if (ended := runs.take(row)) is not None:
            yield _sums(Run(f"{ended.name} 小计", ended.rows, ended.totals), columns)
        yield Line([as_text(column.kind, row.get(column.key)) for column in columns])
    if (last := runs.end()) is not None and runs.key:
        yield _sums(Run(f"{last.name} 小计", last.rows, last.totals), columns)


def _sums(run: Run, columns: Sequence[Column]) -> Line:
    cells = [as_text(column.kind, run.totals[column.key]) if column.total else "" for column in columns]
    at = next((n for n, column in enumerate(columns) if n and not column.total), 0)
    cells[at] = run.name
    return Line(cells, sums=True)


def as_text(kind: str, value: Any) -> str:
    """A value as paper shows it: yuan with two decimals, days in figures, nothing where there is nothing."""
    if value is None:
        return ""
    if kind == MONEY:
        return format_yuan(value)
    if kind == DATETIME:
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if kind == DATE:
        return f"{value:%Y-%m-%d}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
