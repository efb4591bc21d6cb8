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


# What the people do: leave the heater alone; switch it off at night; burn coal from evening to morning and leave the
# heater off; switch it off and sit in the cold; be away.
HABITS = ("steady", "thrifty", "stove", "cold", "vacant")
STOVE_KW = 5.5
NIGHT, STOVE_HOURS = range(22, 29), range(17, 31)  # local hours; past 24 is the next morning


class House:
    """Values as the board would measure them; `advance` moves time on in steps of any length."""

    __slots__ = (
        "_dice", "_was", "energy_kwh", "epoch_s", "fault", "habit", "heat_kw", "heater", "loss_kw_per_k",
        "mass_kwh_per_k", "mode", "outdoor_c", "power_kw", "room_c", "running", "set_room_c", "set_water_c", "shift_k",
    )  # fmt: skip

    def __init__(self, seed: int, kind: str, epoch_s: float, habit: str = "steady") -> None:
        dice = random.Random(seed)  # noqa: S311 - a simulation
        self.heater, self.habit = HEATERS.get(kind, HEATERS["ashp"]), habit
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
        self._dice = seed * 2_654_435_761 % 2**32  # of the sensors' noise: a number, where a generator takes 2.5 KB
        self._was: bool | None = None  # what the habit wanted last: people move the switch, they don't hold it

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
        self._live()
        self.epoch_s += seconds
        demand = self.loss_kw_per_k * (self.set_room_c - self.outdoor_c) + 2.0 * (self.set_room_c - self.room_c)
        heats = self.running and self.mode in ("heat", "auto", "boost", "eco")
        self.heat_kw = max(0.0, min(self.heater.most_kw, demand)) if heats else 0.0
        cop = max(1.0, self.heater.cop_at_zero + self.heater.cop_slope * self.outdoor_c)
        self.power_kw = self.heat_kw / cop + (0.03 if self.running else 0.0)
        gain = self.heat_kw + self._stove_kw() - self.loss_kw_per_k * (self.room_c - self.outdoor_c)
        self.room_c += gain * seconds / HOUR / self.mass_kwh_per_k
        self.energy_kwh += self.power_kw * seconds / HOUR

    def _live(self) -> None:
        """The people's habit moves the switch, once at each change; a command in between holds until the next one."""
        if self.habit == "steady":
            return
        wanted = self.habit == "thrifty" and self._hour() not in NIGHT
        if wanted != self._was:
            self.running = self._was = wanted

    def _stove_kw(self) -> float:
        """Coal burns in the cold hours and is let down when the room is warm."""
        burns = self.habit == "stove" and self._hour() in STOVE_HOURS and self.outdoor_c < 8.0
        return STOVE_KW * max(0.0, min(1.0, (21.0 - self.room_c) / 3.0)) if burns else 0.0

    def _hour(self) -> int:
        """Local hour; the early morning counts on, 24 to 30."""
        hour = int((self.epoch_s + 8 * HOUR) % 86400 // HOUR)
        return hour if hour >= 7 else hour + 24

    def _jitter(self, size: float) -> float:
        """Noise of a sensor: two throws of a dice, so small values are likelier."""
        total = 0.0
        for _ in range(2):
            self._dice = (self._dice * 1_664_525 + 1_013_904_223) % 2**32
            total += self._dice / 2**32 - 0.5
        return 2.0 * size * total

    def readings(self) -> dict[str, int]:
        """Canonical points: tenths, running 0 or 1; mode is kept by name in `mode`."""
        load = self.heat_kw / self.heater.most_kw
        supply = self.room_c + self.heater.supply_rise_k * load
        back = self.room_c + self.heater.supply_rise_k * load * self.heater.return_share
        measured = {
            "supply_t": supply + self._jitter(0.1),
            "return_t": back + self._jitter(0.1),
            "outdoor_t": self.outdoor_c + self._jitter(0.1),
            "room_t": self.room_c + self._jitter(0.05),
            "set_room_t": self.set_room_c,
            "set_water_t": self.set_water_c,
            "energy_kwh": self.energy_kwh,
            "power": self.power_kw,
        }
        tenths = {name: round(10 * value) for name, value in measured.items()}
        return tenths | {"running": int(self.running), "fault": self.fault}
