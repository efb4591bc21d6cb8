"""Columns of a ledger: what kinds of cells there are, and what of a value stands in the sheet and in the hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

TEXT, INTEGER, DECIMAL, MONEY, DATE, DATETIME = "text", "integer", "decimal", "money", "date", "datetime"
SUMMABLE = (INTEGER, DECIMAL, MONEY)
MAX_TEXT = 32_767
_ZONE = ZoneInfo("Asia/Shanghai")
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


def cell_value(kind: str, value: Value) -> Any:
    """Value as a sheet holds it: fen become yuan, aware times become Shanghai wall time."""
    if value is None:
        return None
    if kind == MONEY:
        return Decimal(str(value)) / 100
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(_ZONE).replace(tzinfo=None)
    return str(value) if kind == TEXT else value


def canonical(value: Value) -> str:
    """The text of a value that goes into the hash of the rows."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "" if value is None else str(value)
