"""Households that a public venue counts for (T-23): heated area divided by what the programme says, 120 m² by default.

Plain Python without Django. Four decimals are kept and the rest is cut off, as in `subsidies.rules`: 119.999 m² must
not become a whole household.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, localcontext

DECIMALS = Decimal("0.0001")
DEFAULT_M2 = 120


def equivalents_of(heated_area_m2: Decimal, m2_per_household: int = DEFAULT_M2) -> Decimal:
    """Task equivalents of one venue, four decimals.

    >>> equivalents_of(Decimal("1000"))
    Decimal('8.3333')
    """
    if m2_per_household <= 0:
        raise ValueError(f"m² per household must be positive, got {m2_per_household}")
    with localcontext() as decimal:
        decimal.prec = 40
        return (heated_area_m2 / m2_per_household).quantize(DECIMALS, ROUND_DOWN)


@dataclass(frozen=True)
class TaskCount:
    """What counts toward a task: households, and venues as equivalents; always shown apart and as their sum."""

    households: int
    venues: int
    venue_area_m2: Decimal
    equivalents: Decimal

    @property
    def total(self) -> Decimal:
        return self.households + self.equivalents


def count_tasks(households: int, venue_areas: Iterable[Decimal], m2_per_household: int = DEFAULT_M2) -> TaskCount:
    """Households and venues together; each venue is cut to four decimals before they are added."""
    areas = list(venue_areas)
    summed = sum((equivalents_of(area, m2_per_household) for area in areas), Decimal("0.0000"))
    return TaskCount(households, len(areas), sum(areas, Decimal("0.00")), summed)
