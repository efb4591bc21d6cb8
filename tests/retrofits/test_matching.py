"""Which home a photo belongs to: by name, by place, by time; nothing is guessed between two."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrofits.matching import Home, Match, Shot, distance_m, match_shots, stage_of

START = dt.datetime(2021, 9, 17, 8, 0, tzinfo=dt.UTC)
DEGREE_M = 111_195


def home(key: int, north_m: float | None = None, **said: str) -> Home:
    """A home `north_m` metres north of 36 N 117 E."""
    number = f"QJD-03-{key:04d}"
    fields: dict[str, Any] = {"dwelling_no": f"{number}-1", "household_no": number, "head_name": f"张示例{key}"} | said
    return Home(key, **fields, **place(north_m))


def place(north_m: float | None) -> dict[str, Decimal]:
    if north_m is None:
        return {}
    return {"longitude": Decimal(117), "latitude": Decimal(str(round(36 + north_m / DEGREE_M, 6)))}


def shot(key: int, name: str = "IMG.jpg", *, minute: float | None = None, north_m: float | None = None) -> Shot:
    taken = None if minute is None else START + dt.timedelta(minutes=minute)
    return Shot(key, name, taken, **place(north_m))


HOMES = [home(14, 0), home(147, 100), home(15)]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("QJD-03-0014-1 后.jpg", 14), ("qjd-03-0147_2.JPG", 147), ("王工/张示例147-前.jpg", 147), ("0014.jpg", None),
        ("QJD-03-00147.jpg", None), ("微信图片_20210917.jpg", None),
    ],
)  # fmt: skip
def test_a_name_that_says_a_number_or_a_head_finds_the_home(name: str, found: int | None) -> None:
    match = match_shots([shot(1, name)], [home(14), home(147)])[1]
    assert match.home == found and match.how == ("name" if found else "")


def test_a_head_s_name_that_two_homes_bear_is_settled_by_place_or_not_at_all() -> None:
    twins = [home(1, 0, head_name="李样本"), home(2, 500, head_name="李样本")]
    found = match_shots([shot(1, "李样本.jpg"), shot(2, "李样本.jpg", north_m=505)], twins)
    assert found[1] == Match(None, problem="AMBIGUOUS")
    assert (found[2].home, found[2].how, found[2].distance_m) == (2, "place", 5)


@pytest.mark.parametrize(
    ("north_m", "found", "problem"),
    [(10, 14, ""), (96, 147, ""), (50, None, "NOT_FOUND"), (41, None, "NOT_FOUND"), (39, None, "AMBIGUOUS")],
)
def test_a_place_finds_the_home_only_when_the_next_is_twice_as_far(
    north_m: float, found: int | None, problem: str
) -> None:
    homes = [home(14, 0), home(147, 100), *([home(15, 80)] if problem == "AMBIGUOUS" else [])]
    homes = homes if problem != "AMBIGUOUS" else [home(14, 0), home(147, 70)]
    match = match_shots([shot(1, north_m=north_m)], homes)[1]
    assert (match.home, match.problem) == (found, problem)


def test_a_photo_named_after_a_home_but_taken_far_away_is_shown() -> None:
    match = match_shots([shot(1, "QJD-03-0014.jpg", north_m=420)], HOMES)[1]
    assert (match.home, match.how, match.distance_m, match.problem) == (14, "name", 420, "FAR")


def test_between_two_photos_of_one_home_a_nameless_one_is_of_that_home() -> None:
    named = [shot(1, "QJD-03-0014.jpg", minute=0), shot(9, "QJD-03-0014 b.jpg", minute=8)]
    assert match_shots([*named, shot(2, minute=4)], HOMES)[2] == Match(14, "time", None, "")
    other = [named[0], shot(9, "QJD-03-0147.jpg", minute=8)]
    assert match_shots([*other, shot(2, minute=4)], HOMES)[2].home is None
    assert match_shots([named[0], shot(2, minute=2)], HOMES)[2].home == 14
    assert match_shots([named[0], shot(2, minute=4)], HOMES)[2].home is None
    assert match_shots([named[0], shot(2)], HOMES)[2].problem == "NOT_FOUND"


def test_a_photo_taken_far_away_lends_its_home_to_nobody() -> None:
    far = shot(1, "QJD-03-0014.jpg", minute=0, north_m=900)
    assert match_shots([far, shot(2, minute=1)], HOMES)[2].home is None


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("改造后.jpg", "after"), ("14号-前.jpg", "before"), ("during-3.jpg", "during"), ("前旧县村.jpg", "during"),
        ("前旧县村-后.jpg", "after"), ("前-后.jpg", "during"), ("中.jpg", "during"),
    ],
)  # fmt: skip
def test_a_stage_is_read_from_the_name_only_where_it_stands_by_itself(name: str, stage: str) -> None:
    assert stage_of(name, "during") == stage


@given(st.floats(-60, 60), st.floats(0, 0.01))
def test_a_distance_is_the_same_both_ways_and_near_the_truth(latitude: float, step: float) -> None:
    low, high = (Decimal(str(round(value, 6))) for value in (latitude, latitude + step))
    a, b = Shot(1, "", None, Decimal(117), low), Shot(2, "", None, Decimal(117), high)
    metres = distance_m(a, b)
    assert metres is not None and metres == distance_m(b, a)
    assert abs(metres - float(high - low) * DEGREE_M) <= 1
