"""An auditor's reading of a ledger workbook: with another library than the one that wrote it, exact in fen."""

from __future__ import annotations

import io
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from python_calamine import CalamineWorkbook


@dataclass(frozen=True)
class ReadLedger:
    """Numbered rows between the header and the totals as {heading: cell}, and the totals row the same way."""

    rows: list[dict[str, Any]]
    totals: dict[str, Any]

    def sum_fen(self, heading: str) -> int:
        """The column added up here, cell by cell."""
        return sum(fen(row[heading]) for row in self.rows if row[heading] != "")

    def total_fen(self, heading: str) -> int:
        """What the file itself says."""
        return fen(self.totals[heading])


def fen(cell: Any) -> int:
    """A money cell in fen; refuses what is no whole number of fen."""
    value = Decimal(str(cell)) * 100
    assert value == value.to_integral_value(), cell
    return int(value)


def read_ledger(content: bytes, first_heading: str, total_word: str) -> ReadLedger:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    header = next(number for number, row in enumerate(sheet) if row[0] == first_heading)
    body = [
        dict(zip(sheet[header], row, strict=True)) for row in sheet[header + 1 :] if any(cell != "" for cell in row)
    ]
    end = next(number for number, row in enumerate(body) if row[first_heading] == total_word)
    data = [row for row in body[:end] if isinstance(row[first_heading], float)]  # the others are subtotals
    return ReadLedger(data, body[end])
