"""Households that a public venue counts for (T-23): heated area divided by what the rules say, 120 m² by default.

Plain Python without Django. So many decimals are kept as the rules say (Q13; four by default) and the rest is cut off,
as in `subsidies.rules`: 119.999 m² must not become a whole household.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, localcontext

DECIMALS = 4
DEFAULT_M2 = Decimal(120)


def equivalents_of(
    heated_area_m2: Decimal, m2_per_household: Decimal = DEFAULT_M2, decimals: int = DECIMALS
) -> Decimal:
    """Task equivalents of one venue.

    >>> equivalents_of(Decimal("1000"))
    Decimal('8.3333')
    >>> equivalents_of(Decimal("119.99"), decimals=2)
    Decimal('0.99')
    """
    if m2_per_household <= 0:
        raise ValueError(f"m² per household must be positive, got {m2_per_household}")
    with localcontext() as decimal:
        decimal.prec = 40
        return (heated_area_m2 / m2_per_household).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)


@dataclass(frozen=True)
class TaskCount:
    """What counts toward a task: households, their further homes, and venues as equivalents; always shown apart and as
    their sum. `second_homes_count` is what all further homes together count for (Q12; nothing by default)."""

    households: int
    venues: int
    venue_area_m2: Decimal
    equivalents: Decimal
    second_homes: int = 0
    second_homes_count: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return self.households + self.second_homes_count + self.equivalents

    @property
    def whole_venues(self) -> int:
        """The venues' part in whole households."""
        return int(self.equivalents)

    @property
    def whole(self) -> int:
        """Whole households, as reports name them: cut, not rounded."""
        return int(self.total)


def count_tasks(
    households: int, venue_areas: Iterable[Decimal], m2_per_household: Decimal = DEFAULT_M2, *,
    decimals: int = DECIMALS, second_homes: int = 0, second_home: Decimal = Decimal(0),
) -> TaskCount:  # fmt: skip
    """Households and venues together; each venue is cut to its decimals before they are added."""
    areas = list(venue_areas)
    summed = sum((equivalents_of(area, m2_per_household, decimals) for area in areas), Decimal(0).scaleb(-decimals))
    return TaskCount(
        households, len(areas), sum(areas, Decimal("0.00")), summed, second_homes, second_homes * second_home
    )
