"""Which heating pipes are due for renewal. No Django, no clock. Source: Baiyin 2023, clauses B-14 and B-15."""

from __future__ import annotations

from collections.abc import Iterable

FULL_YEARS = 20
CONDITIONS = ("leaking", "heat_loss", "corroded")


def why_due(
    year_laid: int | None, conditions: Iterable[str], year: int, full_years: int = FULL_YEARS
) -> tuple[str, ...]:
    """Reasons as codes, empty when not due. Laid in 2003 means full 20 years in 2023; 2004 does not. Without a year
    only the condition speaks. A programme may ask for another age (`full_years`).
    """
    known = set(conditions)
    if unknown := known - set(CONDITIONS):
        raise ValueError(f"No such condition of a pipe: {', '.join(sorted(unknown))}.")
    reasons = [f"CONDITION_{one.upper()}" for one in CONDITIONS if one in known]
    if year_laid is not None and year - year_laid >= full_years:
        reasons.insert(0, "AGE")
    return tuple(reasons)


def age_of(year_laid: int | None, year: int) -> int | None:
    return None if year_laid is None else max(0, year - year_laid)
