"""Seasons across the new year, leap days, numbers and phases."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.seasons import Season, SeasonError, SeasonRule, Span, calendar_years_of, months_of

WINTER = SeasonRule.parse("11-01", "03-31")


@pytest.mark.parametrize(("year", "days"), [(2021, 151), (2022, 151), (2023, 152)])
def test_days_know_leap_years(year: int, days: int) -> None:
    assert WINTER.season(year).days == days


@pytest.mark.parametrize(
    ("day", "year"),
    [
        ("2021-10-31", None),
        ("2021-11-01", 2021),
        ("2021-12-31", 2021),
        ("2022-01-01", 2021),
        ("2022-03-31", 2021),
        ("2022-04-01", None),
    ],
)
def test_season_of_a_day_on_either_side_of_its_edges(day: str, year: int | None) -> None:
    season = WINTER.season_of(date.fromisoformat(day))
    assert (season.year if season else None) == year


@pytest.mark.parametrize(
    ("accepted_on", "first"),
    [("2021-10-20", 2021), ("2021-12-24", 2021), ("2022-03-31", 2021), ("2022-04-01", 2022)],
)
def test_first_season_is_the_running_or_next_one(accepted_on: str, first: int) -> None:
    assert WINTER.first_after(date.fromisoformat(accepted_on)).year == first


def test_latest_season_is_running_or_ended() -> None:
    assert WINTER.latest(date(2022, 4, 10)).label == "2021-2022"
    assert WINTER.latest(date(2022, 11, 1)).label == "2022-2023"
    assert WINTER.number(WINTER.season(2023), first=WINTER.season(2021)) == 3


def test_phase_and_days_passed() -> None:
    season = WINTER.season(2021)
    days = [
        season.first_day - timedelta(1),
        season.first_day,
        season.last_day,
        season.last_day + timedelta(1),
    ]
    assert [season.phase(day) for day in days] == ["BEFORE", "RUNNING", "RUNNING", "AFTER"]
    assert [season.days_passed(day) for day in days] == [0, 1, 151, 151]


def test_a_season_may_lie_inside_one_year_or_end_in_february() -> None:
    assert SeasonRule.parse("01-05", "04-15").season(2022).label == "2022"
    last_of_february = SeasonRule.parse("12-01", "02-29")
    assert last_of_february.season(2022).last_day == date(2023, 2, 28)
    assert last_of_february.season(2023).last_day == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("start", "end"), [("11-31", "03-31"), ("13-01", "03-31"), ("11", "03-31"), ("11-01", "11-01")]
)
def test_impossible_seasons_are_refused(start: str, end: str) -> None:
    with pytest.raises(SeasonError):
        SeasonRule.parse(start, end)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 900))
def test_cutting_a_span_loses_no_day(first: date, length: int) -> None:
    span = Span(first, first + timedelta(length))
    for parts in (months_of(span), calendar_years_of(span)):
        assert sum(part.days for part in parts) == span.days
        assert parts[0].first_day == span.first_day
        assert parts[-1].last_day == span.last_day
        assert all(a.last_day + timedelta(1) == b.first_day for a, b in pairwise(parts))


def test_a_span_can_not_end_before_it_begins() -> None:
    with pytest.raises(SeasonError):
        Season(date(2022, 1, 2), date(2022, 1, 1))
