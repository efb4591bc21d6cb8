"""Possible return to coal, and looking after people, on houses that cool by the book. No database."""

from __future__ import annotations

from math import exp

import pytest

from telemetry.judging.disuse import (
    LEAST_TAU_H,
    USUAL_TAU_H,
    burns_coal,
    cooling_time_h,
    gave_no_heat,
    sits_in_the_cold,
    spell_of,
)
from telemetry.judging.facts import Hour, Limits

LIMITS = Limits()


def hour(n: int, room: int | None, *, on: int | None = 0, outdoor: int | None = -50, **more: int | None) -> Hour:
    return Hour(3600.0 * n, 12, 12, minutes_on=on, room_dc=room, outdoor_dc=outdoor, **more)  # type: ignore[arg-type]


def night(start: int, hours: int, *, room: int = 200, tau: float = 30.0, outdoor: int = -50) -> list[Hour]:
    """A house that cools without heat."""
    return [hour(start + n, round(outdoor + (room - outdoor) * exp(-n / tau)), outdoor=outdoor) for n in range(hours)]


def heated(start: int, hours: int, room: int = 200) -> list[Hour]:
    return [hour(start + n, room, on=40, energy_dkwh=15) for n in range(hours)]


PAST = [*heated(0, 4), *night(4, 8), *heated(12, 8), *night(20, 8), *heated(28, 4)]


def test_a_house_shows_how_quickly_it_cools() -> None:
    tau, learnt = cooling_time_h(PAST)
    assert learnt and 25 < tau < 35
    assert cooling_time_h(heated(0, 30)) == (USUAL_TAU_H, False)
    quick = [one for n in range(4) for one in night(10 * n, 8, tau=4.0)]
    assert cooling_time_h(quick) == (LEAST_TAU_H, True)


@pytest.mark.parametrize(
    "one, wanted",
    [
        (hour(0, 200), True),
        (hour(0, 200, on=1), False),
        (hour(0, 200, on=60, energy_dkwh=1), True),
        (hour(0, 200, on=60, energy_dkwh=2), False),
        (hour(0, 200, on=None), False),
        (Hour(0.0, 0, 12, minutes_on=0), False),
    ],
)
def test_an_hour_without_heat(one: Hour, wanted: bool) -> None:
    assert gave_no_heat(one) is wanted


def test_a_gap_ends_a_spell() -> None:
    spell = spell_of([*night(0, 5), *night(9, 4)])
    assert spell is not None and spell.hours == 4


def test_warm_without_heat_in_the_cold_may_be_coal_and_the_curve_is_the_evidence() -> None:
    spell = spell_of([*PAST, *[hour(32 + n, 195) for n in range(8)]])
    assert spell is not None and spell.learnt and spell.excess_dc is not None and spell.excess_dc >= 20
    assert burns_coal(spell, LIMITS) is True
    assert sits_in_the_cold(spell, LIMITS) is False


def test_a_house_that_cools_as_it_always_does_burns_nothing_and_is_asked_after() -> None:
    spell = spell_of([*PAST, *night(32, 8)])
    assert burns_coal(spell, LIMITS) is False
    assert sits_in_the_cold(spell, LIMITS) is True


@pytest.mark.parametrize(
    "hours, room, outdoor, wanted",
    [
        (5, 195, -50, None),
        (6, 195, -50, True),
        (6, 195, -1, True),
        (6, 195, 0, None),
        (6, 195, 20, False),
        (9, 140, -50, False),
    ],
)
def test_boundaries_of_coal(hours: int, room: int, outdoor: int, wanted: bool | None) -> None:
    spell = spell_of([*PAST, *[hour(32 + n, 200 if n == 0 else room, outdoor=outdoor) for n in range(hours)]])
    assert spell is not None
    if wanted is True and spell.excess_dc is not None and spell.excess_dc < LIMITS.coal_excess_dc:
        pytest.fail(f"the case is not what it says: {spell}")
    assert burns_coal(spell, LIMITS) is wanted


@pytest.mark.parametrize("room, wanted", [(139, None), (140, True)])
def test_coal_needs_a_room_that_is_warm(room: int, wanted: bool | None) -> None:
    spell = spell_of([hour(n, 160 if n == 0 else room, outdoor=-150) for n in range(12)])
    assert spell is not None and spell.excess_dc is not None and spell.excess_dc >= LIMITS.coal_excess_dc
    assert burns_coal(spell, LIMITS) is wanted


@pytest.mark.parametrize(
    "hours, first, last, outdoor, wanted",
    [
        (5, 150, 130, -50, None),
        (6, 150, 141, -10, None),
        (6, 150, 140, -10, True),
        (6, 141, 139, -10, True),
        (6, 150, 130, 0, None),
        (6, 150, 130, 20, False),
        (23, None, None, -50, None),
        (24, None, None, -50, True),
    ],
)
def test_boundaries_of_looking_after_people(
    hours: int, first: int | None, last: int | None, outdoor: int, wanted: bool | None
) -> None:
    rooms = [first] * (hours - 1) + [last]
    spell = spell_of([hour(n, room, outdoor=outdoor) for n, room in enumerate(rooms)])
    assert sits_in_the_cold(spell, LIMITS) is wanted


def test_a_heater_that_heats_is_neither() -> None:
    assert spell_of(heated(0, 8)) is None
    assert (burns_coal(None, LIMITS), sits_in_the_cold(None, LIMITS)) == (False, False)


def test_nights_with_a_stove_do_not_make_a_house_look_insulated() -> None:
    stove = [hour(40 + n, 200) for n in range(16)]
    tau, learnt = cooling_time_h([*PAST, *heated(36, 4), *stove])
    assert learnt and tau < 35
