"""Who is silent: one heater, or the line of several. Which alert speaks for whom, and which ends when."""

from __future__ import annotations

import datetime as dt

import pytest

from telemetry.models import Alert
from tests import people
from tests.telemetry.said import bare_heater, sample, turn, unit_of

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
