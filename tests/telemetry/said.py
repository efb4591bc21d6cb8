"""Registered heaters without boards, and readings as polls would have left them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from devices.models import Heater
from devices.protocol.profile_files import bundled_profile
from telemetry import poller, services
from telemetry.poller import Outcome, Sample, Unit
from tests.telemetry.plant import register

PROFILE = "linshi-ashp-08"
VILLAGE = "370999001001"
EMPTY: dict[str, Any] = dict.fromkeys(poller.columns())


def bare_heater(unit: int = 1, area: str = VILLAGE, line: str = "dtu:861990000000042") -> Heater:
    """A registered heater without a board behind it."""
    return register(line, unit, PROFILE, area)


def unit_of(heater: Heater, misses: int = 0) -> Unit:
    return Unit(heater.pk, heater.bus.line, heater.unit, bundled_profile(PROFILE), misses)


def sample(heater: Heater, at: dt.datetime, flags: int = 0, **values: Any) -> Sample:
    return Sample(heater.pk, at.timestamp(), EMPTY | values, flags)


def turn(
    units: Sequence[Unit], samples: Sequence[Sample], at: dt.datetime, missed: dict[int, str] | None = None,
    **more: Any,
) -> None:  # fmt: skip
    """Store a turn as the poll task does, in the cycle of that moment; of another shard where it was had already."""
    planned = (services.plan_cycle(area_id="370999", shard=shard, period_s=30, now=at) for shard in (0, *range(2, 9)))
    cycle = next(filter(None, planned))
    services.store_outcome(cycle=cycle, units=units, outcome=Outcome(list(samples), missed or {}, **more), now=at)


def say(heater: Heater, at: dt.datetime, **values: Any) -> None:
    """One reading of one heater, alerts and all."""
    turn([unit_of(heater)], [sample(heater, at, **values)], at)
