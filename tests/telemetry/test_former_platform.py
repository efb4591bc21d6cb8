"""A heater that was taken away, and hours another platform recorded."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from core.refusals import Refused
from devices.models import Heater
from devices.services.heaters import register_heater, register_model, register_supplier, remove_heater, store_profile
from telemetry.models import HourlyRollup
from telemetry.rollups import HourSaid, take_over_hours
from tests import people

pytestmark = pytest.mark.django_db
AT = dt.datetime(2021, 12, 1, 3, tzinfo=dt.UTC)
SAID = HourSaid(AT, 12, 22, 1, 201, -20)


@pytest.fixture
def heater() -> Heater:
    profile = store_profile(name="linshi-ashp-08", by=None)
    maker = register_supplier(code="former", name="示例热泵厂（虚构）", by=None)
    model = register_model(supplier=maker, name="示例热泵", model_no="X1", kind="air_water", by=None, profile=profile)
    return register_heater(
        dwelling=people.dwelling(), device_model=model, factory_no="YX1", line="serial:former", unit=1,
        installed_on=dt.date(2021, 10, 20), by=None,
    )  # fmt: skip


def test_hours_are_kept_once_and_known_ones_stay(heater: Heater) -> None:
    take_over_hours(heater=heater, hours=[SAID])
    take_over_hours(heater=heater, hours=[replace(SAID, minutes_on=60), replace(SAID, hour=AT + dt.timedelta(hours=1))])
    kept = HourlyRollup.objects.filter(heater=heater).order_by("hour")
    assert [(row.hour, row.minutes_on, row.room_avg_dc) for row in kept] == [
        (AT, 22, 201), (AT + dt.timedelta(hours=1), 22, 201),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"minutes_on": 61}, {"minutes_on": -1}, {"energy_dkwh": -1}, {"readings": 0}, {"hour": AT.replace(minute=1)}],
)
def test_an_impossible_hour_keeps_them_all_out(heater: Heater, wrong: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        take_over_hours(heater=heater, hours=[SAID, replace(SAID, **wrong)])  # type: ignore[arg-type]
    assert refused.value.code == "HOUR_IMPOSSIBLE"
    assert not HourlyRollup.objects.filter(heater=heater).exists()


def test_what_is_not_known_stays_unknown_and_the_edges_are_possible(heater: Heater) -> None:
    take_over_hours(heater=heater, hours=[HourSaid(AT, 1, 60, 0, None, None)])
    take_over_hours(heater=heater, hours=[HourSaid(AT + dt.timedelta(hours=1), 1, None, None, None, None)])
    rows = HourlyRollup.objects.filter(heater=heater).order_by("hour")
    assert [(row.minutes_on, row.energy_dkwh, row.room_avg_dc) for row in rows] == [(60, 0, None), (None, None, None)]


def test_a_heater_taken_away_is_polled_no_more_and_frees_its_address(heater: Heater) -> None:
    gone = remove_heater(heater=heater, on=heater.installed_on, by=None)
    assert (gone.removed_on, gone.poll_enabled) == (heater.installed_on, False)
    with pytest.raises(Refused) as refused:
        remove_heater(heater=heater, on=heater.installed_on, by=None)
    assert refused.value.code == "HEATER_REMOVAL"


def test_it_cannot_go_before_it_came(heater: Heater) -> None:
    with pytest.raises(Refused):
        remove_heater(heater=heater, on=heater.installed_on - dt.timedelta(days=1), by=None)
