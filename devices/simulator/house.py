"""A house with a heater: one thermal mass, a heat source, a thermostat. Seeded, no clock of its own."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

HOUR = 3600.0


def outdoor_temp_c(epoch_s: float, shift_k: float = 0.0) -> float:
    """Outdoor temperature of a Shanxi winter: colder in January and before dawn. China time, no weather."""
    local = epoch_s + 8 * HOUR
    day_of_year = (local / 86400) % 365.25
    season = 11.0 - 15.0 * math.cos(2 * math.pi * (day_of_year - 18) / 365.25)
    daily = -4.5 * math.cos(2 * math.pi * ((local % 86400) / 86400 - 14.5 / 24 + 0.5))
    return season + daily + shift_k


@dataclass(frozen=True)
class HeaterKind:
    """What the simulated heater can do: ``most_kw`` of heat, rise of its supply over the room, and efficiency."""

    most_kw: float
    supply_rise_k: float
    return_share: float
    cop_at_zero: float
    cop_slope: float


HEATERS = {
    "ashp": HeaterKind(8.0, 22.0, 0.75, 2.6, 0.06),
    "hot_air": HeaterKind(6.5, 26.0, 0.1, 2.4, 0.05),
    "direct_electric": HeaterKind(6.0, 40.0, 0.05, 1.0, 0.0),
}


class House:
    """Values as the board would measure them; `advance` moves time on in steps of any length."""

    def __init__(self, seed: int, kind: str, epoch_s: float) -> None:
        dice = random.Random(seed)  # noqa: S311 - a simulation
        self.heater = HEATERS.get(kind, HEATERS["ashp"])
        self.loss_kw_per_k = dice.uniform(0.10, 0.20)
        self.mass_kwh_per_k = dice.uniform(2.0, 4.0)
        self.shift_k = dice.gauss(0.0, 0.6)
        self.set_room_c = dice.choice([18.0, 19.0, 20.0, 21.0, 22.0])
        self.set_water_c = dice.choice([40.0, 42.0, 45.0])
        self.running = dice.random() > 0.05
        self.mode = "heat"
        self.fault = 0
        self.energy_kwh = dice.uniform(50.0, 2500.0)
        self.power_kw = 0.0
        self.epoch_s = epoch_s
        self.outdoor_c = outdoor_temp_c(epoch_s, self.shift_k)
        self.room_c = self.set_room_c - dice.uniform(-0.5, 1.5) if self.running else max(self.outdoor_c, 8.0)
        self.heat_kw = 0.0
        self._noise = dice

    def advance(self, epoch_s: float) -> None:
        """Bring the house to a moment; a clock that went backwards is ignored."""
        left = min(epoch_s - self.epoch_s, 24 * HOUR)
        while left > 0:
            step = min(left, 300.0)
            self._step(step)
            left -= step
        self.epoch_s = max(self.epoch_s, epoch_s)

    def _step(self, seconds: float) -> None:
        self.outdoor_c = outdoor_temp_c(self.epoch_s, self.shift_k)
        self.epoch_s += seconds
        demand = self.loss_kw_per_k * (self.set_room_c - self.outdoor_c) + 2.0 * (self.set_room_c - self.room_c)
        heats = self.running and self.mode in ("heat", "auto", "boost", "eco")
        self.heat_kw = max(0.0, min(self.heater.most_kw, demand)) if heats else 0.0
        cop = max(1.0, self.heater.cop_at_zero + self.heater.cop_slope * self.outdoor_c)
        self.power_kw = self.heat_kw / cop + (0.03 if self.running else 0.0)
        gain = self.heat_kw - self.loss_kw_per_k * (self.room_c - self.outdoor_c)
        self.room_c += gain * seconds / HOUR / self.mass_kwh_per_k
        self.energy_kwh += self.power_kw * seconds / HOUR

    def readings(self) -> dict[str, int]:
        """Canonical points: tenths, running 0 or 1; mode is kept by name in `mode`."""
        load = self.heat_kw / self.heater.most_kw
        supply = self.room_c + self.heater.supply_rise_k * load
        back = self.room_c + self.heater.supply_rise_k * load * self.heater.return_share
        measured = {
            "supply_t": supply + self._noise.gauss(0, 0.1),
            "return_t": back + self._noise.gauss(0, 0.1),
            "outdoor_t": self.outdoor_c + self._noise.gauss(0, 0.1),
            "room_t": self.room_c + self._noise.gauss(0, 0.05),
            "set_room_t": self.set_room_c,
            "set_water_t": self.set_water_c,
            "energy_kwh": self.energy_kwh,
            "power": self.power_kw,
        }
        tenths = {name: round(10 * value) for name, value in measured.items()}
        return tenths | {"running": int(self.running), "fault": self.fault}
