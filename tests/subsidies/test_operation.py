"""Heaters' counters as readings, and what heaters say about claims: never ran, not claimed, disagree."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from core.refusals import Refused
from devices.models import Heater
from devices.protocol.profile_files import bundled_names
from heating_portal.celery import app
from households.models import Dwelling, MeterReading
from subsidies.models import OperationCheck
from subsidies.reading_tasks import take_counters
from subsidies.services import operation
from subsidies.services.heater_readings import take_from_heaters
from telemetry.models import HourlyRollup
from tests.subsidies.conftest import VILLAGE, Money
from tests.subsidies.test_readings import SEASON, SPRING, TODAY, amounts, entry, home_of, record
from tests.telemetry.plant import register

pytestmark = pytest.mark.django_db
CHINA = dt.timezone(dt.timedelta(hours=8))


def heater_at(home: Dwelling, unit: int = 1) -> Heater:
    heater = register(f"serial:S{home.pk}", unit, bundled_names()[0], VILLAGE)
    Heater.objects.filter(pk=heater.pk).update(dwelling=home)
    heater.refresh_from_db()
    return heater


def says(heater: Heater, day: str, kwh: float, hour: int = 23) -> None:
    """One poll of the heater with its counter."""
    at = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour, 50), CHINA)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telemetry_reading (heater_id, at, energy_dkwh, flags) VALUES (%s, %s, %s, 0)",
            [heater.pk, at, round(kwh * 10)],
        )


def runs(heater: Heater, hours: int, *, minutes: int = 60, dkwh: int = 10, first: int = 0) -> None:
    """So many hourly rows from the season's beginning on."""
    start = dt.datetime.combine(SEASON.first_day, dt.time(), CHINA) + dt.timedelta(hours=first)
    HourlyRollup.objects.bulk_create(
        HourlyRollup(heater=heater, hour=start + dt.timedelta(hours=n), n=12, minutes_on=minutes, energy_dkwh=dkwh,
                     room_avg_dc=205, outdoor_avg_dc=-31)
        for n in range(hours)
    )  # fmt: skip


def take(money: Money) -> Any:
    return take_from_heaters(
        programme=money.programme, area_code=VILLAGE, season=SEASON, by=money.clerk, until=TODAY, now=SPRING
    )


def test_counters_at_the_edges_become_monthly_lines_and_an_amount(money: Money) -> None:
    home = home_of(money)
    heater = heater_at(home)
    for day, kwh in (("2021-10-31", 10), ("2021-11-30", 210), ("2021-12-31", 510), ("2022-01-31", 810),
                     ("2022-02-28", 1_010), ("2022-03-31", 1_010)):  # fmt: skip
        says(heater, day, kwh)
        says(heater, day, kwh - 5, hour=8)
    assert take(money).count("counted") == 5
    assert take(money).rows == []
    rows = MeterReading.objects.order_by("starts_on")
    assert [row.quantity for row in rows] == [200, 300, 300, 200, 0]
    assert (rows[0].starts_on, rows[0].meter_no) == (dt.date(2021, 11, 1), heater.platform_no)
    money.assess(on=TODAY, now=SPRING)
    assert amounts(home) == [("2021-2022", "due", 20_000)]


@pytest.mark.parametrize(("heard", "lines", "first"), [("2021-10-28", 1, "2021-10-29"), ("2021-10-27", 0, "")])
def test_a_counter_up_to_three_days_before_the_edge_keeps_its_own_day(
    money: Money, heard: str, lines: int, first: str
) -> None:
    heater = heater_at(home_of(money))
    says(heater, heard, 10)
    says(heater, "2021-11-30", 210)
    assert len(take(money).rows) == lines
    assert [row.starts_on.isoformat() for row in MeterReading.objects.all()] == ([first] if first else [])


def test_whose_counter_it_is_must_be_plain(money: Money) -> None:
    two, gone = home_of(money), home_of(money)
    heaters = [heater_at(two, 1), heater_at(two, 2), heater_at(gone)]
    Heater.objects.filter(pk=heaters[2].pk).update(removed_on=dt.date(2022, 1, 5))
    for heater in heaters:
        says(heater, "2021-10-31", 10)
        says(heater, "2021-11-30", 20)
    assert take(money).rows == []
    with pytest.raises(Refused, match="SEASON_AHEAD"):
        take_from_heaters(
            programme=money.programme, area_code=VILLAGE, season=SEASON, by=money.clerk, until=dt.date(2021, 11, 29)
        )


def test_a_companys_line_takes_the_place_of_the_counter_and_a_contradiction_is_held(money: Money) -> None:
    home = home_of(money)
    heater = heater_at(home)
    says(heater, "2021-10-31", 0)
    says(heater, "2021-11-30", 200)
    take(money)
    assert record(money, entry(home, "2021-11-01", "2022-03-31", quantity=900)).rows[0].state == "counted"
    assert MeterReading.objects.get(source="telemetry").state == "confirms"
    other = home_of(money)
    heater = heater_at(other)
    says(heater, "2021-10-31", 0)
    says(heater, "2021-11-30", 200)
    take(money)
    assert record(money, entry(other, "2021-11-01", "2021-11-30", quantity=100)).rows[0].state == "held"


def test_every_list_of_the_cross_check(money: Money) -> None:
    wanted = {}
    for name, claimed, hours, minutes, dkwh in (
        ("agree", 3_000, 3_624, 30, 4), ("never_ran", 3_000, 3_624, 0, 0), ("not_claimed", None, 100, 60, 5),
        ("disagree", 300, 3_624, 60, 2), ("no_data", 3_000, 1_811, 0, 0), ("idle", None, 3_624, 0, 0),
    ):  # fmt: skip
        home = home_of(money)
        runs(heater_at(home), hours, minutes=minutes, dkwh=dkwh)
        if claimed:
            record(money, entry(home, "2021-11-01", "2022-03-31", quantity=claimed))
        wanted[home.pk] = name
    counts = operation.check_operation(programme=money.programme, season=SEASON, now=SPRING)
    assert dict(OperationCheck.objects.values_list("dwelling_id", "verdict")) == wanted
    assert counts == dict.fromkeys(wanted.values(), 1)
    one = OperationCheck.objects.get(verdict="agree")
    assert (one.hours_on, one.heater_kwh, one.room_dc, one.outdoor_dc) == (Decimal(1812), Decimal("1449.6"), 205, -31)


def test_hours_outside_the_season_say_nothing_and_a_second_run_renews(money: Money) -> None:
    home = home_of(money)
    heater = heater_at(home)
    runs(heater, 48, first=-48)
    operation.check_operation(programme=money.programme, season=SEASON, now=SPRING)
    assert OperationCheck.objects.get().verdict == "no_data"
    runs(heater, 3_624)
    record(money, entry(home, "2021-11-01", "2022-03-31", quantity=3_400))
    operation.check_operation(programme=money.programme, season=SEASON, now=SPRING)
    row = OperationCheck.objects.get()
    assert (row.verdict, row.claimed, row.hours_known) == ("disagree", 3_400, 3_624)


def test_the_comparison_is_flat_in_queries(money: Money) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            operation.check_operation(programme=money.programme, season=SEASON, now=SPRING)
        return len(seen)

    home_of(money)
    one = asked()
    for _n in range(6):
        home_of(money)
    assert asked() == one


def test_the_command_says_the_same(money: Money) -> None:
    home_of(money)
    out = StringIO()
    call_command("check_operation", programme=money.programme.code, season=2021, json=True, stdout=out)
    assert json.loads(out.getvalue()) == {"season": "2021-2022", "no_data": 1}


@pytest.mark.parametrize(("wanted", "lines"), [(True, 1), (False, 0)])
def test_the_night_takes_counters_where_the_programme_wants_it(money: Money, wanted: bool, lines: int) -> None:
    money.programme.settings = {"metering": {"take_from_heaters": wanted}}
    money.programme.save()
    heater = heater_at(home_of(money))
    says(heater, "2021-10-31", 0)
    says(heater, "2021-11-30", 200)
    with override_settings(PORTAL_TODAY="2021-12-01"):
        assert take_counters() == ({money.programme.code: 1} if wanted else {})
        take_counters()
    assert [row.entered_by for row in MeterReading.objects.all()] == [None] * lines
    assert "subsidies.tasks.take_counters" in {one["task"] for one in app.conf.beat_schedule.values()}
