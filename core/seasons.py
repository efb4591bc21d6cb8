"""Heating seasons: a span of days given by month and day, usually across the new year. No Django, no clock.

A season is named by the calendar year of its first day: the season 2021 of Taishan runs from 2021-11-01
to 2022-03-31, both days included (00:00 to 24:00).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

Phase = Literal["BEFORE", "RUNNING", "AFTER"]
_MONTH_DAY = re.compile(r"(\d{1,2})-(\d{1,2})")


class SeasonError(ValueError):
    """A month and day, or a pair of days, that can't be a season."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days from ``first_day`` to ``last_day``, both included."""

    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise SeasonError(f"The span ends on {self.last_day}, before it begins on {self.first_day}.")

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    def overlap(self, other: Span) -> Span | None:
        """The days both have, or None."""
        first, last = max(self.first_day, other.first_day), min(self.last_day, other.last_day)
        return Span(first, last) if first <= last else None


@dataclass(frozen=True, slots=True, order=True)
class Season(Span):
    """One season; ``year`` is the calendar year of its first day."""

    @property
    def year(self) -> int:
        return self.first_day.year

    @property
    def label(self) -> str:
        """``2021-2022``, or ``2021`` for a season inside one calendar year."""
        first, last = self.first_day.year, self.last_day.year
        return str(first) if first == last else f"{first}-{last}"

    def phase(self, day: date) -> Phase:
        """Whether ``day`` is before, in or after this season."""
        if day < self.first_day:
            return "BEFORE"
        return "RUNNING" if day <= self.last_day else "AFTER"

    def days_passed(self, day: date) -> int:
        """Days of the season up to and including ``day``: 0 before it, ``days`` after it."""
        return min(max((day - self.first_day).days + 1, 0), self.days)


@dataclass(frozen=True, slots=True)
class SeasonRule:
    """First and last day of every season as (month, day). ``(2, 29)`` is the last day of any February."""

    start: tuple[int, int]
    end: tuple[int, int]

    def __post_init__(self) -> None:
        for month, day in (self.start, self.end):
            # 2000 is a leap year, so (2, 29) passes.
            if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(2000, month)[1]:
                raise SeasonError(f"{month:02d}-{day:02d} is not a day of the year.")
        if self.start == self.end:
            raise SeasonError(f"The season begins and ends on {self.start[0]:02d}-{self.start[1]:02d}.")

    @classmethod
    def parse(cls, start: str, end: str) -> SeasonRule:
        """From ``"11-01"`` and ``"03-31"``."""
        return cls(_month_day(start), _month_day(end))

    @property
    def crosses_new_year(self) -> bool:
        return self.end < self.start

    def season(self, year: int) -> Season:
        """The season whose first day lies in ``year``."""
        return _season(self, year)

    def season_of(self, day: date) -> Season | None:
        """The season ``day`` lies in; None between two seasons."""
        for year in (day.year - 1, day.year):
            if day in (season := self.season(year)):
                return season
        return None

    def latest(self, day: date) -> Season:
        """The running season, or the last one that has ended."""
        season = self.season(day.year)
        return season if season.first_day <= day else self.season(day.year - 1)

    def first_after(self, day: date) -> Season:
        """The running season, or the next one: what a dwelling accepted on ``day`` counts as its first."""
        return self.season_of(day) or next(
            season for season in map(self.season, (day.year, day.year + 1)) if season.first_day > day
        )

    def number(self, season: Season, *, first: Season) -> int:
        """1 for the first season, 2 for the next …; 0 or less for seasons before the first."""
        return season.year - first.year + 1


@lru_cache(maxsize=1000)
def _season(rule: SeasonRule, year: int) -> Season:
    return Season(_day(year, rule.start), _day(year + rule.crosses_new_year, rule.end))


def months_of(span: Span) -> tuple[Span, ...]:
    """``span`` cut at the ends of calendar months."""
    return _cut(span, lambda day: day.replace(day=calendar.monthrange(day.year, day.month)[1]))


def calendar_years_of(span: Span) -> tuple[Span, ...]:
    """``span`` cut at the ends of calendar years."""
    return _cut(span, lambda day: date(day.year, 12, 31))


def _cut(span: Span, end_of: Callable[[date], date]) -> tuple[Span, ...]:
    parts, first = [], span.first_day
    while first <= span.last_day:
        last = min(end_of(first), span.last_day)
        parts.append(Span(first, last))
        first = last + timedelta(days=1)
    return tuple(parts)


def _month_day(text: str) -> tuple[int, int]:
    match = _MONTH_DAY.fullmatch(text)
    if match is None:
        raise SeasonError(f"“{text[:40]}” is not a month and day; write it like 11-01.")
    return int(match[1]), int(match[2])


def _day(year: int, month_day: tuple[int, int]) -> date:
    month, day = month_day
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
