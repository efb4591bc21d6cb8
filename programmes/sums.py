"""Sums of a task table: rows against the subtotals and totals the document prints (plain Python, no Django)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Cell:
    """One number of the table. Empty `area` or `technology` means "all"; units are never added to each other."""

    area: str
    technology: str
    year: int
    unit: str
    quantity: Decimal


@dataclass(frozen=True)
class Mismatch:
    """A stated number that its rows don't add up to."""

    stated: Cell
    found: Decimal


def mismatches(rows: Iterable[Cell], stated: Iterable[Cell]) -> list[Mismatch]:
    """Every stated sum that differs from the rows inside its area, of its technology, year and unit."""
    rows = list(rows)
    return [Mismatch(cell, found) for cell in stated if (found := sum_of(rows, cell)) != cell.quantity]


def sum_of(rows: Iterable[Cell], cell: Cell) -> Decimal:
    """What the rows of one cell add up to."""
    return sum((row.quantity for row in rows if _belongs(row, cell)), Decimal(0))


def _belongs(row: Cell, cell: Cell) -> bool:
    same_route = not cell.technology or row.technology == cell.technology
    return row.area.startswith(cell.area) and same_route and (row.year, row.unit) == (cell.year, cell.unit)
