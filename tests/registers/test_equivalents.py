"""120 m² of a public venue count as one household, four decimals kept, the rest cut off (T-23)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.equivalents import count_tasks, equivalents_of

AREAS = st.decimals(min_value="0.01", max_value="99999999.99", places=2)


@pytest.mark.clause(
    "T-23",
    "供暖面积120平方米折算1户的标准计入任务",
    serves="households.equivalents:equivalents_of",
    page="households:venue-list",
    model="households.PublicVenue",
)
@pytest.mark.parametrize(
    ("area", "m2", "expected"),
    [("120", 120, "1.0000"), ("119.99", 120, "0.9999"), ("1000", 120, "8.3333"), ("360", 100, "3.6000")],
)
def test_an_area_counts_as_households(area: str, m2: int, expected: str) -> None:
    assert str(equivalents_of(Decimal(area), m2)) == expected


def test_households_equivalents_and_their_sum_stay_apart() -> None:
    found = count_tasks(24_961, [Decimal("1000"), Decimal("500.50")])
    assert (found.households, found.venues, found.venue_area_m2) == (24_961, 2, Decimal("1500.50"))
    assert (str(found.equivalents), str(found.total)) == ("12.5041", "24973.5041")


def test_decimals_further_homes_and_whole_households_follow_the_rules() -> None:
    areas = [Decimal("119.99"), Decimal("239.99")]
    found = count_tasks(7, areas, Decimal(120), decimals=2, second_homes=3, second_home=Decimal(1))
    assert (str(found.equivalents), found.second_homes_count, str(found.total), found.whole) == ("2.98", 3, "12.98", 12)
    assert count_tasks(7, areas, second_homes=3).total == Decimal("9.9998")


@given(AREAS)
def test_never_more_than_the_area_is_worth_and_never_a_ten_thousandth_less(area: Decimal) -> None:
    found = equivalents_of(area)
    assert found * 120 <= area < (found + Decimal("0.0001")) * 120


def test_a_divisor_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        equivalents_of(Decimal(100), 0)
