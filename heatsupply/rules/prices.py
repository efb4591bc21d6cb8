"""How the prices of the chain moved: fuel, heat ex works, heat at the home. No Django. Source: Baiyin 2023, B-23."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True)
class Step:
    """The price of a kind from a day on, and its change over the one before (None for the first, or after zero)."""

    kind: str
    valid_from: date
    amount: Decimal
    change: Fraction | None


def steps(records: Iterable[tuple[str, date, Decimal]]) -> list[Step]:
    """Every record with its change, kind by kind, the newest first."""
    found: list[Step] = []
    last: dict[str, Decimal] = {}
    for kind, day, amount in sorted(records, key=lambda one: (one[0], one[1])):
        before = last.get(kind)
        found.append(Step(kind, day, amount, Fraction(amount - before) / Fraction(before) if before else None))
        last[kind] = amount
    return sorted(found, key=lambda one: (one.kind, -one.valid_from.toordinal()))


def is_behind(found: Iterable[Step], fuels: Iterable[str], end: str) -> bool:
    """Whether a fuel became dearer after the last price at the home: the linkage has not been followed yet."""
    lines = list(found)
    end_day = max((one.valid_from for one in lines if one.kind == end), default=None)
    dearer = [one for one in lines if one.kind in set(fuels) and one.change is not None and one.change > 0]
    return end_day is not None and any(one.valid_from > end_day for one in dearer)
