"""Earlier seasons of a heater: offered by their years, shown whole; of a removed heater its last one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from core import clock
from core.seasons import SeasonRule
from devices.models import Heater
from telemetry import charts, days
from telemetry.models import HourlyRollup
from telemetry.partitions import bounds_of
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import detail, words

RULE = SeasonRule.parse("11-01", "03-31")
Day = dt.date


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def test_seasons_end_with_their_last_day_and_the_newest_goes_on() -> None:
    found = days.seasons_of(RULE, Day(2019, 3, 1), Day(2021, 5, 20))
    assert [(one.year, one.first_day, one.last_day) for one in found] == [
        (2020, Day(2020, 11, 1), Day(2021, 5, 20)), (2019, Day(2019, 11, 1), Day(2020, 3, 31)),
        (2018, Day(2018, 11, 1), Day(2019, 3, 31)),
    ]  # fmt: skip
    assert [one.year for one in days.seasons_of(RULE, Day(2020, 4, 1), Day(2020, 11, 1))] == [2020], "came in spring"


def test_a_whole_season_waits_for_every_hour_of_its_last_day() -> None:
    found = {day: days.Day(day, hours=24, minutes_on=0) for day in (Day(2020, 3, 30), Day(2020, 3, 31))}
    past = days.Stretch(Day(2020, 3, 30), Day(2020, 3, 31), 2019)
    band = charts.season_band(found, past, dt.datetime(2021, 1, 18, 4, tzinfo=dt.UTC), heard_before=True)
    assert (band.got, band.wanted) == (48, 48)


def heard_in(season: int) -> Heater:
    """A heater of the last three seasons that was heard on a January day of that one, at 20.4 degrees."""
    heater = bare_heater()
    newest = RULE.latest(clock.today()).year
    Heater.objects.filter(pk=heater.pk).update(installed_on=Day(newest - 2, 10, 1))
    noon = bounds_of(Day(season + 1, 1, 15))[0] + dt.timedelta(hours=12)
    room = {"room_min_dc": 201, "room_avg_dc": 204, "room_max_dc": 209}
    HourlyRollup.objects.create(heater=heater, hour=noon, n=12, minutes_on=45, energy_dkwh=12, **room)
    return heater


@pytest.mark.django_db
def test_an_earlier_season_opens_by_its_year(page: Client) -> None:
    newest = RULE.latest(clock.today()).year
    heater, last = heard_in(newest - 1), newest - 1
    text = page.get(detail(heater), {"period": "season"}).content.decode()
    for year in (newest, last, newest - 2):
        assert f'href="?period=season&amp;season={year}"' in text
    text = page.get(detail(heater), {"season": last}).content.decode()
    asked = f"?period=season&amp;season={last}"
    assert f"{detail(heater, 'heater-series')}{asked}" in text and f"{detail(heater, 'heater-band')}{asked}" in text
    query = {"period": "season", "season": last}
    series = page.get(detail(heater, "heater-series"), query).json()
    room = next(one for one in series["panels"][1]["series"] if one["name"] == "room")
    assert [value for value in room["values"] if value is not None] == [20.4]
    assert (series["times"][0], series["times"][-1]) == ("11-01", "03-31")
    assert "20.4℃" in words(page.get(detail(heater, "heater-table"), query))
    assert "20.4℃" not in words(page.get(detail(heater, "heater-table"), {"period": "season"}))


@pytest.mark.django_db
def test_a_removed_heater_opens_with_its_last_season(page: Client) -> None:
    last = RULE.latest(clock.today()).year - 1
    heater = heard_in(last)
    gone = Day(last + 1, 1, 17)
    Heater.objects.filter(pk=heater.pk).update(removed_on=gone, poll_enabled=False)
    text = words(page.get(detail(heater)))
    assert "never heard" not in text and f"heating season {last}-{last + 1}" in text
    assert "20.4℃" in text, "the last days before it went"
    series = page.get(detail(heater, "heater-series"), {"period": "season"}).json()
    assert series["times"][-1] == "01-17"
