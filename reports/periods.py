"""Weeks, months, quarters and years of reports, and until when each is due (plain Python, no Django).

Due days are our proposal where no document names one: weekly the next Monday, monthly the 5th, quarterly the 10th of
the next month, annual 31 January (J-71, D-46, L-75 name the rhythm and no day).
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

WEEK, MONTH, QUARTER, YEAR = "week", "month", "quarter", "year"
RHYTHMS = (WEEK, MONTH, QUARTER, YEAR)


@dataclass(frozen=True)
class Period:
    """From `begins` to `ends`, both included; `due` is the last day on which the report is in time."""

    rhythm: str
    begins: date
    ends: date
    due: date

    def may_begin(self, today: date) -> bool:
        """Whether its report can be begun: on its last day at the earliest."""
        return today >= self.ends

    @property
    def name(self) -> str:
        """2021-W47, 2021-11, 2021-Q4 or 2021."""
        if self.rhythm == WEEK:
            year, week, _day = self.begins.isocalendar()
            return f"{year}-W{week:02d}"
        if self.rhythm == MONTH:
            return f"{self.begins:%Y-%m}"
        return f"{self.begins.year}" + (f"-Q{(self.begins.month + 2) // 3}" if self.rhythm == QUARTER else "")


def period_of(rhythm: str, day: date) -> Period:
    """The period in which `day` lies. Raises ValueError for a rhythm that is none.

    >>> period_of("quarter", date(2021, 11, 21)).name
    '2021-Q4'
    """
    if rhythm == WEEK:
        begins = day - timedelta(days=day.weekday())
        return Period(rhythm, begins, begins + timedelta(days=6), begins + timedelta(days=7))
    if rhythm == MONTH:
        ends = date(day.year, day.month, monthrange(day.year, day.month)[1])
        return Period(rhythm, day.replace(day=1), ends, ends + timedelta(days=5))
    if rhythm == QUARTER:
        first = (day.month - 1) // 3 * 3 + 1
        ends = date(day.year, first + 2, monthrange(day.year, first + 2)[1])
        return Period(rhythm, date(day.year, first, 1), ends, ends + timedelta(days=10))
    if rhythm == YEAR:
        ends = date(day.year, 12, 31)
        return Period(rhythm, date(day.year, 1, 1), ends, ends + timedelta(days=31))
    raise ValueError(f"{rhythm!r} is no rhythm; choose one of {', '.join(RHYTHMS)}")


def before(period: Period) -> Period:
    """The period that ended the day before this one began: the one a report is written for."""
    return period_of(period.rhythm, period.begins - timedelta(days=1))


def due_soon(today: date) -> list[Period]:
    """The next report of every rhythm that falls due today or later, the nearest first (requirements §10)."""
    found = []
    for rhythm in RHYTHMS:
        one = before(period_of(rhythm, today))
        found.append(one if one.due >= today else period_of(rhythm, today))
    return sorted(found, key=lambda one: one.due)
