"""Who is silent: one heater, or the line of several. Which alert speaks for whom, and which ends when."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from devices.models import Heater
from telemetry import queries
from telemetry.models import Alert, FoundHole, LatestReading
from telemetry.states import HeaterState, condition_of, state_of
from tests import people
from tests.telemetry.said import bare_heater, sample, turn, unit_of
from tests.telemetry.visiting import sign_in

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2021, 1, 18, 4, tzinfo=dt.UTC)


def at(n: int) -> dt.datetime:
    return NOW + dt.timedelta(seconds=30 * n)


def raised() -> set[tuple[int, str]]:
    return set(Alert.objects.filter(cleared_at__isnull=True).values_list("heater_id", "kind"))


def test_a_whole_bus_behind_a_live_gateway_is_one_alert_and_what_is_left_of_it_one_per_heater() -> None:
    people.programme("370999", poll_period_s=30)
    first, second, third = (bare_heater(unit) for unit in (1, 2, 3))
    alone = bare_heater(line="dtu:861990000000067")
    everybody = (first, second, third, alone)
    for n in range(3):
        units = [unit_of(one, misses=n) for one in everybody]
        turn(units, [], at(n), dict.fromkeys([one.pk for one in everybody], "timeout"))
        assert not raised() or n == 2, "two lost polls are no silence"
    assert raised() == {(first.pk, "line_silent"), (alone.pk, "unit_silent")}
    turn([unit_of(second, misses=3)], [], at(4), {second.pk: "timeout"})  # its probe came in a turn of its own
    assert raised() == {(first.pk, "line_silent"), (alone.pk, "unit_silent")}
    turn([unit_of(second, 4), unit_of(third, 3)], [sample(second, at(6), running=True)], at(6), {third.pk: "timeout"})
    assert raised() == {(alone.pk, "unit_silent"), (third.pk, "unit_silent")}, "the line is back, one heater is not"


def test_a_neighbour_that_lost_one_poll_is_not_a_silent_line() -> None:
    people.programme("370999", poll_period_s=30)
    dead, alive = bare_heater(1), bare_heater(2)
    for n in range(3):
        turn([unit_of(dead, n), unit_of(alive)], [sample(alive, at(n), running=True)], at(n), {dead.pk: "timeout"})
    turn([unit_of(dead, 3), unit_of(alive)], [], at(4), {dead.pk: "timeout", alive.pk: "timeout"})
    assert raised() == {(dead.pk, "unit_silent")}


def state(heater: Heater, n: int) -> HeaterState:
    return state_of(LatestReading.objects.filter(heater=heater).first(), at(n), 30)


def test_a_board_that_answers_only_with_errors_is_neither_silent_nor_off() -> None:
    people.programme("370999", poll_period_s=30)
    refuses, alone = bare_heater(1), bare_heater(line="dtu:861990000000067")
    turn([unit_of(alone)], [sample(alone, at(0), running=False)], at(0))
    for n in range(3):
        missed = {refuses.pk: "refused", alone.pk: "refused"}
        turn([unit_of(refuses, n), unit_of(alone, n)], [], at(n + 1), missed)
    assert raised() == {(refuses.pk, "errors_only"), (alone.pk, "errors_only")}, "no line is called silent either"
    assert {state(refuses, 9), state(alone, 9)} == {HeaterState.ERRORS} and state(alone, 1) == HeaterState.OFF
    named = Heater.objects.filter(condition_of("errors", at(9), {"370999": 30}))
    assert set(named) == {refuses, alone}
    turn([unit_of(alone, 3)], [], at(10), {alone.pk: "timeout"})
    assert state(alone, 10) == HeaterState.SILENT and (alone.pk, "unit_silent") in raised()
    turn([unit_of(alone, 4)], [sample(alone, at(11), running=True)], at(11))
    assert state(alone, 11) == HeaterState.HEATING and raised() == {(refuses.pk, "errors_only")}
    assert set(named.all()) == {refuses}


def test_a_hole_that_one_board_showed_is_read_around_for_all_of_its_profile() -> None:
    people.programme("370999", poll_period_s=30)
    first, second = bare_heater(1), bare_heater(2)
    for heater in (first, second):  # a second board shows the same one later
        turn([unit_of(first), unit_of(second)], [], at(heater.unit), holes={heater.pk: {("h", 104, 104)}})
    assert [(hole.heater_id, str(hole)) for hole in FoundHole.objects.all()] == [(first.pk, "h104-104")]
    units = queries.units_in([first.pk, second.pk])
    assert [unit.profile.limits.holes[-1] for unit in units] == [("h", 104, 104)] * 2
    assert units[0].profile is units[1].profile, "one plan for all of them"
    assert queries.read_profile_of(first.profile_id) is units[0].profile
    FoundHole.objects.create(
        profile_id=first.profile_id, heater=second, table="h", first=112, last=111, found_at=at(3)
    )  # fmt: skip
    page = sign_in(people.user("ops", "370999")).get(reverse("devices:profile-detail", args=[first.profile_id]))
    assert page.context["holes"] == ["h104", "h111|h112"] and "h111|h112" in page.content.decode()
