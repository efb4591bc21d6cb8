"""Growth of the heated area year by year over what was really there. No Django. Source: Baiyin 2023, B-04, B-05."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from heatsupply.rules.indicators import grown, least_area

Reports = Mapping[tuple[int, int], int]
"""(reporter, year) → heated area in m²."""


@dataclass(frozen=True)
class Year:
    """`wanted_m2` is what the growth asks of the year; `growth` is None where somebody's figure is missing.

    `missing` counts reporters with a figure in one of the two years only: a sum over different companies is no growth.
    """

    year: int
    area_m2: int | None
    before_m2: int | None
    wanted_m2: Fraction | None
    growth: Fraction | None
    missing: int

    def is_met(self, least: Fraction) -> bool | None:
        return None if self.growth is None else self.growth >= least


def year_of(reports: Reports, year: int, least: Fraction) -> Year:
    """One year beside the year before, over every reporter of the two."""
    now = {who: area for (who, when), area in reports.items() if when == year}
    before = {who: area for (who, when), area in reports.items() if when == year - 1}
    missing = len(now.keys() ^ before.keys())
    area = sum(now.values()) if now else None
    base = sum(before.values()) if before else None
    growth = grown(base, area) if not missing else None
    return Year(year, area, base, least_area(base, least) if base else None, growth, missing)
