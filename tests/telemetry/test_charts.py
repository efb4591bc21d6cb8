"""Charts: gaps stay gaps, states stay apart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from core.seasons import Span
from telemetry import charts, days
from telemetry.models import HourlyRollup, LatestReading
from telemetry.partitions import ensure_partitions
from tests.telemetry.plant import Plant
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import detail, say, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


NOW = dt.datetime(2021, 1, 18, 4, 0, 30, tzinfo=dt.UTC)


def test_a_gap_is_drawn_as_a_gap_and_never_carried_over() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    for minute in [*range(20), *range(25, 60)]:
        for second in (0, 30):
            say(
                heater, NOW - dt.timedelta(minutes=59.9 - minute, seconds=-second), supply_dc=400 + minute, running=True
            )
    drawn = charts.track(heater, charts.SPANS["1h"], NOW, 30)
    values = drawn.values("supply_dc")
    assert values.count(None) in {4, 5, 6}
    first = values.index(None)
    assert all(value is None for value in values[first : first + 4])
    data = charts.chart(heater, drawn, 16.0)
    assert len(data["bands"]) == 1 and data["bands"][0]["from"] == first - 1
    assert data["panels"][0]["series"][0]["values"] == values


def test_one_lost_poll_is_no_gap() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    for step in range(120):
        if step != 60:
            say(heater, NOW - dt.timedelta(seconds=30 * step), supply_dc=400)
    assert charts.gaps(charts.track(heater, charts.SPANS["1h"], NOW, 30)) == []


def test_switched_off_fault_and_silence_are_different_states() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    said = {50: {"running": True, "fault": 0}, 40: {"running": False, "fault": 0}, 30: {"running": True, "fault": 2}}
    for minutes, values in said.items():
        say(heater, NOW - dt.timedelta(minutes=minutes), **values)
    drawn = charts.track(heater, charts.SPANS["1h"], NOW, 30)
    assert charts.band(drawn, heard_before=True).counts == {"none": 4, "heat": 1, "idle": 1, "fault": 1}


def test_polls_before_the_first_answer_were_not_missed() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    for step in range(1, 20):
        say(heater, NOW - dt.timedelta(seconds=30 * step), running=True)
    drawn = charts.track(heater, charts.SPANS["1h"], NOW, 30)
    fresh, old = charts.band(drawn, heard_before=False), charts.band(drawn, heard_before=True)
    assert fresh.wanted == fresh.got and old.wanted == 2 * (len(drawn.buckets) - 1)
    assert fresh.strip[0].state == "before" and old.strip[0].state == "lost"


def test_a_chart_has_at_most_two_thousand_points() -> None:
    heater = bare_heater()
    for code, period in product(["1h", "24h", "7d"], [1, 30, 300, 3600]):
        drawn = charts.track(heater, charts.SPANS[code], NOW, period)
        assert 5 * len(drawn.buckets) <= 2000, (code, period)
        assert drawn.buckets[-1].at <= NOW < drawn.buckets[-1].at + dt.timedelta(seconds=drawn.width_s), (code, period)


def test_a_season_is_a_band_of_days_where_no_data_is_neither_heat_nor_off() -> None:
    first, day = dt.date(2021, 1, 10), dt.timedelta(days=1)
    hours_on = {1: (20, 700), 2: (24, 0), 3: (24, 1440), 5: (12, None), 8: (10, 30)}
    found = {first + n * day: days.Day(first + n * day, hours=h, minutes_on=on) for n, (h, on) in hours_on.items()}
    season = days.Stretch(first, NOW.date(), first.year)
    new, old = (charts.season_band(found, season, NOW, heard_before=heard) for heard in (False, True))
    assert [piece.state for piece in new.pieces] == ["none", "heat", "idle", "heat", "none", "on", "none", "heat"]
    assert new.counts == old.counts == {"none": 3, "heat": 3, "idle": 1, "on": 1}
    assert [piece.state for piece in new.strip] == ["before", "good", "lost", "late", "lost", "late"]
    assert old.strip[0].state == "lost", "heard before the season: silence is silence"
    # Nothing was due before the first word; today's twelve closed hours are all that is due of it.
    assert (new.got, new.wanted, old.wanted) == (90, 20 + 6 * 24 + 12, 8 * 24 + 12)


def test_series_are_json_with_gaps_as_null_and_the_table_has_their_numbers(plant: Plant, page: Client) -> None:
    for code in charts.SPANS:
        data = page.get(detail(plant.heaters[0], "heater-series"), {"period": code}).json()
        for panel in data["panels"]:
            assert all(len(series["values"]) == len(data["times"]) for series in panel["series"])
    assert data["bands"], "a season without hourly rows is one gap"
    latest = LatestReading.objects.get(heater=plant.heaters[0])
    table = words(page.get(detail(plant.heaters[0], "heater-table"), {"period": "1h"}))
    assert f"{latest.room_dc / 10:.1f}℃" in table  # type: ignore[operator]
    band = page.get(detail(plant.heaters[0], "heater-band"), {"period": "season"}).content.decode()
    assert "l-none" in band and "hours heard" not in band, "nothing was due yet"


def test_days_show_ranges_hours_on_and_energy_and_a_day_unheard_stays_empty() -> None:
    heater, today = bare_heater(), timezone.localtime(NOW).replace(minute=0, second=0, microsecond=0)
    usual = {"heater": heater, "n": 12, "minutes_on": 45, "energy_dkwh": 12, "supply_min_dc": 310, "supply_max_dc": 453}
    for hour, room in ((today, 190), (today - dt.timedelta(hours=1), 210), (today - dt.timedelta(days=2), 150)):
        HourlyRollup.objects.create(
            **usual, hour=hour, room_min_dc=room - 5, room_avg_dc=room, room_max_dc=room + 7, supply_avg_dc=400
        )
    span = Span(today.date() - dt.timedelta(days=3), today.date())
    found = days.days_of(heater, span, NOW)
    shown = days.newest_first(found, span)
    assert [(d.room_min_dc, d.room_avg_dc, d.room_max_dc, d.hours_on, d.hours) for d in shown] == [
        (185, 200, 217, Decimal("1.5"), 2), (None, None, None, None, 0), (145, 150, 157, Decimal("0.8"), 1),
        (None, None, None, None, 0),
    ]  # fmt: skip
    assert (days.energy_of(found.values()), days.energy_of([])) == (Decimal("3.6"), None)
