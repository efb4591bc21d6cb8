"""Sums of a task table: rows against the subtotals and totals the document prints (plain Python, no Django)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

CONVERSION = "CONVERSION"


@dataclass(frozen=True)
class Cell:
    """One number of the table. Empty `area`, `technology` or `year` means "all"; a cell without `part` is about the
    rows that belong to no part. Units and measures are never added to each other."""

    area: str
    technology: str
    year: int | None
    unit: str
    quantity: Decimal
    part: str = ""
    measure: str = CONVERSION
    is_open: bool = False


@dataclass(frozen=True)
class Mismatch:
    """A stated number that its rows don't add up to."""

    stated: Cell
    found: Decimal


def mismatches(rows: Iterable[Cell], stated: Iterable[Cell]) -> list[Mismatch]:
    """Every stated sum that differs from the rows inside its area, of its technology, year, part, measure and unit.

    An open sum (its breakdown is not in the document) may be more than its rows, never less.
    """
    rows = list(rows)
    return [Mismatch(cell, found) for cell in stated if _differs(cell, found := sum_of(rows, cell))]


def _differs(stated: Cell, found: Decimal) -> bool:
    return found > stated.quantity if stated.is_open else found != stated.quantity


def sum_of(rows: Iterable[Cell], cell: Cell) -> Decimal:
    """What the rows of one cell add up to."""
    return sum((row.quantity for row in rows if belongs(row, cell)), Decimal(0))


def belongs(row: Cell, cell: Cell) -> bool:
    """Whether a row is one of those that `cell` adds up."""
    same_route = not cell.technology or row.technology == cell.technology
    same_year = cell.year is None or row.year == cell.year
    same_kind = (row.unit, row.measure, row.part) == (cell.unit, cell.measure, cell.part)
    return row.area.startswith(cell.area) and same_route and same_year and same_kind


@dataclass(frozen=True)
class Composed:
    """A printed number and one list of printed numbers that should add up to it."""

    code: str
    members: tuple[str, ...]
    quantity: Decimal
    found: Decimal


def compositions_wrong(
    sums: Mapping[str, Cell], compositions: Iterable[tuple[str, Sequence[str]]]
) -> tuple[list[Composed], list[tuple[str, str]]]:
    """Compositions that don't add up, and (code, member) pairs that are unknown or of another unit or measure."""
    wrong, strange = [], []
    for code, members in compositions:
        whole = sums[code]
        odd = [one for one in members if one not in sums or not _same_kind(sums[one], whole)]
        strange += [(code, one) for one in odd]
        found = sum((sums[one].quantity for one in members if one not in odd), Decimal(0))
        if not odd and found != whole.quantity:
            wrong.append(Composed(code, tuple(members), whole.quantity, found))
    return wrong, strange


def _same_kind(one: Cell, other: Cell) -> bool:
    return (one.unit, one.measure) == (other.unit, other.measure)
