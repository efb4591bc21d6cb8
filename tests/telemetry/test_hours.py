"""Hourly rows: what they hold, what a counter really added, and what acceptance and subsidies ask of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.db import connection

from devices.models import Heater
from telemetry import alerting, rollups, usage
from telemetry.models import Alert, HourlyRollup, QuietTime
from tests import people
from tests.telemetry.said import bare_heater

pytestmark = pytest.mark.django_db
HOUR = dt.datetime(2021, 1, 18, 3, tzinfo=dt.UTC)
PERIODS = {"370999": 300}


@pytest.fixture
def heater() -> Heater:
    people.programme("370999", poll_period_s=300, room_temp_min_c=16)
    return bare_heater()


def read(heater: Heater, rows: Sequence[tuple[float, int | None]], **more: object) -> None:
    """Readings at minutes after `HOUR` with the counter in tenths of a kilowatt hour."""
    names = ["heater_id", "at", "energy_dkwh", *more]
    values = [(heater.pk, HOUR + dt.timedelta(minutes=m), counter, *more.values()) for m, counter in rows]
    places = ", ".join(["(" + ", ".join(["%s"] * len(names)) + ")"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO telemetry_reading ({', '.join(names)}) VALUES {places}", [v for row in values for v in row]
        )


def roll(hours: int = 1) -> None:
    rollups.roll_up_hours(now=HOUR + dt.timedelta(hours=hours, minutes=5), periods=PERIODS)


@pytest.mark.parametrize(
    "counters, used, breaks",
    [
        ([(0, 1000), (30, 1005), (55, 1010)], 10, 0),
        ([(0, 1000), (30, None), (55, 1010)], 10, 0),
        ([(0, 1000), (30, 1005), (40, 2), (55, 6)], 11, 1),
        ([(0, 1000), (30, 90000), (55, 1010)], None, 2),
        ([(0, 1000), (20, 1100), (40, 1200)], 200, 0),
        ([(0, 1000), (20, 1106), (40, 1200)], 94, 1),
        ([(0, 1000)], None, 0),
        ([(0, None), (30, None)], None, 0),
    ],
)
def test_a_counter_that_begins_anew_or_leaps_adds_no_more_than_is_possible(
    heater: Heater, counters: list[tuple[float, int | None]], used: int | None, breaks: int
) -> None:
    read(heater, counters)
    roll()
    row = HourlyRollup.objects.get()
    assert (row.energy_dkwh, row.counter_breaks) == (used, breaks)


def test_nothing_is_lost_between_two_hours_and_the_first_says_where_it_stood(heater: Heater) -> None:
    read(heater, [(0, 1000), (55, 1010), (65, 1013), (110, 1030)])
    roll(1)
    roll(2)
    rows = list(HourlyRollup.objects.order_by("hour").values_list("energy_dkwh", "energy_last_dkwh", "n", "wanted"))
    assert rows == [(10, 1010, 2, 12), (20, 1030, 2, 12)]


def test_after_a_stop_of_the_workers_no_hour_is_left_out(heater: Heater) -> None:
    read(heater, [(0, 1000), (60, 1010), (120, 1020), (180, 1030), (240, 1040), (300, 1050)])
    roll(1)
    roll(30)
    assert HourlyRollup.objects.count() == 6


def test_last_values_starts_and_flags_of_an_hour(heater: Heater) -> None:
    read(heater, [(0, 1), (20, 1)], running=True, supply_dc=400, room_dc=180, flags=32)
    read(heater, [(10, 1), (30, 1)], running=False, supply_dc=None, room_dc=190, flags=8)
    roll()
    row = HourlyRollup.objects.get()
    assert (row.supply_last_dc, row.room_last_dc, row.room_min_dc, row.room_max_dc) == (400, 190, 180, 190)
    assert (row.starts, row.minutes_on, row.flagged, row.n) == (1, 30, 2, 4)


@pytest.mark.clause(
    "L-76",
    "跟踪监测已投项目的设备运行效果安全状态",
    serves="telemetry.usage:use_between",
    page="telemetry:heater-detail",
    model="telemetry.HourlyRollup",
)
def test_energy_hours_and_completeness_between_two_moments(heater: Heater) -> None:
    never = bare_heater(2)
    read(heater, [(5 * n, 1000 + n) for n in range(12)], running=True, room_dc=200)
    read(heater, [(120 + 5 * n, 1020 + n) for n in range(6)], running=False, room_dc=180)
    roll(3)
    use = usage.use_between([heater.pk, never.pk], HOUR, HOUR + dt.timedelta(hours=4))
    found = use[heater.pk]
    assert (found.energy_kwh, found.hours_run, found.hours_heard) == (Decimal("2.5"), Decimal("1.0"), 2)
    assert (found.got, found.wanted, found.complete_percent) == (18, 48, Decimal("37.5"))
    assert found.room_avg_c == Decimal("19.0")
    silent = use[never.pk]
    assert (silent.energy_kwh, silent.hours_run, silent.got, silent.wanted) == (None, None, 0, 48)


def test_a_day_is_as_complete_as_its_polls(heater: Heater) -> None:
    read(heater, [(5 * n, None) for n in range(144)])
    roll(13)
    day = dt.date(2021, 1, 18)
    days = usage.completeness(heater.pk, day, day + dt.timedelta(days=1))
    assert [(one.day, one.got, one.wanted, one.percent) for one in days] == [
        (day, 144, 288, Decimal("50.0")), (day + dt.timedelta(days=1), 0, 288, Decimal("0.0")),
    ]  # fmt: skip


# --- judged by the hour ---


def hourly(heater: Heater, count: int, last: dt.datetime, **values: object) -> None:
    """Rows of the `count` hours up to and with `last`."""
    usual = {"n": 12, "wanted": 12, "outdoor_avg_dc": -60}
    HourlyRollup.objects.bulk_create(
        [HourlyRollup(heater=heater, hour=last - dt.timedelta(hours=n), **(usual | values)) for n in range(count)]
    )


def judged(last: dt.datetime = HOUR) -> set[tuple[int, str]]:
    alerting.judge_hours(now=last + dt.timedelta(hours=1, minutes=15))
    return set(Alert.objects.filter(cleared_at__isnull=True).values_list("heater_id", "kind"))


@pytest.mark.clause(
    "J-76",
    "防止散煤“复燃”",
    serves="telemetry.alerting:judge_hours",
    page="telemetry:alert-list",
    model="telemetry.Alert",
)
def test_a_room_that_stays_warm_without_the_heater_may_burn_coal(heater: Heater) -> None:
    heats, vacant = bare_heater(2), bare_heater(3)
    for one in (heater, vacant):
        hourly(one, 9, HOUR, minutes_on=0, room_avg_dc=195)
    hourly(heats, 9, HOUR, minutes_on=30, room_avg_dc=195)
    QuietTime.objects.create(area_id=vacant.area_id, heater=vacant, reason="vacant", starts_at=HOUR)
    assert judged() == {(heater.pk, "coal_return")}
    evidence = Alert.objects.get().evidence
    assert (evidence["off_h"], evidence["room_dc"], evidence["outdoor_dc"]) == (9, 195, -60)
    assert evidence["expected_dc"] < 175
    hourly(heater, 1, HOUR + dt.timedelta(hours=1), minutes_on=50, room_avg_dc=195)
    assert judged(HOUR + dt.timedelta(hours=1)) == set()


def test_where_there_is_no_sensor_outdoors_the_village_speaks(heater: Heater) -> None:
    neighbour = bare_heater(2)
    hourly(heater, 9, HOUR, minutes_on=0, room_avg_dc=195, outdoor_avg_dc=None)
    assert judged() == set()
    hourly(neighbour, 10, HOUR + dt.timedelta(hours=1), minutes_on=30, room_avg_dc=195)
    hourly(heater, 1, HOUR + dt.timedelta(hours=1), minutes_on=0, room_avg_dc=195, outdoor_avg_dc=None)
    assert judged(HOUR + dt.timedelta(hours=1)) == {(heater.pk, "coal_return")}


@pytest.mark.clause(
    "J-77",
    "群众不愿用、舍不得用",
    serves="telemetry.alerting:judge_hours",
    page="telemetry:alert-list",
    model="telemetry.Alert",
)
def test_a_cold_room_without_heat_asks_for_a_visit(heater: Heater) -> None:
    hourly(heater, 9, HOUR, minutes_on=0, room_avg_dc=120)
    assert judged() == {(heater.pk, "welfare")}


def test_an_hour_is_judged_once_and_only_when_it_is_settled(heater: Heater) -> None:
    hourly(heater, 1, HOUR, minutes_on=30, n=5)
    at = HOUR + dt.timedelta(hours=1)
    assert alerting.judge_hours(now=at + dt.timedelta(minutes=9)) == 0
    assert alerting.judge_hours(now=at + dt.timedelta(minutes=10)) == 1
    assert alerting.judge_hours(now=at + dt.timedelta(minutes=20)) == 0


def test_poor_data_and_many_starts_are_told_after_the_second_hour(heater: Heater) -> None:
    hourly(heater, 2, HOUR, minutes_on=30, n=12, flagged=6, starts=5)
    assert judged(HOUR - dt.timedelta(hours=1)) == set()
    assert judged() == {(heater.pk, "quality"), (heater.pk, "short_cycling")}


def test_foreign_frames_on_a_line_are_a_second_master(heater: Heater) -> None:
    from telemetry.lines import foreign_since

    counts = [("7", 7), ("9", 9), ("12", 12), ("1", 1)]
    for step, (_name, count) in enumerate(counts):
        at = HOUR + dt.timedelta(minutes=5 * step)
        alerting.judge_lines(foreign=foreign_since({heater.bus.line: count}, at), now=at)
        assert Alert.objects.filter(kind="second_master").exists() is (step == 3), step
