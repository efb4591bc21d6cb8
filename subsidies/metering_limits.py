"""What is believable in a programme, as data: `metering` in its settings, with these defaults.

metering:
  electricity_per_day: 150     # kWh a dwelling may use in a day before a person must look
  gas_per_day: 60              # m³
  apart_percent: 2             # how far two sources may lie apart …
  apart_least: 5               # … and by how much at least
  ran_hours: 24                # hours from which a heater has run in a season
  known_percent: 50            # share of the season's hours below which nothing is said of a heater
  over_percent: 5              # how far a heater may read above the home's meter
  share_percent: 20            # below this share of the metered use a claim was hardly for heating
  take_from_heaters: true      # take the counters every night (default: only when asked)
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from programmes.models import Programme
from subsidies.metering.crosscheck import Bounds
from subsidies.metering.lines import Limits

PER_DAY = {"electricity": 150, "gas": 60}


def limits_for(programme: Programme, carrier: str) -> Limits:
    said = _said(programme)
    return Limits(
        per_day=_number(said, f"{carrier}_per_day", PER_DAY[carrier]),
        apart_percent=_number(said, "apart_percent", 2),
        apart_least=_number(said, "apart_least", 5),
    )


def bounds_for(programme: Programme) -> Bounds:
    said, default = _said(programme), Bounds()
    names = ("ran_hours", "known_percent", "over_percent", "share_percent")
    return Bounds(**{name: int(_number(said, name, getattr(default, name))) for name in names})


def takes_from_heaters(programme: Programme) -> bool:
    """Whether counters are taken without anybody asking; raw polls are kept for 45 days only."""
    return _said(programme).get("take_from_heaters") is True


def _said(programme: Programme) -> dict[str, Any]:
    said = programme.settings.get("metering")
    return said if isinstance(said, dict) else {}


def _number(said: dict[str, Any], name: str, default: int) -> Decimal:
    value = said.get(name, default)
    return Decimal(str(value)) if isinstance(value, int | float) and value > 0 else Decimal(default)
