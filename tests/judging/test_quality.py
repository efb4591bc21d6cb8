"""Flags that only two polls together can tell. No database."""

from __future__ import annotations

from typing import Any

import pytest

from devices.protocol.points import Quality
from telemetry.judging.quality import Before, Circumstances, flags_of

VALUES = {"supply_dc": 400, "return_dc": 350, "room_dc": 190, "outdoor_dc": -50, "running": True}
AROUND = Circumstances(due_by=2000.0)


def flags(values: dict[str, Any] = VALUES, before: Before | None = None, at: float = 1000.0, **around: Any) -> int:
    return flags_of(at, values, 0, before, Circumstances(**({"due_by": 2000.0} | around)))[0]


@pytest.mark.parametrize("at, wanted", [(2000.0, 0), (2000.1, Quality.LATE)])
def test_after_its_turn_a_reading_is_late(at: float, wanted: int) -> None:
    assert flags(at=at) == wanted


def test_certificate_and_works_are_marked() -> None:
    assert flags(is_certified=False) == Quality.UNCERTIFIED
    assert flags(maintenance=True) == Quality.MAINTENANCE
    assert flags_of(1000.0, VALUES, Quality.PARTIAL, None, Circumstances(2000.0, False))[0] == 16 | 32


@pytest.mark.parametrize(
    "column, change, ago, wanted",
    [
        ("room_dc", 50, 600, 0),
        ("room_dc", 51, 600, Quality.JUMP),
        ("room_dc", -51, 30, Quality.JUMP),
        ("room_dc", 51, 601, 0),
        ("supply_dc", 400, 300, 0),
        ("supply_dc", 401, 300, Quality.JUMP),
        ("outdoor_dc", 81, 300, Quality.JUMP),
    ],
)
def test_a_jump_is_more_than_a_house_can_do(column: str, change: int, ago: float, wanted: int) -> None:
    before = Before(1000.0 - ago, VALUES | {column: VALUES[column] - change}, 0.0)  # type: ignore[operator]
    assert flags(before=before) == wanted


def test_a_value_that_is_missing_has_not_jumped() -> None:
    assert flags(VALUES | {"room_dc": None}, Before(900.0, VALUES, 0.0)) == 0


@pytest.mark.parametrize("since, running, wanted", [(21599, True, 0), (21600, True, Quality.STALE), (99999, False, 0)])
def test_a_running_heater_whose_temperatures_stand_still_is_stale(since: int, running: bool, wanted: int) -> None:
    values = VALUES | {"running": running}
    at = 1_000_000.0
    found, changed = flags_of(at, values, 0, Before(at - 300, values, at - since), Circumstances(at))
    assert (found, changed) == (wanted, at - since)


def test_the_first_change_ends_standing_still() -> None:
    found, changed = flags_of(9e5, VALUES, 0, Before(9e5 - 300, VALUES | {"room_dc": 191}, 0.0), Circumstances(1e6))
    assert (found, changed) == (0, 9e5)
